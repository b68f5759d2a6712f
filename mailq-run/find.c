/* A domain leads to a destination once its MX records are known; domains with
 * the same set of hosts share one, and with it connections and limits.  Not so
 * where DNSSEC vouches for those records: a certificate may then be one of the
 * domain's name (RFC 7672 s. 3.2.2), and who has a certificate for a domain of
 * his own, and lets its MX records lead to the hosts of others, must not get
 * their mail. */
#include "mailq-run/find.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "mailq-run/dest.h"
#include "mailq-run/fetch.h"
#include "mailq-run/lookup.h"
#include "mailq-run/mail.h"
#include "mailq-run/secure.h"
#include "message/domain.h"
#include "message/fail.h"

enum { KEY = DNS_RRS * (DNS_NAME + 8) };

static struct domain *
domain_get(struct run *r, const char *name, bool open, bool *fresh)
{
	size_t n;
	struct domain **at = &r->domain[run_hash(name) % RUN_ROWS], *d;

	*fresh = false;
	while (*at != NULL &&
	    ((*at)->open != open || strcmp((*at)->name, name) != 0))
		at = &(*at)->chain;
	if (*at != NULL)
		return *at;
	n = strlen(name) + 1;
	d = calloc(1, sizeof(*d) + n);
	if (d == NULL)
		return NULL;
	memcpy(d->name, name, n);
	d->open = open;
	d->last = &d->job;
	r->domains++;
	*fresh = true;
	return *at = d;
}

/* ---- the hosts */

/* Their look-ups are kept (1) or need not be any more (-1). */
static void
pin(struct run *r, const struct dest *d, int by)
{
	for (size_t i = 0; i < ROUTE_HOSTS && i < d->mx->count; i++) {
		lookup_pin(r, DNS_A, d->mx->host[i].name, by);
		lookup_pin(r, DNS_AAAA, d->mx->host[i].name, by);
	}
}

static void
forget_hosts(struct run *r, struct dest *d)
{
	pin(r, d, -1);
	free(d->mx);
	d->mx = NULL;
}

static void
secured(struct run *r, struct dest *d)
{
	secure_decide(r, d);
	if (d->mx != NULL)
		forget_hosts(r, d);
	dest_ready(r, d);
}

static void
find_addresses(struct run *r, struct dest *d)
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
	    d->line != NULL ? d->line->port : r->c->smtp_port, r->v6,
	    d->line != NULL ? &anywhere : &r->self);
}

/* Which names are signed aliases is known. */
static void
told(struct run *r, struct dest *d)
{
	d->state = DEST_SECURING;
	secure_ask(r, d);
	if (d->awaited == 0)
		secured(r, d);
}

static void
resolved(struct run *r, struct dest *d)
{
	find_addresses(r, d);
	if (d->line != NULL && d->route.verdict.state == ROUTE_FAIL) {
		/* A slip in the configuration returns no mail. */
		d->route.verdict.state = ROUTE_DEFER;
		d->route.verdict.status[0] = '4';
	}
	if (d->route.verdict.state != ROUTE_OK) {
		forget_hosts(r, d);
		dest_die(r, d, &d->route.verdict);
		return;
	}
	d->state = DEST_ALIASES;
	secure_ask_aliases(r, d);
	if (d->awaited == 0)
		told(r, d);
}

void
find_host_known(struct run *r, struct dest *d)
{
	if (--d->awaited > 0)
		return;
	if (d->state == DEST_RESOLVING)
		resolved(r, d);
	else if (d->state == DEST_ALIASES)
		told(r, d);
	else
		secured(r, d);
}

static void
resolve(struct run *r, struct dest *d, const struct route_mx *mx)
{
	d->mx = malloc(sizeof(*mx));
	if (d->mx == NULL) {
		const struct route_verdict v = { ROUTE_DEFER, "4.3.0",
			"out of memory" };

		dest_die(r, d, &v);
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
	}
	pin(r, d, 1);
	if (d->awaited == 0)
		resolved(r, d);
}

/* Only hosts of the domain's policy, if it has one (RFC 8461 s. 5).  Whether it
 * has. */
static bool
enforce(struct run *r, const struct domain *domain, struct route_mx *mx)
{
	static struct sts s;
	size_t n = 0;

	if (mx->verdict.state != ROUTE_OK || !fetch_enforced(r, domain, &s))
		return false;
	for (size_t i = 0; i < mx->count; i++)
		if (sts_match(&s, mx->host[i].name))
			mx->host[n++] = mx->host[i];
	mx->count = n;
	if (n > 0)
		return true;
	mx->verdict.state = ROUTE_DEFER;
	(void)strlcpy(mx->verdict.status, "4.7.5", sizeof(mx->verdict.status));
	(void)snprintf(mx->verdict.why, sizeof(mx->verdict.why),
	    "the MTA-STS policy of %.250s names none of its mail exchangers",
	    domain->name);
	return true;
}

/* The destination that mail for the domain has. */
static struct dest *
lead(struct run *r, struct domain *domain, const struct dns_answer *a)
{
	static struct route_mx mx;
	struct buf key;
	struct dest *d;
	bool fresh, sts;

	route_mx(&mx, domain->name, a, &r->self);
	sts = !domain->open && enforce(r, domain, &mx);
	buf_init(&key, KEY);
	if (mx.verdict.state == ROUTE_OK) {
		if (a->secure)
			buf_printf(&key, "%s ", domain->name);
		buf_str(&key, domain->open ? "o" : sts ? "s" : "-");
		route_key(&key, &mx);
	} else {
		buf_printf(&key, "! %s", domain->name);
	}
	d = key.over ? NULL : dest_get(r, key.p, &fresh);
	buf_free(&key);
	if (d == NULL || !fresh)
		return d;
	d->signed_mx = a->secure;
	d->sts = sts;
	d->open = domain->open;
	(void)strlcpy(d->next_hop, domain->name, sizeof(d->next_hop));
	if (a->secure && strcmp(a->name, domain->name) != 0)
		(void)strlcpy(d->expanded, a->name, sizeof(d->expanded));
	if (mx.verdict.state == ROUTE_OK)
		resolve(r, d, &mx);
	else
		dest_die(r, d, &mx.verdict);
	return d;
}

void
find_domain_known(struct run *r, struct domain *domain)
{
	const struct route_verdict v = { ROUTE_DEFER, "4.3.0",
		"out of memory" };
	const struct dns_answer *a;
	struct job *j;

	if (--domain->awaited > 0 || (!domain->open && fetch_more(r, domain)))
		return;
	a = lookup_known(r, DNS_MX, domain->name);
	domain->dest = a == NULL ? NULL : lead(r, domain, a);
	lookup_pin(r, DNS_MX, domain->name, -1);
	if (domain->dest != NULL)
		domain->dest->domains++;
	while ((j = domain->job) != NULL) {
		domain->job = j->next;
		if (domain->dest != NULL)
			dest_enter(r, domain->dest, j);
		else
			dest_abandon(r, j, &v, "");
	}
	domain->last = &domain->job;
}

/* Our own mailboxes, and what its filters are to see first: through the socket
 * of smtp-session. */
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
		dest_die(r, d, &v);
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
		secured(r, d);
	else
		dest_die(r, d, &v);
	return d;
}

/* Where a line of `routes` leads. */
static struct dest *
fixed(struct run *r, const struct routes_line *line, bool open)
{
	static struct route_mx mx;
	char key[DOMAIN_MAX + sizeof(line->auth) + 40];
	struct dest *d;
	bool fresh;

	/* Another line may want another login there. */
	(void)snprintf(key, sizeof(key), "> %s:%u %d %d %d %s", line->host,
	    line->port, (int)line->tls, line->smtps, open, line->auth);
	d = dest_get(r, key, &fresh);
	if (d == NULL || !fresh)
		return d;
	d->line = line;
	d->open = open;
	d->signed_mx = true; /* there is none that could lie */
	(void)strlcpy(d->next_hop, line->host, sizeof(d->next_hop));
	if (route_literal(&d->route, line->host, line->port) == 0) {
		secured(r, d);
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
	bool fresh, open = j->mail->open;
	struct domain *d;

	d = domain_get(r, name, open, &fresh);
	if (d == NULL) {
		dest_abandon(r, j, &v, "");
		return;
	}
	if (d->dest == NULL && line != NULL) {
		d->dest = fixed(r, line, open);
		if (d->dest != NULL)
			d->dest->domains++;
	}
	if (d->dest != NULL) {
		dest_enter(r, d->dest, j);
		return;
	}
	j->next = NULL;
	*d->last = j;
	d->last = &j->next;
	if (!fresh)
		return;
	d->awaited = 1;
	if (lookup(r, DNS_MX, name, d, NULL) == NULL)
		d->awaited++;
	lookup_pin(r, DNS_MX, name, 1);
	if (!open)
		fetch_ask(r, d);
	find_domain_known(r, d);
}

void
find_queue(struct run *r, struct job *j, const char *name)
{
	struct route_verdict v = { .state = ROUTE_DEFER };
	char domain[DOMAIN_MAX + 1] = "";
	struct dest *d = NULL;
	int ours = 1;

	/* Once nobody filters any more it needs no smtp-session either. */
	if (j->mail->e.env.report && r->c->milters_local[0] != '\0') {
		d = local(r);
	} else if (name[0] == '[') {
		d = literal(r, name);
	} else if (name[0] != '\0' && domain_fold(domain, span(name)) == -1) {
		v = (struct route_verdict){ ROUTE_FAIL, "5.1.2",
			"not a domain name" };
		dest_abandon(r, j, &v, "");
		return;
	} else {
		ours = name[0] == '\0' ? 1 : config_domain(r->c, domain);
		if (ours == 1)
			d = local(r);
	}
	if (ours == 0) {
		queue_domain(r, j, domain);
	} else if (d != NULL) {
		dest_enter(r, d, j);
	} else {
		(void)strlcpy(v.status, "4.3.0", sizeof(v.status));
		(void)strlcpy(v.why, ours == -1 ? fail_text() : "out of memory",
		    sizeof(v.why));
		dest_abandon(r, j, &v, "");
	}
}
