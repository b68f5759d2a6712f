/* Destinations: which hosts a recipient's domain leads to, and what waits for
 * them. */
#ifndef MAILQ_RUN_DEST_H
#define MAILQ_RUN_DEST_H

#include "mailq-run/run.h"

/* Queue a job for a domain (as in the address; "" is ours).  The job may be
 * finished at once. */
void dest_queue(struct run *, struct job *, const char *domain);

/* Queue it again where it was. */
void dest_requeue(struct run *, struct job *);

/* There is an address that is not dead and not in "tried". */
bool dest_elsewhere(const struct dest *, unsigned tried);

/* It may want a connection: dest_feed will see. */
void dest_hungry(struct run *, struct dest *);

/* The first job that may go to this address, taken off the queue; NULL. */
struct job *dest_take(struct run *, struct dest *, size_t address);

/* The DNS has spoken. */
void dest_domain_known(struct run *, struct domain *,
    const struct dns_answer *);
void dest_host_known(struct run *, struct dest *);

/* An address cannot be used in this run, and why. */
void dest_address_dead(struct run *, struct dest *, size_t address,
    const char *status, const char *why);

/* Open connections where jobs wait for them and limits allow. */
void dest_feed(struct run *);

/* Look for destinations whose jobs have waited too long; ms until the next
 * look, -1 when nothing waits. */
int dest_tick(struct run *);

/* "host[address]:port" of an address, for logs. */
const char *dest_remote(const struct dest *, size_t address, char out[400]);

#endif
