/* The process that stays root: it forks workers and the resolver for the
 * manager, and knows nothing else. */
#ifndef MAILQ_RUN_CREW_H
#define MAILQ_RUN_CREW_H

#include "mailq-run/dns.h"
#include "session/config.h"
#include "session/monitor.h"
#include "session/role.h"

/* Requests, each with one end of a socket pair; nothing is sent back.  For
 * CREW_TLS a record waits in the pair, struct tls_policy and the server's
 * socket; one with value 1 and the descriptor to go on with, or 0 and the
 * reason, is put there.  For CREW_FETCH a record waits with the seconds it may
 * take as its value, and the host and its addresses, each with NUL behind it;
 * one with value 1 and the policy, or 0 and the reason, comes back. */
enum { CREW_WORKER = 1, CREW_RESOLVER = 2, CREW_TLS = 3, CREW_FETCH = 4 };

struct crew {
	const struct config *config;
	struct role net; /* who workers and resolver are */
	char empty[300]; /* their root directory */
	const struct dns_servers *servers;
	int hurry; /* divides time limits */
};

/* For struct monitor; its ctx is the crew. */
extern const struct right crew_rights[MONITOR_KINDS];

#endif
