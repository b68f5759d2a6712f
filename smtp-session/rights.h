/* What the parser may ask of the monitor of an SMTP connection.
 *
 * MAY HOLD ROOT. */
#ifndef SMTP_SESSION_RIGHTS_H
#define SMTP_SESSION_RIGHTS_H

#include "session/admit.h"
#include "session/auth.h"
#include "session/config.h"
#include "session/monitor.h"
#include "session/start.h"

enum { /* beside ASK_LOG */
	ASK_RCPT = 1, /* value: enum agent_how; data: address */
	ASK_SPOOL, /* no data */
	ASK_KICK, /* no data, no answer: wake mailq-run */
	ASK_LOGIN, /* data: name NUL password */
	ASK_SCRAM_FIRST, /* data: the client's first message; value: -PLUS */
	ASK_SCRAM_FINAL, /* data: his second */
	ASK_TLS, /* with the client's socket */
	ASK_SENDS, /* value: so many more recipients; data: a local user */
	ASK_NAMES, /* no data: a resolver, see names.h */
	ASK_MILTERS, /* no data: connect the mail filters (milter.h) */
	ASK_GREY, /* data: from NUL rcpt */
	ASK_TLS_READY, /* no data: can the certificates be read? */
};

enum { /* answers */
	ANSWER_AGENT = 1, /* with the descriptor of its socket */
	ANSWER_NONE, /* value: errno */
	ANSWER_LOGIN, /* data: the user's name */
	ANSWER_SCRAM, /* data: for the client; behind user NUL the 2nd time */
	ANSWER_SENDS, /* value: enum sends_got */
	ANSWER_TLS_READY, /* value: 0; else data: why not */
	ANSWER_GREY, /* value: seconds until it may come; 0 now */
	ANSWER_LOGIN_BAD, /* after a pause */
	ANSWER_LOGIN_TEMP, /* data: why */
	ANSWER_LOGIN_MANY, /* his password is right, but he has enough */
	ANSWER_TLS, /* with the socket that takes its place; data: version,
		     * blank, cipher; value: -PLUS can be offered */
};

enum {
	LOGIN_TRIES = 3, /* then the connection ends */
	LOGIN_PAUSE = 2, /* seconds after a wrong password, at least */
	LOGIN_SECONDS = 120, /* longer than check and pause may take */
};

struct rights_ctx { /* monitor.ctx */
	const struct config *config;
	const struct peer *peer;
	const char *milters; /* their list */
	char user[USER_NAME_MAX + 1]; /* who has logged in; "" nobody */
	struct admission in;
	struct slots slots; /* of his; fd -1 none */
	int agent; /* for one that waits for its address; -1 none */
	struct auth_scram scram;
	struct scram_binding binding; /* of the TLS connection */
};

/* For monitor.first: the agent of the first message is there while the client
 * still greets. */
void rights_first(struct monitor *);

/* More often than a session of SMTP_MAILS messages needs; asks.h counts what
 * depends on the number of recipients. */
extern const struct right smtp_rights[MONITOR_KINDS];

#endif
