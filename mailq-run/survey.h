/* Looking at all that waits, as mailq does. */
#ifndef MAILQ_RUN_SURVEY_H
#define MAILQ_RUN_SURVEY_H

#include <stdbool.h>

#include "mailq-run/counts.h"
#include "mailq-run/entry.h"

/* Call "each" for every entry; one that cannot be read is named on standard
 * error.  0; -1: one could not, or "each" failed. */
int survey_all(int spool, int (*each)(void *ctx, const struct entry *),
    void *ctx);

/* Count all of them, by as many processes as there are processors.  0 / -1 as
 * above. */
int survey_count(int spool, struct counts *, time_t now);

#endif
