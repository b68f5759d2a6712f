/* The way from a stranger to a user, for the sessions that serve a mailbox.
 *
 * MAY HOLD ROOT.  The process that the superserver started greets at once,
 * forks the sandboxed parser and becomes its monitor.  The parser reads up to
 * the line that holds the password and not one octet further.  After the
 * right password the monitor kills the parser, drops to the user and executes
 * the program anew: nothing of the login is left in the process that touches
 * the user's mail, and what the client pipelined is still in the socket. */
#ifndef SESSION_FRONT_H
#define SESSION_FRONT_H

#include <limits.h>
#include <stdbool.h>

#include "message/span.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/log.h"
#include "session/start.h"

enum {
	FRONT_TRIES = 3,
	FRONT_WORD_MAX = 64,
	FRONT_SETTINGS = 128,
	FRONT_SLOT = LOG_FD + 1, /* in the new process: its slot, held open */
	FRONT_KEEP, /* for sandbox_start of the new process */
};

struct front {
	const char *program; /* its name */
	const char *option; /* how it is called then: "-L", perhaps "-tL" */
	const char *const *settings; /* before that: FRONT_SETTINGS words at
				      * most, then NULL; or NULL: none */
	const char *greeting; /* with its line end */
	const char *trouble; /* the same, when nothing can be done */
	const char *busy; /* the same, when there are too many */
	const struct config *config;
	/* The parser, in its sandbox: until the client has left.  "offered"
	 * are SASL mechanisms (session/sasl.h); 0: no password may cross this
	 * connection. */
	void (*serve)(struct conn *, int monitor, unsigned offered);
};

/* Serve one connection, which is descriptors 0 and 1, up to the login: what is
 * left for main is the exit status. */
int front_serve(const struct front *, const struct peer *);

/* Log the reason fail_text() and write "trouble" to the client: EX_OSERR. */
int front_trouble(const char *event, const char *trouble);

enum front_verdict {
	FRONT_BAD, /* after the monitor's pause */
	FRONT_TEMP, /* passwords cannot be checked now */
	FRONT_UNKNOWN, /* no such mechanism */
	FRONT_SYNTAX, /* no base64, or not what the mechanism wants */
	FRONT_CANCELLED, /* "*" */
	FRONT_OTHER, /* wants to act for somebody else */
	FRONT_LOST, /* the client left */
};

/* In the parser: is this the password?  What is to be said before goes out
 * first.  Does not return when it is.  "word" (FRONT_WORD_MAX octets at most,
 * printable and no blank) is handed to the new process: IMAP's tag.
 * No more than FRONT_TRIES times. */
enum front_verdict front_login(struct conn *, int monitor, struct span name,
    struct span password, struct span word);

/* The same by SASL, with challenges as "+ BASE64" (RFC 5034, RFC 9051
 * s. 6.2.2).  "initial": NULL when the command had no response in it. */
enum front_verdict front_sasl(struct conn *, int monitor, struct span mechanism,
    unsigned offered, const struct span *initial, struct span word);

/* What main of the new process finds behind its options. */
struct front_user {
	char id[16]; /* session */
	const char *ip; /* "" on a pipe */
	const char *name;
	const char *maildir; /* path */
	const char *word;
};

/* Take that over: "login" is the argument of -L.  0; -1: not called so. */
int front_user(struct front_user *, const char *program, const char *login,
    char **args);

/* The same for whoever runs us on a pipe, whose home is "home" (his HOME) or,
 * when that is "", what the system says; *path is where u->maildir lies.
 * 0; -1: fail_text(). */
int front_self(struct front_user *, const struct config *, const char *home,
    char path[PATH_MAX]);

#endif
