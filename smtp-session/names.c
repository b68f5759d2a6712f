#include "smtp-session/names.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mailq-run/packet.h"
#include "mailq-run/resolver.h"
#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"

/* ---- the resolver */

static int
lock_down(const struct config *c)
{
	const struct limits l = {
		.memory = 64 << 20,
		.files = DNS_WINDOW + 8,
		.cpu = 60,
		.procs = role_root() ? 0 : -1,
	};
	return sandbox_alone(c, &l, SANDBOX_DNS);
}

noreturn void
names_resolver(int sock, const struct config *c)
{
	struct dns_servers servers;

	if (dns_servers(&servers, c->dns) == -1 || packet_start() == -1 ||
	    lock_down(c) == -1 ||
	    resolver_serve(sock, &servers, NAMES_HURRY) == -1)
		log_line(LOG_ERR, "no-resolver reason=\"%s\"", fail_text());
	_exit(0);
}

/* ---- questions */

static int64_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum dns_status
names_ask(int sock, enum dns_type type, const char *name, struct dns_answer *a)
{
	static struct record r;
	static uint32_t id;
	int64_t end = now() + NAMES_SECONDS * 1000, left;

	/* What comes late for an earlier question is passed over. */
	if (dns_ask(sock, ++id, type, name) == 0)
		while ((left = end - now()) > 0 &&
		    record_recv(sock, &r, NULL, (int)left) == 1)
			if (dns_answer(&r, a) == 0 && a->id == id)
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

/* "1.2.0.192.in-addr.arpa" of 192.0.2.1. */
static void
reverse(char out[DNS_NAME], int family, const unsigned char *address)
{
	char *at = out;

	if (family == AF_INET) {
		(void)snprintf(out, DNS_NAME, "%u.%u.%u.%u.in-addr.arpa",
		    address[3], address[2], address[1], address[0]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		at += snprintf(at, (size_t)(out + DNS_NAME - at), "%x.%x.",
		    address[i] & 15, address[i] >> 4);
	(void)strlcpy(at, "ip6.arpa", (size_t)(out + DNS_NAME - at));
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
	reverse(question, family, address);
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
