/* RFC 7672 in short: where DNSSEC vouches for the MX records and for the
 * addresses of a host, its TLSA records count.  Those that we can use are to be
 * matched; if there are none but such as we cannot use, TLS is a must all the
 * same; if nobody can tell, the host is not to be called.  Records of the
 * usages 0 and 1, which want an authority besides, are of those that cannot be
 * used (s. 3.1.3). */
#include "mailq-run/secure.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailq-run/dest.h"
#include "mailq-run/lookup.h"
#include "session/tls.h"

enum {
	BASES = 2, /* names a host's records may stand under (s. 2.2.3) */
	TLSA_HEAD = 3,
};

/* ---- names */

/* The host's name is an alias, and the way from there to its addresses leaves
 * what is signed.  Its first step may be signed all the same (s. 2.2.2). */
static bool
strays(struct run *r, const char *host)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	const struct dns_answer *a;
	bool alias = false;

	for (size_t i = 0; i < 2; i++) {
		a = lookup_known(r, types[i], host);
		if (a == NULL || a->status != DNS_OK)
			continue;
		if (a->secure)
			return false;
		alias = alias || strcmp(a->name, host) != 0;
	}
	return alias;
}

/* The names under which the TLSA records of a host are: what its name is an
 * alias of, and itself; itself alone where only that it is one was signed.
 * None where the way to the address was not signed. */
static size_t
bases(struct run *r, const struct dest *d, const char *host,
    const char *base[BASES])
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	const struct dns_answer *a;
	size_t n = 0;

	if (!d->signed_mx)
		return 0;
	for (size_t i = 0; i < 2 && n == 0; i++) {
		a = lookup_known(r, types[i], host);
		if (a != NULL && a->status == DNS_OK && a->secure)
			base[n++] = a->name;
	}
	if (n == 0 && strays(r, host)) {
		a = lookup_known(r, DNS_CNAME, host);
		if (a != NULL && a->status == DNS_OK && a->secure)
			base[n++] = host;
	} else if (n > 0 && strcmp(base[0], host) != 0) {
		base[n++] = host;
	}
	return n;
}

static uint16_t
port(const struct run *r, const struct dest *d)
{
	return d->line != NULL ? d->line->port : r->c->smtp_port;
}

static const char *
tlsa(const struct run *r, const struct dest *d, const char *base,
    char out[DNS_NAME])
{
	int n = snprintf(out, DNS_NAME, "_%u._tcp.%s", port(r, d), base);

	return n > 0 && n < DNS_NAME ? out : NULL;
}

static bool
same_host(const struct dest *d, size_t i)
{
	return i > 0 && i < ROUTE_ADDRESSES &&
	    strcmp(d->route.address[i].host, d->route.address[i - 1].host) == 0;
}

/* A demand of `routes` that leaves TLSA records out of account; or nothing is
 * demanded, because the sender wants it so, whom only `routes` can overrule. */
static bool
settled(const struct dest *d)
{
	enum secure_level level = d->line != NULL ? d->line->tls : SECURE_MAY;

	return level == SECURE_MAY ? d->open : level != SECURE_DANE;
}

void
secure_ask_aliases(struct run *r, struct dest *d)
{
	for (size_t i = 0; i < d->route.count && d->signed_mx; i++) {
		const char *host = d->route.address[i].host;

		if (settled(d) || same_host(d, i) || !strays(r, host))
			continue;
		if (lookup(r, DNS_CNAME, host, NULL, d) == NULL)
			d->awaited++;
		lookup_pin(r, DNS_CNAME, host, 1);
	}
}

void
secure_ask(struct run *r, struct dest *d)
{
	const char *base[BASES], *name;
	char text[DNS_NAME];

	for (size_t i = 0; i < d->route.count && !settled(d); i++) {
		size_t n = same_host(d, i) ?
		    0 :
		    bases(r, d, d->route.address[i].host, base);

		for (size_t k = 0; k < n; k++) {
			name = tlsa(r, d, base[k], text);
			if (name == NULL)
				continue;
			if (lookup(r, DNS_TLSA, name, NULL, d) == NULL)
				d->awaited++;
			lookup_pin(r, DNS_TLSA, name, 1);
		}
	}
}

/* ---- records */

/* One that we can match; RFC 6698 s. 2.1. */
static bool
usable(const struct dns_rr *rr)
{
	static const size_t length[] = { 0, 32, 64 };
	const unsigned char *p = (const unsigned char *)rr->data;
	size_t n = rr->len;

	return n > TLSA_HEAD && n - TLSA_HEAD <= TLS_RECORD_MAX &&
	    (p[0] == 2 || p[0] == 3) && p[1] <= 1 && p[2] <= 2 &&
	    (p[2] == 0 || n - TLSA_HEAD == length[p[2]]);
}

/* What to prove, by these records of "base"; NULL: by none of them.  For a
 * certificate of an authority the names of the destination's domain are as
 * good as the host's. */
static struct tls_policy *
read_records(const struct dns_answer *a, const char *base, const struct dest *d)
{
	struct tls_policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->mode = TLS_DANE;
	(void)strlcpy(p->name, base, sizeof(p->name));
	(void)strlcpy(p->also[0], d->next_hop, sizeof(p->also[0]));
	(void)strlcpy(p->also[1], d->expanded, sizeof(p->also[1]));
	for (size_t i = 0; i < a->count && p->records < TLS_RECORDS_MAX; i++) {
		const char *data = a->rr[i].data;
		struct tlsa *t = &p->record[p->records];

		if (!usable(&a->rr[i]))
			continue;
		t->usage = (uint8_t)data[0];
		t->selector = (uint8_t)data[1];
		t->matching = (uint8_t)data[2];
		t->len = (uint8_t)(a->rr[i].len - TLSA_HEAD);
		memcpy(t->data, data + TLSA_HEAD, t->len);
		p->records++;
	}
	if (p->records > 0)
		return p;
	free(p);
	return NULL;
}

/* ---- decisions */

static void
demand(struct secure *s, enum secure_level level, const char *by)
{
	s->level = level;
	s->by = by;
}

/* Nobody can tell (a: NULL or DNS_TEMP) what the address would have to prove.
 * -1. */
static int
untold(struct run *r, struct dest *d, size_t i, const char *name,
    const char *type, const struct dns_answer *a)
{
	char why[300];

	(void)snprintf(why, sizeof(why), "DNS look-up of %.200s (%s): %s", name,
	    type, a == NULL ? "out of memory" : a->why);
	dest_address_dead(r, d, i, "4.7.5", why);
	return -1;
}

/* By the TLSA records of its host.  0; -1: the address is dead. */
static int
by_records(struct run *r, struct dest *d, size_t i)
{
	const char *base[BASES], *name, *host = d->route.address[i].host;
	struct secure *s = &d->secure[i];
	const struct dns_answer *a;
	char text[DNS_NAME];
	size_t n = bases(r, d, host, base);

	if (n == 0 && d->signed_mx && strays(r, host)) {
		a = lookup_known(r, DNS_CNAME, host);
		if (a == NULL || a->status == DNS_TEMP)
			return untold(r, d, i, host, "CNAME", a);
	}
	for (size_t k = 0; k < n && s->dane == NULL; k++) {
		name = tlsa(r, d, base[k], text);
		a = name == NULL ? NULL : lookup_known(r, DNS_TLSA, name);
		if (name == NULL)
			continue;
		if (a == NULL || a->status == DNS_TEMP)
			return untold(r, d, i, name, "TLSA", a);
		if (a->status != DNS_OK || !a->secure)
			continue;
		s->dane = read_records(a, base[k], d);
		demand(s, s->dane != NULL ? SECURE_DANE : SECURE_ENCRYPT,
		    "DANE");
		break;
	}
	return 0;
}

static void
decide(struct run *r, struct dest *d, size_t i)
{
	struct secure *s = &d->secure[i];

	demand(s, SECURE_MAY, "");
	if (settled(d)) {
		if (d->line != NULL)
			demand(s, d->line->tls, "routes");
		return;
	}
	if (by_records(r, d, i) == -1)
		return;
	if (s->level < SECURE_VERIFY && d->sts)
		demand(s, SECURE_VERIFY, "MTA-STS");
	if (s->level != SECURE_DANE && d->line != NULL &&
	    d->line->tls == SECURE_DANE)
		dest_address_dead(r, d, i, "4.7.5",
		    "routes demands DANE, but no TLSA record that can be used "
		    "is vouched for by DNSSEC");
}

void
secure_decide(struct run *r, struct dest *d)
{
	const char *base[BASES], *name;
	char text[DNS_NAME];

	for (size_t i = 0; i < d->route.count; i++)
		decide(r, d, i);
	for (size_t i = 0; i < d->route.count && !settled(d); i++) {
		size_t n = same_host(d, i) ?
		    0 :
		    bases(r, d, d->route.address[i].host, base);

		for (size_t k = 0; k < n; k++)
			if ((name = tlsa(r, d, base[k], text)) != NULL)
				lookup_pin(r, DNS_TLSA, name, -1);
		if (d->signed_mx && !same_host(d, i) &&
		    strays(r, d->route.address[i].host))
			lookup_pin(r, DNS_CNAME, d->route.address[i].host, -1);
	}
}

void
secure_free(struct dest *d)
{
	for (size_t i = 0; i < ROUTE_ADDRESSES; i++)
		free(d->secure[i].dane);
}

void
secure_policy(const struct dest *d, size_t address, struct tls_policy *p)
{
	const struct secure *s = &d->secure[address];
	const char *host = d->route.address[address].host;

	if (s->dane != NULL) {
		*p = *s->dane;
		return;
	}
	*p = (struct tls_policy){
		.mode = s->level == SECURE_VERIFY ? TLS_VERIFY : TLS_MAY,
	};
	if (host[0] != '[')
		(void)strlcpy(p->name, host, sizeof(p->name));
}

enum start_tls
secure_tls(const struct dest *d, size_t address)
{
	if (d->local)
		return START_INSIDE;
	switch (d->secure[address].level) {
	case SECURE_NEVER:
		return START_CLEAR;
	case SECURE_MAY:
		return (d->clear & 1U << address) == 0 ? START_MAY :
							 START_CLEAR;
	case SECURE_ENCRYPT:
		return START_MUST;
	default:
		return START_SURE;
	}
}

void
secure_start(const struct run *r, const struct dest *d, size_t address,
    struct start *s)
{
	const struct routes_line *line = d->line;
	const struct routes_login *login = line == NULL ? NULL : line->login;

	*s = (struct start){
		.hello = r->c->hostname,
		.tls = secure_tls(d, address),
		.smtps = line != NULL && line->smtps,
		.by = d->local ? "" : d->secure[address].by,
		.user = login == NULL ? "" : login->user,
		.password = login == NULL ? "" : login->password,
		.hurry = r->hurry,
	};
}
