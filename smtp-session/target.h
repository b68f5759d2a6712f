/* Who gets a copy of a message. */
#ifndef SMTP_SESSION_TARGET_H
#define SMTP_SESSION_TARGET_H

#include <stddef.h>

#include "mailq-run/spool.h"

/* Entries of the spool that one message may need, as target.entry has them. */
enum {
	DELIVER_NONE,
	DELIVER_MAIN,
	DELIVER_LATE,
	DELIVER_REPORT,
};

/* One copy of the message. */
struct target {
	int agent; /* who writes it; -1: the spool does */
	char entry; /* of the spool: DELIVER_* */
	enum spool_state state; /* with which it goes there */
	unsigned notify;
	unsigned char group;
	size_t addr, original, orcpt; /* in text */
};

/* Copies that are alike but for the recipient: who wants the reports, and who
 * of us has forwarded it.  Both in text, 0 for none; group 0 has none. */
struct group {
	size_t owner, via;
};

#endif
