#include "smtp-session/names.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mailq-run/resolver.h"
#include "message/clock.h"
#include "message/domain.h"
#include "session/log.h"
#include "session/record.h"
#include "smtp-session/resolve.h"

/* ---- the resolver */

noreturn void
names_resolver(int sock, const struct config *c)
{
	resolver_alone(sock, c, NAMES_HURRY);
}

/* ---- questions */

static uint32_t last_id;

/* The next answer to a question from "id" on; what comes late for an earlier
 * one is passed over.  0; -1: none by "end". */
static int
hear(int sock, uint32_t id, int64_t end, struct dns_answer *a)
{
	static struct record r;
	int64_t left;

	while ((left = end - clock_ms()) > 0 &&
	    record_recv(sock, &r, NULL, (int)left) == 1)
		if (dns_answer(&r, a) == 0 && a->id >= id && a->id <= last_id)
			return 0;
	return -1;
}

enum dns_status
names_ask(int sock, enum dns_type type, const char *name, struct dns_answer *a)
{
	int64_t end = clock_ms() + NAMES_SECONDS * 1000;

	if (dns_ask(sock, ++last_id, type, name) == 0 &&
	    hear(sock, last_id, end, a) == 0)
		return a->status;
	a->count = 0;
	return a->status = DNS_TEMP;
}

static enum policy_domain
by_status(enum dns_status s)
{
	switch (s) {
	case DNS_OK:
		return DOMAIN_GOOD;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return DOMAIN_MISSING;
	case DNS_LOOP:
	case DNS_TEMP:
		break;
	}
	return DOMAIN_UNSURE;
}

enum policy_domain
names_domain(int sock, const char *domain)
{
	static struct dns_answer a;
	char folded[DOMAIN_MAX + 1];
	enum policy_domain v4, v6;

	if (domain[0] == '[')
		return DOMAIN_GOOD;
	if (domain_fold(folded, span(domain)) == -1)
		return DOMAIN_MISSING;
	switch (names_ask(sock, DNS_MX, folded, &a)) {
	case DNS_OK: /* RFC 7505 */
		return a.count == 1 && a.rr[0].data[0] == '\0' ? DOMAIN_MUTE :
								 DOMAIN_GOOD;
	case DNS_NODATA:
		break;
	default:
		return by_status(a.status);
	}
	v4 = by_status(names_ask(sock, DNS_A, folded, &a));
	if (v4 == DOMAIN_GOOD)
		return v4;
	v6 = by_status(names_ask(sock, DNS_AAAA, folded, &a));
	if (v6 == DOMAIN_GOOD)
		return v6;
	return v4 == DOMAIN_UNSURE ? v4 : v6;
}

/* The next target that is an address; NULL: there is none. */
static const char *
next_target(struct span *rest)
{
	while (rest->len > 0) {
		const char *one = span_cut(rest, '\0').p;

		if (one[0] != TARGET_OWNER && one[0] != TARGET_VIA)
			return one;
	}
	return NULL;
}

bool
names_lead_away(struct span targets)
{
	const char *one;
	size_t n = 0;

	for (; (one = next_target(&targets)) != NULL; n++)
		if (one[0] != TARGET_REMOTE && one[0] != TARGET_ASK)
			return false;
	return n > 0;
}

bool
names_all_mute(int sock, struct span targets)
{
	const char *one;

	while ((one = next_target(&targets)) != NULL) {
		const char *at = strrchr(one, '@');

		if (at == NULL || names_domain(sock, at + 1) != DOMAIN_MUTE)
			return false;
	}
	return true;
}

/* Does the answer of a list say that it has the address?  Some tell what is
 * wrong with the question in a network of its own. */
static bool
is_listed(const struct dns_answer *a, const char *ip, struct span zone)
{
	for (size_t i = 0; a->status == DNS_OK && i < a->count; i++) {
		const unsigned char *o = (const void *)a->rr[i].data;

		if (a->rr[i].len == 4 && o[0] == 127 &&
		    (o[1] != 255 || o[2] != 255))
			return true;
		log_line(LOG_WARNING,
		    "dnsbl zone=%.*s ip=%s reason=\"answer %u.%u.%u.%u\"",
		    (int)zone.len, zone.p, ip, o[0], o[1], o[2], o[3]);
	}
	if (a->status == DNS_TEMP || a->status == DNS_LOOP)
		log_line(LOG_WARNING, "dnsbl zone=%.*s ip=%s reason=\"%s\"",
		    (int)zone.len, zone.p, ip, "no answer");
	return false;
}

int
names_listed(int sock, const char *ip, const char *zones, char by[DNS_NAME])
{
	static struct dns_answer a;
	struct span zone[NAMES_ZONES], rest = span(zones), *z;
	unsigned char address[sizeof(struct in6_addr)];
	int family = strchr(ip, ':') != NULL ? AF_INET6 : AF_INET;
	int64_t end = clock_ms() + NAMES_SECONDS * 1000;
	uint32_t first = last_id + 1;
	char question[DNS_NAME];
	size_t n = 0, heard = 0;

	if (inet_pton(family, ip, address) != 1)
		return 0;
	while (n < NAMES_ZONES && (zone[n] = span_word(&rest)).len > 0) {
		dns_reverse(question, family, address, zone[n++]);
		if (dns_ask(sock, ++last_id, DNS_A, question) == -1)
			return 0;
	}
	for (; heard < n && hear(sock, first, end, &a) == 0; heard++) {
		z = &zone[a.id - first];
		if (is_listed(&a, ip, *z)) {
			(void)snprintf(by, DNS_NAME, "%.*s", (int)z->len, z->p);
			return 1;
		}
	}
	return 0;
}

int
names_client(int sock, const char *ip, char name[DNS_NAME])
{
	static struct dns_answer a;
	unsigned char address[sizeof(struct in6_addr)];
	int family = strchr(ip, ':') != NULL ? AF_INET6 : AF_INET;
	uint16_t len = family == AF_INET ? 4 : 16;
	char question[DNS_NAME], folded[DOMAIN_MAX + 1];

	if (inet_pton(family, ip, address) != 1)
		return -1;
	dns_reverse(question, family, address, span(""));
	if (names_ask(sock, DNS_PTR, question, &a) != DNS_OK ||
	    domain_fold(folded, span(a.rr[0].data)) == -1)
		return -1;
	(void)strlcpy(name, folded, DNS_NAME);
	if (names_ask(sock, family == AF_INET ? DNS_A : DNS_AAAA, folded, &a) !=
	    DNS_OK)
		return -1;
	for (size_t i = 0; i < a.count; i++)
		if (a.rr[i].len == len &&
		    memcmp(a.rr[i].data, address, len) == 0)
			return 0;
	return -1;
}
