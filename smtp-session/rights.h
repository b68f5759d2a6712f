/* What the parser may ask of the monitor of an SMTP connection.
 *
 * MAY HOLD ROOT. */
#ifndef SMTP_SESSION_RIGHTS_H
#define SMTP_SESSION_RIGHTS_H

#include "session/config.h"
#include "session/monitor.h"
#include "session/start.h"

enum { /* beside ASK_LOG */
	ASK_RCPT = 1, /* value: enum agent_how; data: address */
	ASK_SPOOL, /* no data */
	ASK_KICK, /* no data, no answer: wake mailq-run */
};

enum { /* answers */
	ANSWER_AGENT = 1, /* with the descriptor of its socket */
	ANSWER_NONE, /* value: errno */
};

struct rights_ctx { /* monitor.ctx */
	const struct config *config;
	const struct peer *peer;
};

extern const struct right smtp_rights[MONITOR_KINDS];

#endif
