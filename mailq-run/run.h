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

#include "mailq-run/entry.h"
#include "mailq-run/letter.h"
#include "mailq-run/retry.h"
#include "mailq-run/route.h"
#include "mailq-run/scan.h"
#include "session/config.h"

enum {
	RUN_MAILS = 1000, /* entries open at a time */
	RUN_PEERS = 200, /* connections in all */
	RUN_START = 5, /* connections to a destination at first */
	RUN_MOST = 20, /* and at most */
	RUN_WINDOW = 32, /* connections that are being made at a time */
	RUN_SLOW = 100, /* ms: who takes longer is waited for aside */
	RUN_LETTERS = 100, /* messages of one connection */
	RUN_CONNECT = 30, /* seconds for a TCP connection */
	RUN_ADDRESSES = 5, /* addresses tried for one job */
};

struct run;
struct dest;

struct mail {
	struct entry e;
	size_t jobs; /* not finished yet */
	bool first; /* was never tried before */
	bool bounce; /* from <> */
};

/* What became of one recipient of a job. */
enum job_fate {
	JOB_OPEN,
	JOB_JUDGED,
	JOB_AGAIN, /* the next transaction is to have it */
	JOB_ELSEWHERE, /* another host is */
};

struct job {
	struct job *next; /* in its destination's queue */
	struct mail *mail;
	struct dest *dest;
	uint32_t token; /* index in run.job */
	int64_t since; /* ms; waits since then */
	size_t address; /* of the destination, where it is in work */
	unsigned tried; /* bit per address that it was tried at */
	unsigned tries; /* addresses */
	unsigned again; /* times it was given back untried */
	size_t rcpts;
	uint32_t rcpt[LETTER_RCPTS]; /* indexes in the envelope */
	enum job_fate fate[LETTER_RCPTS];
	bool settle; /* a fate that must be durable before the peer goes */
};

struct waiter {
	struct waiter *next;
	struct domain *domain; /* either */
	struct dest *dest; /* or */
};

struct lookup {
	struct lookup *chain; /* of the hash table */
	struct lookup *next; /* waits to be asked */
	enum dns_type type;
	struct waiter *waiters;
	struct dns_answer *answer; /* NULL until it came; cut to its count */
	char name[];
};

struct domain {
	struct domain *chain;
	struct dest *dest; /* NULL until it is known */
	struct job *job, **last; /* waiting for it */
	char name[];
};

enum dest_state {
	DEST_RESOLVING,
	DEST_READY,
	DEST_DEAD, /* nothing can be delivered in this run: trouble */
};

struct dest {
	struct dest *chain;
	struct dest *next_hungry;
	bool hungry; /* is in that list */
	enum dest_state state;
	bool local; /* run/submit */
	size_t awaited; /* look-ups */
	struct route_mx *mx; /* until the addresses are known */
	struct route route;
	struct route_verdict trouble; /* of the last address that failed */
	char remote[400]; /* and which one that was */
	unsigned dead; /* bit per address: not in this run */
	struct job *job, **last;
	size_t jobs;
	struct peer *peers;
	size_t connections, starting;
	size_t limit;
	bool impatient; /* what waits has waited long enough */
	char key[];
};

enum peer_state {
	PEER_FREE,
	PEER_CONNECTING, /* fd is the TCP socket */
	PEER_GREETING,
	PEER_IDLE, /* wants a letter, or to be told to quit */
	PEER_BUSY,
	PEER_QUITTING,
};

struct peer {
	struct peer *next; /* of its destination */
	struct dest *dest;
	enum peer_state state;
	size_t address; /* index in dest->route */
	int fd;
	int64_t since; /* ms; in this state */
	unsigned features;
	size_t letters, good; /* given to it; recipients it took */
	struct job *job[2]; /* in work; sent ahead */
};

struct run {
	const struct config *c;
	struct retry retry;
	struct route_self self;
	int64_t shift; /* of the clock, seconds (for tests) */
	unsigned hurry; /* divides time limits (for tests) */
	bool verbose;
	int spool, crew, dns, poll; /* descriptors */
	int kick, watch, lock; /* kick: -1 when not started by one */
	/* mails */
	struct scan scan;
	bool scanning, look_new, look_all;
	int64_t next_scan; /* ms */
	size_t mails;
	struct place_dirty dirty;
	struct job **job;
	size_t job_room, job_hint, jobs;
	/* names */
	struct lookup *lookup[4096];
	struct lookup *ask, **ask_last; /* waiting to be sent */
	struct lookup *flying[DNS_WINDOW];
	struct domain *domain[4096];
	struct dest *dest[4096];
	/* connections */
	struct peer peer[RUN_PEERS];
	struct dest *hungry, **hungry_last;
	size_t waiting; /* jobs in the queues of ready destinations */
	/* for people */
	size_t sent, deferred, failed;
	char note[200]; /* the last outcome */
};

/* Seconds since the epoch as the queue sees it, and a clock in ms that never
 * jumps. */
time_t run_time(const struct run *);
int64_t run_ms(void);
uint32_t run_hash(const char *);

#endif
