/* Destinations: which hosts a recipient's domain leads to, and what waits for
 * them. */
#ifndef MAILQ_RUN_DEST_H
#define MAILQ_RUN_DEST_H

#include "mailq-run/route.h"
#include "mailq-run/run.h"
#include "mailq-run/secure.h"
#include "mailq-run/sts.h"

enum domain_stage {
	DOMAIN_ASKING, /* MX records, and whether there is a policy */
	DOMAIN_HOST, /* the address of the policy's host */
	DOMAIN_FETCHING,
};

struct domain {
	struct domain *chain;
	struct dest *dest; /* NULL until it is known */
	enum domain_stage stage; /* until then */
	bool open; /* for mail that wants no more of TLS than there is */
	size_t awaited; /* answers */
	char sts_id[STS_ID]; /* of its policy (RFC 8461) */
	struct job *job, **last; /* waiting for it */
	char name[];
};

enum dest_state {
	DEST_RESOLVING, /* addresses are asked for */
	DEST_ALIASES, /* which of its hosts' names are signed aliases is */
	DEST_SECURING, /* TLSA records are */
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
	const struct routes_line *line; /* of `routes` that leads here; NULL */
	bool signed_mx; /* DNSSEC vouches for the names of the hosts */
	bool open; /* what the other side publishes about TLS demands nothing */
	bool sts; /* hosts must show certificates (RFC 8461, enforce) */
	/* The domain that leads here, the only one where signed_mx; and what it
	 * is an alias of by signed records, "" none. */
	char next_hop[DOMAIN_MAX + 1], expanded[DOMAIN_MAX + 1];
	size_t awaited; /* look-ups */
	struct route_mx *mx; /* until the addresses are known */
	struct route route;
	struct secure secure[ROUTE_ADDRESSES];
	struct route_verdict trouble; /* of the last address that failed */
	char remote[400]; /* and which one that was */
	unsigned dead; /* bit per address: not in this run */
	unsigned hearsay; /* those of them that only earlier runs found dead */
	unsigned clear; /* bit per address: TLS does not work there */
	struct job *job, **last;
	size_t jobs;
	struct peer *peers;
	size_t connections, starting;
	size_t limit; /* of connections, at present; it never passes "most" */
	size_t most;
	int64_t rest[ROUTE_ADDRESSES]; /* ms; not to be called before */
	int64_t opened; /* ms; when the last connection was begun */
	bool impatient; /* what waits has waited long enough since */
	char key[];
};

/* The destination of a key, made when there is none ("fresh").  NULL. */
struct dest *dest_get(struct run *, const char *key, bool *fresh);

/* Queue a job.  It is given up at once when the destination is dead. */
void dest_enter(struct run *, struct dest *, struct job *);

/* Its addresses are known, and what TLS must prove there.  Those that did not
 * answer in an earlier run have their turn later. */
void dest_ready(struct run *, struct dest *);

/* Nothing can be delivered: all jobs are given up. */
void dest_die(struct run *, struct dest *, const struct route_verdict *);

/* End a job that is in no queue. */
void dest_abandon(struct run *, struct job *, const struct route_verdict *,
    const char *remote);

/* Queue it again where it was. */
void dest_requeue(struct run *, struct job *);

/* Bit per address: it is not to be called yet. */
unsigned dest_resting(const struct dest *, int64_t now);

/* The first address not in "not" (count: none); whether there is one that is
 * not dead either. */
size_t dest_choose(const struct dest *, unsigned not );
bool dest_elsewhere(const struct dest *, unsigned tried);

/* Give up the first job, over the destination's trouble. */
void dest_give_up(struct run *, struct dest *);

/* The first job that may go to this address, taken off the queue; NULL. */
struct job *dest_take(struct run *, struct dest *, size_t address);

/* An address cannot be used in this run, and why. */
void dest_address_dead(struct run *, struct dest *, size_t address,
    const char *status, const char *why);

/* "host[address]:port" of an address, for logs. */
const char *dest_remote(const struct dest *, size_t address, char out[400]);

#endif
