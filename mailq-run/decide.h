/* What an administrator may do to waiting mail: one deed, many messages.
 * Each is done under the lock of the message and logged; what cannot be done
 * is said on standard error. */
#ifndef MAILQ_RUN_DECIDE_H
#define MAILQ_RUN_DECIDE_H

#include <stdbool.h>
#include <time.h>

#include "mailq-run/entry.h"

struct decide {
	int spool;
	time_t now;
	char who[40]; /* decides, for the log */
	bool kick; /* set when mailq-run should look */
};

/* hold, release, retry, drop, bounce. */
bool decide_is(const char *word);

/* Do it to the ids (up to NULL), or to all that it applies to when the only
 * one is "all".  Exit status. */
int decide_some(struct decide *, const char *word, char **id);

/* arg: id, old address, new address.  Exit status. */
int decide_edit(struct decide *, char **arg);

/* Say why an entry could not be had.  Exit status. */
int decide_not_had(const char *id, enum entry_got);

#endif
