/* Names, destinations and answers are kept for the run, but not all of them
 * for ever: a long queue has more domains than memory should hold. */
#ifndef MAILQ_RUN_FORGET_H
#define MAILQ_RUN_FORGET_H

#include "mailq-run/run.h"

enum { FORGET_ABOVE = 1000 }; /* domains that are always kept */

/* When there are many, drop what nothing waits for; for the loop to call when
 * no function of the others is under way. */
void forget(struct run *);

#endif
