/* What a recipient address means here: whose mailbox, or for whom it stands.
 *
 * MAY HOLD ROOT: runs in a delivery agent before it becomes the user; reads
 * only files of the configuration and the system's user database. */
#ifndef SMTP_SESSION_RESOLVE_H
#define SMTP_SESSION_RESOLVE_H

#include "message/addr.h"
#include "message/buf.h"
#include "session/config.h"
#include "smtp-session/box.h"
#include "smtp-session/policy.h"

enum {
	RESOLVE_DEPTH = 50, /* alias within alias */
	RESOLVE_TARGETS = 1000,
	RESOLVE_TEXT_MAX = 512 * 1024,
};

/* A target begins with one of these. */
enum {
	TARGET_MAILBOX = 'L', /* that mailbox, no further questions */
	TARGET_USER = 'U', /* that mailbox, unless its .forward says else */
	TARGET_REMOTE = 'R',
	TARGET_ASK = 'A', /* of a .forward: what it means is to be found out */
	TARGET_OUTLET = 'P', /* a command or file, see outlet.h */
	/* These say something of the targets behind them. */
	TARGET_OWNER = 'O', /* reports go there; "" to the sender */
	TARGET_VIA = 'V', /* the address of ours that has forwarded */
};

struct resolved {
	enum policy_class class;
	struct box box; /* CLASS_MAILBOX */
	bool final; /* its .forward does not count */
	bool owned; /* the list has an owner */
	struct buf targets; /* CLASS_ALIAS: TARGET_* address NUL ... */
	size_t count; /* of them */
	char at[320]; /* FILE:LINE of the last alias looked at; "" none */
	char why[256]; /* for the log; REFUSED: what the alias says */
};

/* Find out.  "local_ip" is our end of the connection ("" none): a literal
 * of it is ours.  "final": the name of a mailbox, no alias is asked. */
void resolve(struct resolved *, const struct config *, const struct addr *,
    const char *local_ip, bool final);
void resolve_free(struct resolved *);

#endif
