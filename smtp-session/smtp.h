/* The dialogue of an SMTP session: states, commands, replies. */
#ifndef SMTP_SESSION_SMTP_H
#define SMTP_SESSION_SMTP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "message/buf.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/start.h"
#include "smtp-session/data.h"
#include "smtp-session/deliver.h"
#include "smtp-session/envelope.h"
#include "smtp-session/policy.h"

enum { /* see smtp-session(8), LIMITS */
	SMTP_LINE_MAX = 2048, /* of a command */
	SMTP_COMMAND_SECONDS = 300,
	SMTP_STRESS_SECONDS =
	    10, /* the same when four of five slots are taken */
	SMTP_DATA_SECONDS = 180, /* for a block of content */
	SMTP_SESSION_SECONDS = 1800,
	SMTP_RATE = 500, /* octets a second, the least a client must do ... */
	SMTP_RATE_GRACE = 60, /* ... after so many seconds */
	SMTP_MAILS = 1000, /* transactions of a session */
	SMTP_SLOW_ERRORS = 10, /* from then on each costs a second */
	SMTP_ERRORS = 20,
	SMTP_IDLE = 100, /* NOOP, RSET, VRFY and the like without mail */
	SMTP_MEMORY = 1 << 20, /* octets of content before it goes to disk */
};

enum smtp_state { /* as bits, for the command table */
	S_START = 1, /* not greeted */
	S_READY = 2,
	S_MAIL = 4, /* sender known, no recipient tried */
	S_REFUSED = 8, /* all recipients so far refused */
	S_RCPT = 16, /* at least one taken */
	S_CHUNK = 32, /* between two BDATs of a message */
	S_ANY = S_START | S_READY | S_MAIL | S_REFUSED | S_RCPT | S_CHUNK,
};

/* One reply.  Lines of "text" are divided by LF. */
struct reply {
	unsigned code;
	const char *status; /* RFC 3463; NULL for replies that have none */
	const char *text;
	bool close; /* the last one of this session */
};

struct smtp {
	struct conn conn;
	const struct config *config;
	const struct peer *peer;
	enum smtp_state state;
	struct policy_facts facts;
	bool extended; /* EHLO */
	bool verbose; /* VERB */
	bool stress; /* we are short of processes */
	bool can_tls; /* there is a certificate */
	bool plus; /* logins can be bound to the TLS connection */
	char tls[96]; /* version and cipher; "" in clear */
	char helo[256];
	char user[ADDR_MAX + 1]; /* who has logged in; "" nobody */
	char only[65]; /* the one local part that a local user may send as;
			* "" any */
	bool trusted; /* Unix socket: root, the spool's user, our own uid */
	struct envelope envelope;
	char for_rcpt[ENVELOPE_TEXT]; /* the first recipient taken */
	unsigned rcpts; /* taken */
	unsigned mails, errors, idle, logins;
	char id[SPOOL_ID]; /* of the message */
	struct deliver deliver;
	struct data data;
	int content; /* memfd or file; -1 none yet */
	bool on_disk;
	char line[256]; /* the command as it came, for the log */
	struct reply reply; /* made up by smtp_say */
	struct buf text; /* of it */
	struct buf why; /* for the log line of this reply */
};

/* Serve the client to its end.  "sock" leads to the monitor. */
void smtp_serve(struct smtp *, int sock);

/* Make up a reply. */
const struct reply *smtp_say(struct smtp *, unsigned code, const char *status,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same constant reply with a reason for the log. */
const struct reply *smtp_because(struct smtp *, const struct reply *,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* End the transaction, whatever it was. */
void smtp_reset(struct smtp *);

/* One of our own people: a local program or who has logged in. */
static inline bool
smtp_ours(const struct smtp *s)
{
	return s->facts.peer == POLICY_LOCAL || s->facts.authenticated;
}

/* CLOCK_MONOTONIC in ms. */
int64_t smtp_now(void);

/* The commands of a transaction (mail.c, content.c).  BDAT must swallow its
 * octets also where it may not stand. */
const struct reply *cmd_mail(struct smtp *, struct span arg);
const struct reply *cmd_rcpt(struct smtp *, struct span arg);
const struct reply *cmd_data(struct smtp *, struct span arg);
const struct reply *cmd_no_rcpt(struct smtp *, struct span arg);
const struct reply *cmd_bdat(struct smtp *, struct span arg);
const struct reply *cmd_bdat_early(struct smtp *, struct span arg);
const struct reply *cmd_bdat_no_rcpt(struct smtp *, struct span arg);

/* Are all addresses of the From fields those of who has logged in? (mail.c) */
bool mail_from_ok(struct smtp *);

/* AUTH; may it be used now, and which SASL_* mechanisms? (login.c) */
const struct reply *cmd_auth(struct smtp *, struct span arg);
bool login_possible(const struct smtp *);
unsigned login_offered(const struct smtp *);

/* STARTTLS (starttls.c). */
const struct reply *cmd_starttls(struct smtp *, struct span arg);

/* VRFY, EXPN (ask.c). */
const struct reply *cmd_vrfy(struct smtp *, struct span arg);
const struct reply *cmd_expn(struct smtp *, struct span arg);

#endif
