/* What mailq-run -v shows.  Without -v nothing of it does anything. */
#ifndef MAILQ_RUN_PROGRESS_H
#define MAILQ_RUN_PROGRESS_H

#include "mailq-run/run.h"

/* Count what is due. */
void progress_begin(struct run *);

/* One line, on a terminal: done, left, and where to. */
void progress_show(struct run *);

/* One outcome, a line of its own (control octets are shown as "?"). */
void progress_outcome(struct run *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* The totals. */
void progress_end(struct run *);

#endif
