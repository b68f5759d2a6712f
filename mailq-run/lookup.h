/* Questions of a run to the DNS: each is asked once, at most DNS_WINDOW at a
 * time, and the answer is kept. */
#ifndef MAILQ_RUN_LOOKUP_H
#define MAILQ_RUN_LOOKUP_H

#include "mailq-run/run.h"

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
	size_t pins; /* destinations that will look at it again */
	struct dns_answer *answer; /* NULL until it came; cut to its count */
	char name[];
};

/* The answer when it is known already; else NULL, and the domain or the
 * destination will be told (find_domain_known, find_host_known). */
const struct dns_answer *lookup(struct run *, enum dns_type, const char *name,
    struct domain *, struct dest *);

/* Keep the answer (+1) / it need not be kept any more (-1). */
void lookup_pin(struct run *, enum dns_type, const char *name, int by);

/* Only what is known. */
const struct dns_answer *lookup_known(struct run *, enum dns_type,
    const char *name);

/* An answer has come over r->dns.  0; -1: the resolver is gone. */
int lookup_ready(struct run *);

#endif
