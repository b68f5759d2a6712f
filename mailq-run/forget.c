/* A sweep looks at everything, so the next one comes only when there is twice
 * as much as the last one left. */
#include "mailq-run/forget.h"

#include <stdlib.h>

#include "mailq-run/dest.h"
#include "mailq-run/lookup.h"

static bool
idle(const struct dest *d)
{
	return d->state > DEST_SECURING && d->jobs == 0 &&
	    d->connections == 0 && !d->hungry;
}

static void
domains(struct run *r, struct domain **at)
{
	struct domain *d;

	while ((d = *at) != NULL) {
		if (d->dest == NULL || !idle(d->dest)) {
			at = &d->chain;
			continue;
		}
		d->dest->domains--;
		r->domains--;
		*at = d->chain;
		free(d);
	}
}

static void
dests(struct dest **at)
{
	struct dest *d;

	while ((d = *at) != NULL) {
		if (d->domains > 0 || !idle(d)) {
			at = &d->chain;
			continue;
		}
		*at = d->chain;
		secure_free(d);
		free(d);
	}
}

static void
lookups(struct lookup **at)
{
	struct lookup *l;

	while ((l = *at) != NULL) {
		if (l->answer == NULL || l->pins > 0) {
			at = &l->chain;
			continue;
		}
		*at = l->chain;
		free(l->answer);
		free(l);
	}
}

void
forget(struct run *r)
{
	if (r->domains <= r->domains_most)
		return;
	for (size_t i = 0; i < RUN_ROWS; i++)
		domains(r, &r->domain[i]);
	for (size_t i = 0; i < RUN_ROWS; i++) {
		dests(&r->dest[i]);
		lookups(&r->lookup[i]);
	}
	r->domains_most = 2 * r->domains;
	if (r->domains_most < FORGET_ABOVE)
		r->domains_most = FORGET_ABOVE;
}
