/* MTA-STS in a run: whether a domain has a policy, and getting it with the
 * help of mta-sts (RFC 8461 s. 3.3, 5.1). */
#ifndef MAILQ_RUN_FETCH_H
#define MAILQ_RUN_FETCH_H

#include <stdbool.h>

#include "mailq-run/run.h"
#include "mailq-run/sts.h"

/* Ask the DNS whether the domain has one; d->awaited counts the questions,
 * at the end of each of which find_domain_known is called. */
void fetch_ask(struct run *, struct domain *);

/* All that was asked is known.  true: more has to be waited for. */
bool fetch_more(struct run *, struct domain *);

/* Does mail for the domain go only to hosts of its policy, which is then in
 * *s? */
bool fetch_enforced(struct run *, const struct domain *, struct sts *s);

/* An event of one of r->fetch; what takes too long. */
void fetch_ready(struct run *, struct fetch *);
void fetch_tick(struct run *);

#endif
