/* The dialogue of an SMTP session: states, commands, replies. */
#ifndef SMTP_SESSION_SMTP_H
#define SMTP_SESSION_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/start.h"
#include "smtp-session/data.h"
#include "smtp-session/deliver.h"
#include "smtp-session/envelope.h"
#include "smtp-session/limits.h"
#include "smtp-session/policy.h"
#include "smtp-session/reply.h"
#include "smtp-session/stow.h"

enum smtp_state { /* as bits, for the command table */
	S_START = 1, /* not greeted */
	S_READY = 2,
	S_MAIL = 4, /* sender known, no recipient tried */
	S_REFUSED = 8, /* all recipients so far refused */
	S_RCPT = 16, /* at least one taken */
	S_CHUNK = 32, /* between two BDATs of a message */
	S_TURNED = 64, /* not served: only QUIT exists */
	S_ANY = S_START | S_READY | S_MAIL | S_REFUSED | S_RCPT | S_CHUNK,
};

struct smtp {
	struct conn conn;
	const struct config *config;
	const struct peer *peer;
	int in, out; /* the client as he came */
	enum smtp_state state;
	struct policy_facts facts;
	bool extended; /* EHLO */
	bool verbose; /* VERB */
	bool stress; /* we are short of processes */
	bool can_tls; /* there is a certificate */
	bool tls_broken; /* but it cannot be used */
	uint64_t room; /* octets free in the spool when the client came */
	bool turned; /* the client has been told that it is not served */
	bool plus; /* logins can be bound to the TLS connection */
	bool keys; /* SCRAM can be offered: all users have keys for it */
	char tls[96]; /* version and cipher; "" in clear */
	char helo[256];
	char client[256]; /* its name in the DNS; "" none */
	bool named; /* that was asked for */
	char listed[256]; /* zone of a DNS list that has it; "" none */
	bool searched; /* that was asked for */
	int resolver; /* socket; -1 none */
	bool hired; /* that was asked for */
	char user[ADDR_MAX + 1], mechanism[24]; /* of the login; "" none */
	char only[65]; /* whom alone a local user may send as; "" any */
	bool trusted; /* Unix socket: root, the spool's user, our own uid */
	bool from_queue; /* Unix socket: the spool's user.  Its mail was seen
			  * by filters when it came in, but for XFILTER */
	struct envelope envelope;
	char for_rcpt[ENVELOPE_TEXT]; /* the first recipient taken */
	unsigned rcpts; /* taken */
	bool alone; /* and there may be no other one */
	bool returns; /* a recipient has a form that only mailq-run uses */
	bool over; /* the transaction ends with this reply */
	unsigned mails, errors, idle, logins;
	unsigned counted; /* recipients of this mail, for the daily limit */
	char id[SPOOL_ID]; /* of the message */
	struct deliver deliver;
	struct data data;
	struct stow content;
	const char *milter_list; /* of mailroom.conf; "" none */
	struct milters *milters; /* from the first message on; NULL none */
	char line[256]; /* the command as it came, for the log */
	struct reply reply; /* made up by smtp_say */
	struct buf text; /* of it */
	struct buf why; /* for the log line of this reply */
};

/* Serve the client to its end.  Sockets: the monitor's, and that of an agent
 * that waits for its first address (-1 none). */
void smtp_serve(struct smtp *, int monitor, int agent);

void smtp_reset(struct smtp *); /* end the transaction, whatever it was */

/* One of our own people: a local program or who has logged in. */
static inline bool
smtp_ours(const struct smtp *s)
{
	return s->facts.peer == POLICY_LOCAL || s->facts.authenticated;
}

/* As whom alone he sends: the login, or the user of this host; "" anybody. */
static inline const char *
smtp_user(const struct smtp *s)
{
	return s->facts.authenticated ? s->user : s->only;
}

/* Nobody else reads what is said here. */
static inline bool
smtp_secure(const struct smtp *s)
{
	return s->tls[0] != '\0' || s->facts.peer == POLICY_LOCAL;
}

/* NULL: all addresses of From and Sender are those of who has logged in; else
 * the reply. (mail.c) */
const struct reply *mail_names(struct smtp *);

/* Who a recipient is, also by a name that only mailq-run uses. (rcpt.c) */
enum policy_class mail_look(struct smtp *, struct recipient *);

/* The reply to a failure with the content. (content.c) */
const struct reply *content_fault(struct smtp *, int error);

#endif
