/* Telling the sender (RFC 3461, 3464): one report per message and run with
 * all recipients concerned, as an entry of its own in the spool. */
#ifndef MAILQ_RUN_BOUNCE_H
#define MAILQ_RUN_BOUNCE_H

#include "mailq-run/entry.h"
#include "mailq-run/retry.h"

struct bounce {
	const char *hostname;
	const struct retry *retry;
	time_t now;
	bool filtered; /* filters are to see, and to sign, reports */
};

/* Report what is owed: REPORT_FAILED for all in state F, REPORT_SUCCESS for
 * all in S, REPORT_DELAYED for all in T.  Recipients whose NOTIFY does not
 * want it are left out; when nobody is left, or the message is from <>, no
 * report is made (of a failed one from <> a copy goes to the Maildir
 * double-bounce/ of the spool) and only the states change.
 * 0 / -1: fail_text(); the entry is to be closed. */
int bounce_report(struct entry *, enum history_report, const struct bounce *);

#endif
