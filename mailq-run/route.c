#include "mailq-run/route.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailq-run/reach.h"
#include "message/domain.h"

static void __attribute__((format(printf, 4, 5)))
decide(struct route_verdict *v, enum route_state state, const char *status,
    const char *format, ...)
{
	va_list ap;

	v->state = state;
	(void)strlcpy(v->status, status, sizeof(v->status));
	va_start(ap, format);
	(void)vsnprintf(v->why, sizeof(v->why), format, ap);
	va_end(ap);
}

/* A name of the public DNS, which has no business to point into private
 * networks (RFC 6761, 6762, 8375 and single labels are not). */
static bool
is_public(const char *domain)
{
	static const char *const inner[] = {
		"test",
		"local",
		"localhost",
		"internal",
		"lan",
		"home",
		"corp",
		"example",
		"invalid",
		"intranet",
		"private",
	};
	const char *dot = strrchr(domain, '.');
	size_t n = strlen(domain);

	if (dot == NULL)
		return false;
	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++)
		if (strcmp(dot + 1, inner[i]) == 0)
			return false;
	return n < 9 || strcmp(domain + n - 9, "home.arpa") != 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct route_host *x = a, *y = b;

	if (x->preference != y->preference)
		return (int)x->preference - (int)y->preference;
	return strcmp(x->name, y->name);
}

/* Fold the names; what is no host name falls out.  "null" counts ".". */
static size_t
read_hosts(struct route_mx *r, const struct dns_answer *mx)
{
	size_t null = 0;

	for (size_t i = 0; i < mx->count; i++) {
		struct route_host *h = &r->host[r->count];
		const struct dns_rr *rr = &mx->rr[i];

		if (rr->len == 0)
			null++;
		else if (domain_fold(h->name, span_n(rr->data, rr->len)) == 0) {
			h->preference = rr->preference;
			r->count++;
		}
	}
	qsort(r->host, r->count, sizeof(*r->host), by_name);
	return null;
}

/* Our own name in the list: it and all that is not better goes (s. 5.1). */
static void
drop_self(struct route_mx *r, const char *hostname)
{
	char own[DOMAIN_MAX + 1];
	size_t at;

	if (domain_fold(own, span(hostname)) == -1)
		return;
	for (at = 0; at < r->count; at++)
		if (strcmp(r->host[at].name, own) == 0 ||
		    strcmp(r->host[at].name, "localhost") == 0)
			break;
	if (at == r->count)
		return;
	r->self = true;
	for (size_t i = 0; i <= at; i++)
		if (r->host[i].preference == r->host[at].preference) {
			r->count = i;
			return;
		}
}

static void
from_records(struct route_mx *r, const char *domain,
    const struct dns_answer *mx, const struct route_self *self)
{
	size_t null = read_hosts(r, mx);

	if (r->count == 0 && null > 0) {
		decide(&r->verdict, ROUTE_FAIL, "5.1.10",
		    "%s does not accept mail (null MX)", domain);
		return;
	}
	if (r->count == 0) {
		decide(&r->verdict, ROUTE_FAIL, "5.4.4",
		    "%s has no mail exchanger that is a host name", domain);
		return;
	}
	drop_self(r, self->hostname);
	if (r->count == 0)
		decide(&r->verdict, ROUTE_FAIL, "5.4.6",
		    "mail for %s loops back to us", domain);
}

void
route_mx(struct route_mx *r, const char *domain, const struct dns_answer *mx,
    const struct route_self *self)
{
	memset(r, 0, sizeof(*r));
	r->public = is_public(domain);
	decide(&r->verdict, ROUTE_OK, "2.0.0", "%s", "");
	switch (mx->status) {
	case DNS_OK:
		from_records(r, domain, mx, self);
		return;
	case DNS_NODATA:
		r->implicit = true;
		r->count = 1;
		(void)strlcpy(r->host[0].name, domain, DNS_NAME);
		return;
	case DNS_NXDOMAIN:
		decide(&r->verdict, ROUTE_FAIL, "5.1.2",
		    "domain %s does not exist", domain);
		return;
	case DNS_LOOP:
		decide(&r->verdict, ROUTE_FAIL, "5.4.4",
		    "the name %s leads in circles (CNAME)", domain);
		return;
	case DNS_TEMP:
		decide(&r->verdict, ROUTE_DEFER, "4.4.3",
		    "DNS look-up of %s: %s", domain, mx->why);
		return;
	}
}

void
route_key(struct buf *b, const struct route_mx *r)
{
	buf_char(b, r->public ? 'p' : 'i');
	for (size_t i = 0; i < r->count; i++)
		buf_printf(b, " %u %s", r->host[i].preference, r->host[i].name);
}

void
route_shuffle(struct route_mx *r, const struct route_self *self)
{
	struct route_host t;
	size_t from, to, other;

	for (from = 0; from < r->count; from = to) {
		to = from + 1;
		while (to < r->count &&
		    r->host[to].preference == r->host[from].preference)
			to++;
		for (size_t i = to - 1; i > from; i--) {
			other = from + self->random((uint32_t)(i - from + 1));
			t = r->host[i];
			r->host[i] = r->host[other];
			r->host[other] = t;
		}
	}
}

/* ---- addresses */

/* Same address, ports aside. */
static bool
same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	struct sockaddr_in x4, y4;
	struct sockaddr_in6 x6, y6;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		memcpy(&x4, a, sizeof(x4));
		memcpy(&y4, b, sizeof(y4));
		return x4.sin_addr.s_addr == y4.sin_addr.s_addr;
	}
	memcpy(&x6, a, sizeof(x6));
	memcpy(&y6, b, sizeof(y6));
	return memcmp(&x6.sin6_addr, &y6.sin6_addr, 16) == 0;
}

static bool
is_own(const struct sockaddr_storage *ss, const struct route_self *self)
{
	for (size_t i = 0; i < self->own; i++)
		if (same(ss, &self->addr[i]))
			return true;
	return false;
}

static enum reach
reach(const struct sockaddr_storage *ss)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		return reach_of(AF_INET, (const void *)&in.sin_addr);
	}
	memcpy(&in6, ss, sizeof(in6));
	return reach_of(AF_INET6, in6.sin6_addr.s6_addr);
}

static void
fill(struct route_address *out, const struct dns_rr *rr, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (rr->len == 4) {
		memcpy(&in.sin_addr, rr->data, 4);
		in.sin_port = htons(port);
		memcpy(&out->addr, &in, sizeof(in));
		out->len = sizeof(in);
	} else {
		memcpy(&in6.sin6_addr, rr->data, 16);
		in6.sin6_port = htons(port);
		memcpy(&out->addr, &in6, sizeof(in6));
		out->len = sizeof(in6);
	}
}

/* What was seen on the way, to name the reason when nothing is left. */
struct seen {
	bool own, loopback, private, temp;
	const char *why;
};

/* May this address be used?  Notes why not. */
static bool
usable(const struct route_address *a, const struct route_mx *r,
    const struct route_self *self, struct seen *seen)
{
	if (is_own(&a->addr, self)) {
		seen->own = true;
		return false;
	}
	switch (reach(&a->addr)) {
	case REACH_ALL:
		return true;
	case REACH_HOST:
		seen->loopback = !self->inside;
		return self->inside;
	case REACH_SITE:
		if (!r->public || self->inside)
			return true;
		seen->private = true;
		return false;
	default:
		return false;
	}
}

enum { TURNS = 2 * DNS_RRS };

/* Host i's addresses, families in turn. */
static void
add_host(struct route *out, const struct route_mx *r, size_t i,
    const struct dns_answer *first, const struct dns_answer *second,
    uint16_t port, const struct route_self *self, struct seen *seen)
{
	size_t end = out->count + ROUTE_PER_HOST;

	for (size_t k = 0; k < TURNS && out->count < end; k++) {
		const struct dns_answer *from = k % 2 == 0 ? first : second;
		struct route_address *a = &out->address[out->count];

		if (from->status == DNS_TEMP) {
			seen->temp = true;
			seen->why = from->why;
		}
		if (from->status != DNS_OK || k / 2 >= from->count)
			continue;
		fill(a, &from->rr[k / 2], port);
		if (!usable(a, r, self, seen))
			continue;
		(void)strlcpy(a->host, r->host[i].name, sizeof(a->host));
		a->preference = r->host[i].preference;
		out->count++;
	}
}

/* One of our addresses: its host and all that is not better goes. */
static void
cut_at(struct route *out, uint16_t preference)
{
	while (out->count > 0 &&
	    out->address[out->count - 1].preference >= preference)
		out->count--;
}

static void
explain(struct route_verdict *v, const struct route_mx *r,
    const struct seen *seen)
{
	const char *host = r->host[0].name;

	if (seen->temp)
		decide(v, ROUTE_DEFER, "4.4.3", "DNS look-up of %s: %s", host,
		    seen->why);
	else if (seen->own || r->self)
		decide(v, ROUTE_FAIL, "5.4.6", "mail for %s loops back to us",
		    host);
	else if (seen->loopback)
		decide(v, ROUTE_FAIL, "5.4.6",
		    "mail exchanger %s has a loopback address", host);
	else if (seen->private)
		decide(v, ROUTE_FAIL, "5.4.4",
		    "mail exchanger %s has a private address", host);
	else if (r->implicit)
		decide(v, ROUTE_FAIL, "5.4.4",
		    "%s has neither mail exchanger nor address", host);
	else
		decide(v, ROUTE_FAIL, "5.4.4",
		    "mail exchanger %s has no address", host);
}

void
route_addresses(struct route *out, const struct route_mx *r, size_t n,
    const struct dns_answer *const *a, const struct dns_answer *const *aaaa,
    uint16_t port, bool v6, const struct route_self *self)
{
	struct seen seen = { .why = "" };

	memset(out, 0, sizeof(*out));
	decide(&out->verdict, ROUTE_OK, "2.0.0", "%s", "");
	for (size_t i = 0; i < n && i < ROUTE_HOSTS; i++) {
		bool temp = seen.temp; /* of those that are better */

		add_host(out, r, i, v6 ? aaaa[i] : a[i], v6 ? a[i] : aaaa[i],
		    port, self, &seen);
		if (seen.own) {
			cut_at(out, r->host[i].preference);
			seen.temp = temp;
			break;
		}
	}
	if (out->count == 0)
		explain(&out->verdict, r, &seen);
}

static void
set_port(struct sockaddr_storage *ss, uint16_t port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		in.sin_port = htons(port);
		memcpy(ss, &in, sizeof(in));
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		in6.sin6_port = htons(port);
		memcpy(ss, &in6, sizeof(in6));
	}
}

int
route_literal(struct route *out, const char *address, uint16_t port)
{
	struct route_address *a = &out->address[0];
	char literal[DNS_NAME + 8];

	if (address[0] == '[')
		(void)snprintf(literal, sizeof(literal), "%s", address);
	else
		(void)snprintf(literal, sizeof(literal), "[%s%s]",
		    strchr(address, ':') != NULL ? "IPv6:" : "", address);
	memset(out, 0, sizeof(*out));
	if (domain_literal(span(literal), &a->addr, &a->len) == -1)
		return -1;
	set_port(&a->addr, port);
	(void)strlcpy(a->host, literal, sizeof(a->host));
	out->count = 1;
	return 0;
}

const char *
route_text(const struct sockaddr_storage *ss, char *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char ip[INET6_ADDRSTRLEN];

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, ip, sizeof(ip));
		(void)snprintf(out, 64, "[%s]:%u", ip, ntohs(in.sin_port));
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, ip, sizeof(ip));
		(void)snprintf(out, 64, "[%s]:%u", ip, ntohs(in6.sin6_port));
	} else {
		(void)strlcpy(out, "[submit]", 64);
	}
	return out;
}
