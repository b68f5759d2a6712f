/* One run of the queue: what its parts share.  The manager owns all of it.
 *
 *   mail	an entry of the spool that is being worked on (mail.c)
 *   job	that mail for some recipients of one destination
 *   domain	the domain of a recipient, and the destination it leads to
 *   dest	a destination: a set of hosts, the jobs that wait for them,
 *		the connections to them (dest.c)
 *   peer	one connection with its worker (peer.c)
 *   lookup	a question to the DNS and its answer, kept for the run
 *		(lookup.c) */
#ifndef MAILQ_RUN_RUN_H
#define MAILQ_RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "mailq-run/dns.h"
#include "mailq-run/hosts.h"
#include "mailq-run/place.h"
#include "mailq-run/retry.h"
#include "mailq-run/route.h"
#include "mailq-run/routes.h"
#include "mailq-run/scan.h"
#include "session/config.h"

enum {
	RUN_MAILS = 1000, /* entries open at a time */
	RUN_PEERS = 200, /* connections in all */
	RUN_START = 5, /* connections to a destination at first, if it may
			* have as many */
	RUN_WINDOW = 32, /* connections that are being made at a time */
	RUN_SLOW = 100, /* ms: who takes longer is waited for aside */
	RUN_BUSY = 5, /* ms: with a letter, so that another connection helps */
	RUN_GATHER = 200, /* ms that messages may wait for their like */
	RUN_REST = 3000, /* ms between its end of a connection and our next */
	RUN_LETTERS = 100, /* messages of one connection */
	RUN_CONNECT = 30, /* seconds for a TCP connection */
	RUN_ADDRESSES = 5, /* addresses tried for one job */
	RUN_SESSIONS = 2, /* of them, that may answer it 4xx */
	RUN_FETCHES = 16, /* of policies, at a time */
	RUN_ROWS = 4096, /* of the hash tables */
};

struct dest;
struct domain;
struct job;
struct lookup;
struct peer;

/* A policy that is being fetched (fetch.h). */
struct fetch {
	struct domain *domain; /* NULL: free */
	int fd;
	int64_t since; /* ms */
};

struct run {
	const struct config *c;
	struct retry retry;
	const struct routes *routes;
	struct route_self self;
	bool v6; /* the family that worked last */
	int64_t shift; /* of the clock, seconds (for tests) */
	unsigned hurry; /* divides time limits (for tests) */
	bool verbose;
	int spool, crew, dns, poll; /* descriptors */
	int kick, watch, lock; /* kick: -1 when not started by one */
	/* mails */
	struct scan scan;
	bool scanning, look_new, look_all;
	int64_t scan_began, next_scan; /* ms */
	size_t mails;
	struct place_dirty dirty;
	uint32_t token; /* of the last job */
	/* names */
	struct lookup *lookup[RUN_ROWS];
	struct lookup *ask, **ask_last; /* waiting to be sent */
	struct lookup *flying[DNS_WINDOW];
	struct domain *domain[RUN_ROWS];
	size_t domains, domains_most; /* how many; when to forget some */
	struct dest *dest[RUN_ROWS];
	struct fetch fetch[RUN_FETCHES];
	/* connections */
	struct hosts hosts;
	struct peer *peer; /* RUN_PEERS of them */
	struct dest *hungry, **hungry_last;
	size_t waiting; /* jobs in the queues of ready destinations */
	/* for people */
	size_t sent, deferred, failed; /* recipients */
	size_t due, ended; /* mails at the beginning; done with since */
};

/* Seconds since the epoch as the queue sees it. */
time_t run_time(const struct run *);
uint32_t run_hash(const char *);

#endif
