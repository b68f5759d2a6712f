/* Connections for jobs that wait. */
#ifndef MAILQ_RUN_FEED_H
#define MAILQ_RUN_FEED_H

#include "mailq-run/run.h"

/* The destination may want a connection: feed_all will see. */
void feed_hungry(struct run *, struct dest *);

/* Open connections where jobs wait for them and limits allow; jobs for which
 * no address is left are given up. */
void feed_all(struct run *);

/* Look for destinations whose jobs have waited too long; ms until the next
 * look, -1 when nothing waits. */
int feed_tick(struct run *);

#endif
