/* The manager: one run of the queue, as the spool user. */
#ifndef MAILQ_RUN_MANAGER_H
#define MAILQ_RUN_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "mailq-run/retry.h"
#include "mailq-run/routes.h"
#include "session/config.h"

struct manager {
	const struct config *c;
	const struct retry *retry;
	const struct routes *routes;
	int crew; /* socket to the process that forks */
	bool kicked; /* descriptor 0 is the socket RUN/kick */
	bool verbose;
	int64_t shift; /* of the clock, seconds */
	unsigned hurry; /* divides time limits */
};

/* Deliver what is due.  Descriptor m->crew and the log are open, the process
 * is the spool user.  Exit status for main. */
int manager_run(const struct manager *);

#endif
