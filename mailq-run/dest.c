/* A domain leads to a destination once its MX records are known; domains with
 * the same set of hosts share one, and with it connections and limits. */
#include "mailq-run/dest.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "mailq-run/feed.h"
#include "mailq-run/lookup.h"
#include "mailq-run/mail.h"
#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"

enum { KEY = DNS_RRS * (DNS_NAME + 8) };

/* ---- tables */

static struct dest *
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
	d->limit = RUN_START;
	*fresh = true;
	return *at = d;
}

static struct domain *
domain_get(struct run *r, const char *name, bool *fresh)
{
	size_t n;
	struct domain **at = &r->domain[run_hash(name) % RUN_ROWS], *d;

	*fresh = false;
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->chain;
	if (*at != NULL)
		return *at;
	n = strlen(name) + 1;
	d = calloc(1, sizeof(*d) + n);
	if (d == NULL)
		return NULL;
	memcpy(d->name, name, n);
	d->last = &d->job;
	r->domains++;
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

static void
give_up(struct run *r, struct job *j, const struct route_verdict *v,
    const char *remote)
{
	mail_verdict_all(r, j,
	    v->state == ROUTE_FAIL ? VERDICT_FAIL : VERDICT_DEFER, v->status,
	    remote, v->why);
	mail_job_over(r, j);
}

static void
queue_at(struct run *r, struct dest *d, struct job *j)
{
	j->dest = d;
	if (d->state == DEST_DEAD) {
		give_up(r, j, &d->trouble, "");
		return;
	}
	j->next = NULL;
	j->since = run_ms();
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
	queue_at(r, j->dest, j);
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
	give_up(r, j, &d->trouble, d->remote);
}

static void
empty(struct run *r, struct dest *d)
{
	while (d->job != NULL)
		dest_give_up(r, d);
}

/* ---- finding the hosts */

static void
die(struct run *r, struct dest *d, const struct route_verdict *v)
{
	d->state = DEST_DEAD;
	d->trouble = *v;
	d->remote[0] = '\0';
	empty(r, d);
}

/* The addresses are known.  Those that did not answer in an earlier run have
 * their turn later. */
static void
ready(struct run *r, struct dest *d)
{
	char text[64], why[HOSTS_WHY + 32];

	d->state = DEST_READY;
	for (size_t i = 0; i < d->route.count; i++) {
		const char *dead = hosts_find(&r->hosts,
		    route_text(&d->route.address[i].addr, text), run_time(r));

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

static void
resolved(struct run *r, struct dest *d)
{
	static struct dns_answer none = { .status = DNS_TEMP,
		.why = "out of memory" };
	/* Who writes `routes` may mean this very host. */
	static const struct route_self anywhere = { .inside = true };
	const struct dns_answer *a[ROUTE_HOSTS], *aaaa[ROUTE_HOSTS];
	size_t n;

	for (n = 0; n < ROUTE_HOSTS && n < d->mx->count; n++) {
		a[n] = lookup_known(r, DNS_A, d->mx->host[n].name);
		aaaa[n] = lookup_known(r, DNS_AAAA, d->mx->host[n].name);
		if (a[n] == NULL)
			a[n] = &none;
		if (aaaa[n] == NULL)
			aaaa[n] = &none;
	}
	route_addresses(&d->route, d->mx, n, a, aaaa,
	    d->fixed != 0 ? d->fixed : r->c->smtp_port, false,
	    d->fixed != 0 ? &anywhere : &r->self);
	for (n = 0; n < ROUTE_HOSTS && n < d->mx->count; n++) {
		lookup_pin(r, DNS_A, d->mx->host[n].name, -1);
		lookup_pin(r, DNS_AAAA, d->mx->host[n].name, -1);
	}
	free(d->mx);
	d->mx = NULL;
	if (d->fixed != 0 && d->route.verdict.state == ROUTE_FAIL) {
		/* A slip in the configuration returns no mail. */
		d->route.verdict.state = ROUTE_DEFER;
		d->route.verdict.status[0] = '4';
	}
	if (d->route.verdict.state != ROUTE_OK) {
		die(r, d, &d->route.verdict);
		return;
	}
	ready(r, d);
}

void
dest_host_known(struct run *r, struct dest *d)
{
	if (--d->awaited == 0)
		resolved(r, d);
}

static void
resolve(struct run *r, struct dest *d, const struct route_mx *mx)
{
	d->mx = malloc(sizeof(*mx));
	if (d->mx == NULL) {
		const struct route_verdict v = { ROUTE_DEFER, "4.3.0",
			"out of memory" };

		die(r, d, &v);
		return;
	}
	*d->mx = *mx;
	route_shuffle(d->mx, &r->self);
	for (size_t i = 0; i < ROUTE_HOSTS && i < mx->count; i++) {
		const char *host = d->mx->host[i].name;

		if (lookup(r, DNS_A, host, NULL, d) == NULL)
			d->awaited++;
		if (lookup(r, DNS_AAAA, host, NULL, d) == NULL)
			d->awaited++;
		lookup_pin(r, DNS_A, host, 1);
		lookup_pin(r, DNS_AAAA, host, 1);
	}
	if (d->awaited == 0)
		resolved(r, d);
}

/* The destination that mail for the domain has. */
static struct dest *
lead(struct run *r, struct domain *domain, const struct dns_answer *a)
{
	static struct route_mx mx;
	struct buf key;
	struct dest *d;
	bool fresh;

	route_mx(&mx, domain->name, a, &r->self);
	buf_init(&key, KEY);
	if (mx.verdict.state == ROUTE_OK)
		route_key(&key, &mx);
	else
		buf_printf(&key, "! %s", domain->name);
	d = key.over ? NULL : dest_get(r, key.p, &fresh);
	buf_free(&key);
	if (d == NULL || !fresh)
		return d;
	if (mx.verdict.state == ROUTE_OK)
		resolve(r, d, &mx);
	else
		die(r, d, &mx.verdict);
	return d;
}

void
dest_domain_known(struct run *r, struct domain *domain,
    const struct dns_answer *a)
{
	const struct route_verdict v = { ROUTE_DEFER, "4.3.0",
		"out of memory" };
	struct job *j;

	domain->dest = lead(r, domain, a);
	if (domain->dest != NULL)
		domain->dest->domains++;
	while ((j = domain->job) != NULL) {
		domain->job = j->next;
		if (domain->dest != NULL)
			queue_at(r, domain->dest, j);
		else
			give_up(r, j, &v, "");
	}
	domain->last = &domain->job;
}

/* Our own mailboxes: through the socket of smtp-session. */
static struct dest *
local(struct run *r)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	static const struct route_verdict v = { ROUTE_DEFER, "4.3.5",
		"the path of the submit socket is too long" };
	struct route_address *a;
	struct dest *d;
	bool fresh;
	int n;

	d = dest_get(r, ". local", &fresh);
	if (d == NULL || !fresh)
		return d;
	n = snprintf(un.sun_path, sizeof(un.sun_path), "%s/submit", r->c->run);
	if (n < 0 || (size_t)n >= sizeof(un.sun_path)) {
		die(r, d, &v);
		return d;
	}
	a = &d->route.address[0];
	d->local = true;
	d->route.count = 1;
	d->state = DEST_READY;
	(void)strlcpy(a->host, r->c->hostname, sizeof(a->host));
	memcpy(&a->addr, &un, sizeof(un));
	a->len = sizeof(un);
	return d;
}

static struct dest *
literal(struct run *r, const char *domain)
{
	const struct route_verdict v = { ROUTE_FAIL, "5.1.2",
		"bad address literal" };
	struct dest *d;
	bool fresh;

	d = dest_get(r, domain, &fresh);
	if (d == NULL || !fresh)
		return d;
	if (route_literal(&d->route, domain, r->c->smtp_port) == 0)
		ready(r, d);
	else
		die(r, d, &v);
	return d;
}

/* Where a line of `routes` leads. */
static struct dest *
fixed(struct run *r, const struct routes_line *line)
{
	static struct route_mx mx;
	char key[DOMAIN_MAX + 16];
	struct dest *d;
	bool fresh;

	(void)snprintf(key, sizeof(key), "> %s:%u", line->host, line->port);
	d = dest_get(r, key, &fresh);
	if (d == NULL || !fresh)
		return d;
	d->fixed = line->port;
	if (route_literal(&d->route, line->host, line->port) == 0) {
		ready(r, d);
		return d;
	}
	mx = (struct route_mx){ .implicit = true, .count = 1 };
	(void)strlcpy(mx.host[0].name, line->host, DNS_NAME);
	resolve(r, d, &mx);
	return d;
}

/* A domain of the DNS. */
static void
queue_domain(struct run *r, struct job *j, const char *name)
{
	const struct route_verdict v = { ROUTE_DEFER, "4.3.0",
		"out of memory" };
	const struct routes_line *line = routes_find(r->routes, name);
	const struct dns_answer *a;
	struct domain *d;
	bool fresh;

	d = domain_get(r, name, &fresh);
	if (d == NULL) {
		give_up(r, j, &v, "");
		return;
	}
	if (d->dest == NULL && line != NULL) {
		d->dest = fixed(r, line);
		if (d->dest != NULL)
			d->dest->domains++;
	}
	if (d->dest != NULL) {
		queue_at(r, d->dest, j);
		return;
	}
	j->next = NULL;
	*d->last = j;
	d->last = &j->next;
	if (!fresh)
		return;
	a = lookup(r, DNS_MX, name, d, NULL);
	if (a != NULL)
		dest_domain_known(r, d, a);
}

void
dest_queue(struct run *r, struct job *j, const char *name)
{
	struct route_verdict v = { .state = ROUTE_DEFER };
	char domain[DOMAIN_MAX + 1] = "";
	struct dest *d = NULL;
	int ours = 1;

	if (name[0] == '[') {
		d = literal(r, name);
	} else if (name[0] != '\0' && domain_fold(domain, span(name)) == -1) {
		v = (struct route_verdict){ ROUTE_FAIL, "5.1.2",
			"not a domain name" };
		give_up(r, j, &v, "");
		return;
	} else {
		ours = name[0] == '\0' ? 1 : config_domain(r->c, domain);
		if (ours == 1)
			d = local(r);
	}
	if (ours == 0) {
		queue_domain(r, j, domain);
	} else if (d != NULL) {
		queue_at(r, d, j);
	} else {
		(void)strlcpy(v.status, "4.3.0", sizeof(v.status));
		(void)strlcpy(v.why, ours == -1 ? fail_text() : "out of memory",
		    sizeof(v.why));
		give_up(r, j, &v, "");
	}
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
