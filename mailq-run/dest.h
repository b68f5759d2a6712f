/* Destinations: which hosts a recipient's domain leads to, and what waits for
 * them. */
#ifndef MAILQ_RUN_DEST_H
#define MAILQ_RUN_DEST_H

#include "mailq-run/route.h"
#include "mailq-run/run.h"

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
	size_t domains; /* that lead here */
	uint16_t fixed; /* port, when a line of `routes` leads here */
	size_t awaited; /* look-ups */
	struct route_mx *mx; /* until the addresses are known */
	struct route route;
	struct route_verdict trouble; /* of the last address that failed */
	char remote[400]; /* and which one that was */
	unsigned dead; /* bit per address: not in this run */
	unsigned hearsay; /* those of them that only earlier runs found dead */
	unsigned clear; /* bit per address: TLS does not work there */
	struct job *job, **last;
	size_t jobs;
	struct peer *peers;
	size_t connections, starting;
	size_t limit;
	int64_t opened; /* ms; when the last connection was begun */
	bool impatient; /* what waits has waited long enough since */
	char key[];
};

/* Queue a job for a domain (as in the address; "" is ours).  The job may be
 * finished at once. */
void dest_queue(struct run *, struct job *, const char *domain);

/* Queue it again where it was. */
void dest_requeue(struct run *, struct job *);

/* The first address not in "not" (count: none); whether there is one that is
 * not dead either. */
size_t dest_choose(const struct dest *, unsigned not );
bool dest_elsewhere(const struct dest *, unsigned tried);

/* Give up the first job, over the destination's trouble. */
void dest_give_up(struct run *, struct dest *);

/* The first job that may go to this address, taken off the queue; NULL. */
struct job *dest_take(struct run *, struct dest *, size_t address);

/* The DNS has spoken. */
void dest_domain_known(struct run *, struct domain *,
    const struct dns_answer *);
void dest_host_known(struct run *, struct dest *);

/* An address cannot be used in this run, and why. */
void dest_address_dead(struct run *, struct dest *, size_t address,
    const char *status, const char *why);

/* "host[address]:port" of an address, for logs. */
const char *dest_remote(const struct dest *, size_t address, char out[400]);

#endif
