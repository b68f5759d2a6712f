/* Queues of jobs, and which addresses are worth a call. */
#include "mailq-run/dest.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailq-run/feed.h"
#include "mailq-run/learn.h"
#include "mailq-run/mail.h"
#include "message/clock.h"
#include "session/log.h"

struct dest *
dest_get(struct run *r, const char *key, bool *fresh)
{
	size_t n;
	struct dest **at = &r->dest[run_hash(key) % RUN_ROWS], *d;

	*fresh = false;
	while (*at != NULL && strcmp((*at)->key, key) != 0)
		at = &(*at)->chain;
	if (*at != NULL)
		return *at;
	n = strlen(key) + 1;
	d = calloc(1, sizeof(*d) + n);
	if (d == NULL)
		return NULL;
	memcpy(d->key, key, n);
	d->last = &d->job;
	d->most = r->c->connections_per_destination;
	d->limit = d->most < RUN_START ? d->most : RUN_START;
	*fresh = true;
	return *at = d;
}

/* ---- queues */

/* A person wants to know it now: whatever earlier runs have found, the host is
 * called. */
static void
call_again(struct dest *d, const struct job *j)
{
	if (!j->mail->asked)
		return;
	d->dead &= ~d->hearsay;
	d->hearsay = 0;
}

void
dest_abandon(struct run *r, struct job *j, const struct route_verdict *v,
    const char *remote)
{
	mail_verdict_all(r, j,
	    v->state == ROUTE_FAIL ? VERDICT_FAIL : VERDICT_DEFER, v->status,
	    remote, v->why);
	mail_job_over(r, j);
}

void
dest_enter(struct run *r, struct dest *d, struct job *j)
{
	j->dest = d;
	if (d->state == DEST_DEAD) {
		dest_abandon(r, j, &d->trouble, "");
		return;
	}
	j->next = NULL;
	j->since = clock_ms();
	call_again(d, j);
	*d->last = j;
	d->last = &j->next;
	d->jobs++;
	r->waiting++;
	if (d->state == DEST_READY)
		feed_hungry(r, d);
}

void
dest_requeue(struct run *r, struct job *j)
{
	dest_enter(r, j->dest, j);
}

static void
unlink_job(struct run *r, struct dest *d, struct job **at)
{
	struct job *j = *at;

	*at = j->next;
	if (*at == NULL)
		d->last = at;
	j->next = NULL;
	d->jobs--;
	r->waiting--;
	if (d->jobs == 0)
		d->impatient = false;
}

struct job *
dest_take(struct run *r, struct dest *d, size_t address)
{
	for (struct job **at = &d->job; *at != NULL; at = &(*at)->next) {
		struct job *j = *at;

		if ((j->tried & 1U << address) != 0)
			continue;
		unlink_job(r, d, at);
		return j;
	}
	return NULL;
}

void
dest_give_up(struct run *r, struct dest *d)
{
	struct job *j = d->job;

	unlink_job(r, d, &d->job);
	dest_abandon(r, j, &d->trouble, d->remote);
}

static void
empty(struct run *r, struct dest *d)
{
	while (d->job != NULL)
		dest_give_up(r, d);
}

void
dest_die(struct run *r, struct dest *d, const struct route_verdict *v)
{
	d->state = DEST_DEAD;
	d->trouble = *v;
	d->remote[0] = '\0';
	empty(r, d);
}

void
dest_ready(struct run *r, struct dest *d)
{
	char why[HOSTS_WHY + 32];

	d->state = DEST_READY;
	for (size_t i = 0; i < d->route.count; i++) {
		const char *dead = learn_before(r, d, i);

		if (dead == NULL)
			continue;
		(void)snprintf(why, sizeof(why), "a short while ago: %s", dead);
		dest_address_dead(r, d, i, "4.4.1", why);
		d->hearsay |= 1U << i;
	}
	for (const struct job *j = d->job; j != NULL; j = j->next)
		call_again(d, j);
	if (d->jobs > 0)
		feed_hungry(r, d);
}

/* ---- addresses */

const char *
dest_remote(const struct dest *d, size_t address, char out[400])
{
	const struct route_address *a = &d->route.address[address];
	char text[64];

	(void)snprintf(out, 400, "%s%s", a->host[0] == '[' ? "" : a->host,
	    route_text(&a->addr, text));
	return out;
}

void
dest_address_dead(struct run *r, struct dest *d, size_t address,
    const char *status, const char *why)
{
	d->dead |= 1U << address;
	d->trouble.state = ROUTE_DEFER;
	(void)strlcpy(d->trouble.status, status, sizeof(d->trouble.status));
	(void)strlcpy(d->trouble.why, why, sizeof(d->trouble.why));
	(void)dest_remote(d, address, d->remote);
	log_line(LOG_NOTICE, "host relay=%s status=%s reason=\"%s\"", d->remote,
	    status, why);
	if (d->jobs > 0)
		feed_hungry(r, d);
}

unsigned
dest_resting(const struct dest *d, int64_t now)
{
	unsigned bits = 0;

	for (size_t i = 0; i < d->route.count; i++)
		if (d->rest[i] > now)
			bits |= 1U << i;
	return bits;
}

size_t
dest_choose(const struct dest *d, unsigned not )
{
	size_t i;

	for (i = 0; i < d->route.count; i++)
		if ((not &1U << i) == 0)
			break;
	return i;
}

bool
dest_elsewhere(const struct dest *d, unsigned tried)
{
	return dest_choose(d, d->dead | tried) < d->route.count;
}
