/* The process that stays root: it forks workers and the resolver for the
 * manager, and knows nothing else. */
#ifndef MAILQ_RUN_CREW_H
#define MAILQ_RUN_CREW_H

#include "mailq-run/dns.h"
#include "session/monitor.h"
#include "session/role.h"

/* Requests, each with one end of a socket pair; nothing is sent back. */
enum { CREW_WORKER = 1, CREW_RESOLVER = 2 };

struct crew {
	struct role net; /* who workers and resolver are */
	char empty[300]; /* their root directory */
	const struct dns_servers *servers;
	int hurry; /* divides time limits */
};

/* For struct monitor; its ctx is the crew. */
extern const struct right crew_rights[MONITOR_KINDS];

#endif
