/* What the files of session/front.h share. */
#ifndef SESSION_FRONT_PARTS_H
#define SESSION_FRONT_PARTS_H

#include <stdbool.h>

#include "session/auth.h"
#include "session/front.h"
#include "session/monitor.h"
#include "session/start.h"
#include "session/tls.h"

enum { /* requests of the parser; 0 is ASK_LOG */
	ASK_LOGIN = 1, /* name NUL password NUL word */
	ASK_FIRST, /* a client's first message of SCRAM; value: -PLUS */
	ASK_FINAL, /* its second */
	ASK_IN, /* word: he is content with the answer to that */
	ASK_TLS, /* descriptor: the client's socket */
};

enum { /* answers; to the right password there is none */
	ANSWER_BAD = 1,
	ANSWER_TEMP,
	ANSWER_TEXT, /* of SCRAM, for the client */
	ANSWER_FULL, /* right, but there are too many of his sessions */
	ANSWER_TLS, /* descriptor: in its place; value: -PLUS is possible */
};

/* How this process was called. */
struct front_call {
	const struct front *front;
	const struct config *config;
	bool tls; /* -S */
	char **words; /* of the command line, behind the program's name */
	int n; /* of them */
};

/* The monitor's. */
struct entry {
	const struct front_call *call;
	const struct peer *peer;
	struct auth_scram scram;
	struct scram_binding binding;
	char tls[TLS_TEXT]; /* "" none */
	struct user user; /* who has logged in */
	char word[FRONT_WORD_MAX + 1];
	bool proven; /* by SCRAM */
	bool in;
};

extern const struct right front_rights[MONITOR_KINDS];

/* Serve one connection, which is descriptors 0 and 1, up to the login: what is
 * left for main is the exit status. */
int front_serve(const struct front_call *, const struct peer *);

/* Have "sock" encrypted, and let descriptors 0 and 1 be the new one.
 * 0; -1: it is logged why not. */
int front_encrypt(struct entry *, int sock);

/* Is there room for one more session of the user who has logged in? */
bool front_room(const struct entry *);

/* Where the Maildir of that home is.  0; -1: fail_text(). */
int front_maildir(const struct config *, const char *home, char path[PATH_MAX]);

#endif
