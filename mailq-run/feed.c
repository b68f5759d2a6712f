/* How many connections a destination gets: one at first, more when many jobs
 * wait, all that its limit allows when the first of the queue has waited
 * RUN_BUSY ms for those that are open, or RUN_SLOW ms for those that are being
 * made, since the last was begun (the hosts are slow, not we).  The limit
 * starts at RUN_START and grows by one with each greeting that went well.
 *
 * Only RUN_WINDOW connections are made at a time, so that quick hosts are
 * done one after another with few connections; who is slow to greet leaves the
 * window and is waited for beside the others. */
#include "mailq-run/feed.h"

#include "mailq-run/dest.h"
#include "mailq-run/mail.h"
#include "mailq-run/peer.h"
#include "message/clock.h"

enum { QUEUED_PER_CONNECTION = 5 };

void
feed_hungry(struct run *r, struct dest *d)
{
	if (d->hungry)
		return;
	d->hungry = true;
	d->next_hungry = NULL;
	*r->hungry_last = d;
	r->hungry_last = &d->next_hungry;
}

static bool
wants(const struct dest *d)
{
	if (d->state != DEST_READY || d->jobs == 0)
		return false;
	if (d->connections == 0)
		return true;
	if (d->starting >= d->jobs || d->connections >= d->limit)
		return false;
	return d->impatient ||
	    d->connections < 1 + d->jobs / QUEUED_PER_CONNECTION;
}

/* One more connection; jobs that no address is left for are given up.
 * false: it has to wait for a host that rests. */
static bool
feed_one(struct run *r, struct dest *d, int64_t now)
{
	while (wants(d)) {
		unsigned no = d->dead | d->job->tried;
		size_t address = dest_choose(d, no | dest_resting(d, now));

		if (address < d->route.count) {
			(void)peer_open(r, d, address);
			if (wants(d))
				feed_hungry(r, d);
			return true;
		}
		if (dest_choose(d, no) < d->route.count)
			return false;
		dest_give_up(r, d);
	}
	return true;
}

/* Connections that are being made and not known to be slow. */
static size_t
window(const struct run *r)
{
	int64_t now = clock_ms();
	size_t n = 0;

	for (size_t i = 0; i < RUN_PEERS; i++) {
		const struct peer *p = &r->peer[i];

		n += (p->state == PEER_CONNECTING ||
			 p->state == PEER_GREETING) &&
		    now - p->since < RUN_SLOW;
	}
	return n;
}

static bool
free_peer(const struct run *r)
{
	for (size_t i = 0; i < RUN_PEERS; i++)
		if (r->peer[i].state == PEER_FREE)
			return true;
	return false;
}

void
feed_all(struct run *r)
{
	struct dest *later = NULL, **last = &later, *d;
	int64_t now = clock_ms();
	size_t n;

	if (r->hungry == NULL)
		return;
	for (n = window(r); n < RUN_WINDOW && r->hungry != NULL;) {
		if (!free_peer(r))
			break;
		d = r->hungry;
		r->hungry = d->next_hungry;
		if (r->hungry == NULL)
			r->hungry_last = &r->hungry;
		d->hungry = false;
		if (feed_one(r, d, now)) {
			n++;
			continue;
		}
		d->hungry = true;
		d->next_hungry = NULL;
		*last = d;
		last = &d->next_hungry;
	}
	if (later == NULL)
		return;
	*r->hungry_last = later;
	r->hungry_last = last;
}

/* When more connections will help, because those that there are have been at
 * work for longer than a quick host takes. */
static int64_t
slow_at(const struct dest *d)
{
	int64_t since = d->opened > d->job->since ? d->opened : d->job->since;

	return since + (d->starting > 0 ? RUN_SLOW : RUN_BUSY);
}

int
feed_tick(struct run *r)
{
	int64_t now = clock_ms(), next = now + RUN_SLOW, at;

	if (r->waiting == 0)
		return -1;
	for (size_t i = 0; i < RUN_PEERS; i++) {
		struct dest *d = r->peer[i].dest;

		if (r->peer[i].state == PEER_FREE || d->jobs == 0 ||
		    d->impatient)
			continue;
		at = slow_at(d);
		if (at <= now) {
			d->impatient = true;
			feed_hungry(r, d);
			next = now;
		} else if (at < next) {
			next = at;
		}
	}
	return (int)(next - now);
}
