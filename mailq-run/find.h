/* From the domain of an address to the destination that its mail goes to. */
#ifndef MAILQ_RUN_FIND_H
#define MAILQ_RUN_FIND_H

#include "mailq-run/run.h"

/* Queue a job for a domain (as in the address; "" is ours).  The job may be
 * finished at once. */
void find_queue(struct run *, struct job *, const char *domain);

/* The DNS has spoken. */
void find_domain_known(struct run *, struct domain *);
void find_host_known(struct run *, struct dest *);

#endif
