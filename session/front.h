/* The way from a stranger to a user, for the sessions that serve a mailbox.
 *
 * MAY HOLD ROOT.  The process that the superserver started greets at once,
 * forks the sandboxed parser and becomes its monitor.  The parser reads up to
 * the line that holds the password and not one octet further.  After the
 * right password the monitor kills the parser, drops to the user and executes
 * the program anew: nothing of the login is left in the process that touches
 * the user's mail, and what the client pipelined is still in the socket.
 *
 * With TLS descriptors 0 and 1 are the session's end of tls-relay
 * (session/tls.h), before and after that. */
#ifndef SESSION_FRONT_H
#define SESSION_FRONT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "message/span.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/log.h"

enum {
	FRONT_TRIES = 3,
	FRONT_WORD_MAX = 64,
	FRONT_WORDS = 128, /* of the command line, at most */
	FRONT_SLOT = LOG_FD + 1, /* in the new process: its slot, held open */
	FRONT_KEEP, /* for sandbox_start of the new process */
};

/* Somebody who has not logged in, as the sandboxed parser sees him. */
struct front_stranger {
	struct conn *conn;
	unsigned offered; /* SASL mechanisms (session/sasl.h) that he may use
			   * now; 0: no password may cross this connection */
	bool can_tls; /* front_starttls is possible */
	bool tls; /* the connection is encrypted */
	unsigned per_user; /* the word `connections-per-user` */
	unsigned with_tls; /* what is offered then; front's own */
	int monitor; /* the same */
};

/* Who is served. */
struct front_user {
	char id[16]; /* session */
	const char *ip; /* "" on a pipe */
	const char *name;
	const char *maildir; /* path */
	const char *shared; /* the word `shared-folders`; "" none */
	const char *word; /* see front_login; "" on a pipe */
	uint64_t size; /* octets of a message: the word `size` */
};

struct front {
	const char *program; /* its name */
	const char *usage; /* behind the name, without -c and -S */
	const char *greeting; /* with its line end */
	const char *trouble; /* the same, when nothing can be done */
	const char *busy; /* the same, when there are too many */
	const char *letters; /* getopt(3) options of its own; "" */
	int (*option)(int letter, const char *arg); /* take one: 0 / -1 */
	/* The parser, in its sandbox: until the client has left. */
	void (*serve)(struct front_stranger *);
	/* As the user, not confined yet: exit status for main. */
	int (*user)(const struct front_user *);
};

/* All of main: -c DIR, -S (TLS from the first octet), the program's own
 * options, which the new process gets too; accepted connections, single ones,
 * and those on a pipe, which need no login. */
int front_main(const struct front *, int argc, char **argv);

enum front_verdict {
	FRONT_BAD, /* after the monitor's pause */
	FRONT_TEMP, /* passwords cannot be checked now */
	FRONT_UNKNOWN, /* no such mechanism */
	FRONT_SYNTAX, /* no base64, or not what the mechanism wants */
	FRONT_CANCELLED, /* "*" */
	FRONT_OTHER, /* wants to act for somebody else */
	FRONT_FULL, /* right, but he has as many sessions as he may */
	FRONT_LOST, /* the client left */
};

/* In the parser: is this the password?  What is to be said before goes out
 * first.  Does not return when it is.  "word" (FRONT_WORD_MAX octets at most,
 * printable and no blank) is handed to the new process: IMAP's tag.
 * No more than FRONT_TRIES times. */
enum front_verdict front_login(struct front_stranger *, struct span name,
    struct span password, struct span word);

/* The same by SASL, with challenges as "+ BASE64" (RFC 5034, RFC 9051
 * s. 6.2.2).  "initial": NULL when the command had no response in it. */
enum front_verdict front_sasl(struct front_stranger *, struct span mechanism,
    const struct span *initial, struct span word);

enum front_tls {
	FRONT_TLS_UP, /* what was said before counts no more */
	FRONT_TLS_BEHIND, /* octets stand behind the command: say so, close */
	FRONT_TLS_FAILED, /* close, nothing more may be said */
};

/* In the parser, when can_tls: write "go_on" (with its line end) and have the
 * connection encrypted (RFC 2595 s. 4, RFC 9051 s. 6.2.1). */
enum front_tls front_starttls(struct front_stranger *, const char *go_on);

/* Log the reason fail_text() and write "trouble" to the client: EX_OSERR. */
int front_trouble(const char *event, const char *trouble);

#endif
