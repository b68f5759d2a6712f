/* What the DNS says of us: name, addresses, mail exchangers, and whether its
 * answers can be trusted. */
#include <arpa/inet.h>
#include <bsd/string.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "mailq-run/reach.h"
#include "mailq-run/resolver.h"
#include "message/clock.h"
#include "message/fail.h"
#include "session/record.h"

enum { HURRY = 3, PATIENCE = 8000 /* ms */ };

/* ---- questions */

static int
start_resolver(struct check *k)
{
	int pair[2];
	pid_t pid;

	if (record_pair(pair) == -1)
		return fail("socketpair");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		resolver_alone(pair[1], &k->config, HURRY);
	}
	(void)close(pair[1]);
	if (pid == -1) {
		(void)close(pair[0]);
		return fail("fork");
	}
	k->dns = pair[0];
	return 0;
}

enum dns_status
check_ask(struct check *k, enum dns_type type, const char *name,
    struct dns_answer *a)
{
	static struct record r;
	static uint32_t id;
	int64_t end = clock_ms() + PATIENCE, left;

	*a = (struct dns_answer){ .status = DNS_TEMP, .why = "no answer" };
	if (k->dns == -1 && start_resolver(k) == -1) {
		(void)strlcpy(a->why, fail_text(), sizeof(a->why));
		return DNS_TEMP;
	}
	if (dns_ask(k->dns, ++id, type, name) == -1)
		return DNS_TEMP;
	while ((left = end - clock_ms()) > 0 &&
	    record_recv(k->dns, &r, NULL, (int)left) == 1)
		if (dns_answer(&r, a) == 0 && a->id == id) {
			k->secure |= a->secure;
			return a->status;
		}
	a->count = 0;
	return a->status = DNS_TEMP;
}

/* ---- addresses */

static void
add(struct check_addresses *l, int family, const void *octets)
{
	struct check_address *a = &l->at[l->count];

	if (l->count == CHECK_OWN)
		return;
	*a = (struct check_address){ .family = family };
	memcpy(a->octets, octets, family == AF_INET ? 4 : 16);
	(void)inet_ntop(family, octets, a->text, sizeof(a->text));
	l->count++;
}

bool
check_has(const struct check_addresses *l, const struct check_address *a)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].family == a->family &&
		    memcmp(l->at[i].octets, a->octets, sizeof(a->octets)) == 0)
			return true;
	return false;
}

enum dns_status
check_lookup(struct check *k, const char *name, struct check_addresses *l,
    struct dns_answer *a)
{
	static const enum dns_type types[] = { DNS_AAAA, DNS_A };
	enum dns_status got = DNS_NODATA;

	for (size_t t = 0; t < 2; t++) {
		enum dns_status s = check_ask(k, types[t], name, a);

		if (s == DNS_TEMP || s == DNS_LOOP)
			return s;
		if (s == DNS_NXDOMAIN)
			got = s;
		for (size_t i = 0; s == DNS_OK && i < a->count; i++)
			add(l, t == 0 ? AF_INET6 : AF_INET, a->rr[i].data);
	}
	return l->count > 0 ? DNS_OK : got;
}

static void
know_outside(struct check *k)
{
	struct span rest = span(k->config.nat_address), one;
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN];

	while ((one = span_word(&rest)).len > 0)
		if (span_copy(one, text, sizeof(text))) {
			if (inet_pton(AF_INET, text, octets) == 1)
				add(&k->own, AF_INET, octets);
			else if (inet_pton(AF_INET6, text, octets) == 1)
				add(&k->own, AF_INET6, octets);
		}
}

static enum reach
reach(const struct check_address *a)
{
	return reach_of(a->family, a->octets);
}

static void
know_interfaces(struct check *k)
{
	struct ifaddrs *list = NULL, *i;

	if (getifaddrs(&list) == -1)
		return;
	for (i = list; i != NULL; i = i->ifa_next) {
		const void *p = i->ifa_addr;

		if (p == NULL)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			add(&k->own, AF_INET,
			    &((const struct sockaddr_in *)p)->sin_addr);
		else if (i->ifa_addr->sa_family == AF_INET6)
			add(&k->own, AF_INET6,
			    &((const struct sockaddr_in6 *)p)->sin6_addr);
	}
	freeifaddrs(list);
}

void
check_know(struct check *k)
{
	static struct dns_answer a;
	const char *host = k->config.hostname;

	if (k->named)
		return;
	k->named = true;
	know_outside(k);
	know_interfaces(k);
	if (strchr(host, '.') != NULL)
		k->unsure =
		    check_lookup(k, host, &k->addresses, &a) == DNS_TEMP;
}

/* ---- our name */

/* The address leads back to the name: others refuse mail when it does not. */
static void
check_reverse(struct check *k, const struct check_address *at)
{
	static struct dns_answer a;
	char question[DNS_NAME], fix[700];
	const char *host = k->config.hostname;

	dns_reverse(question, at->family, at->octets, span(""));
	(void)snprintf(fix, sizeof(fix),
	    "have who gave you the address publish: %s. IN PTR %s.", question,
	    host);
	switch (check_ask(k, DNS_PTR, question, &a)) {
	case DNS_OK:
		for (size_t i = 0; i < a.count; i++)
			if (strcasecmp(a.rr[i].data, host) == 0) {
				check_ok(k, "%s leads back to %s", at->text,
				    host);
				return;
			}
		check_say(k, CHECK_WARNING, at->text, fix,
		    "its name is %s, not %s", a.rr[0].data, host);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		check_say(k, CHECK_FAULT, at->text, fix,
		    "it has no name in the DNS, so that others refuse our "
		    "mail");
		break;
	default:
		check_say(k, CHECK_WARNING, at->text,
		    "ask again later: mailroom-check name",
		    "its name cannot be told now (%s)", a.why);
	}
}

static void
check_address(struct check *k, const struct check_address *at)
{
	const char *host = k->config.hostname;
	bool here = reach(at) == REACH_HOST, inside = k->config.loopback_mx;

	if (here && !inside)
		check_say(k, CHECK_FAULT, host,
		    "publish the address at which others reach this host",
		    "the DNS has %s for it, which is everybody's own",
		    at->text);
	else if (!here && reach(at) != REACH_ALL && !inside)
		check_say(k, CHECK_FAULT, host,
		    "publish the router's address, and write it behind "
		    "nat-address in mailroom.conf",
		    "the DNS has %s for it, which others cannot reach",
		    at->text);
	else if (!here && !check_has(&k->own, at))
		check_say(k, CHECK_WARNING, host,
		    "if a router translates it to ours, write \"nat-address "
		    "ADDRESS\" into mailroom.conf, else correct the DNS",
		    "its address %s is on no interface of this host", at->text);
	else
		check_ok(k, "%s is at %s", host, at->text);
	if (!here || inside)
		check_reverse(k, at);
}

static void
no_addresses(struct check *k, const struct dns_answer *a, enum dns_status s)
{
	const char *host = k->config.hostname;

	if (s == DNS_TEMP || s == DNS_LOOP)
		check_say(k, CHECK_FAULT, host,
		    "look at the name servers in /etc/resolv.conf, or at the "
		    "word dns of mailroom.conf",
		    "the DNS does not answer (%s)",
		    s == DNS_LOOP ? "CNAMEs without end" : a->why);
	else
		check_say(k, CHECK_FAULT, host,
		    "publish what mailroom-check --records prints", "%s",
		    s == DNS_NXDOMAIN ? "there is no such name in the DNS" :
					"the DNS has no address for it");
}

void
check_name(struct check *k)
{
	static struct dns_answer a;
	struct check_addresses l = { .count = 0 };
	const char *host = k->config.hostname;
	enum dns_status s;

	if (strchr(host, '.') == NULL) {
		check_say(k, CHECK_FAULT, host,
		    "write \"hostname mail.example.org\" into mailroom.conf, "
		    "with the name others know this host by",
		    "our name has no domain, and others refuse such greetings");
		return;
	}
	check_know(k);
	s = check_lookup(k, host, &l, &a);
	if (s != DNS_OK) {
		no_addresses(k, &a, s);
		return;
	}
	if (strcasecmp(a.name, host) != 0)
		check_say(k, CHECK_WARNING, host,
		    "publish its addresses instead (RFC 5321 s. 2.3.5)",
		    "it is only another name (CNAME) for %s", a.name);
	for (size_t i = 0; i < l.count; i++)
		check_address(k, &l.at[i]);
}

/* ---- mail exchangers */

/* Is that mail exchanger this host?  1; 0; -1: the DNS does not say now. */
static int
is_us(struct check *k, const char *name)
{
	static struct dns_answer a;
	struct check_addresses l = { .count = 0 };
	enum dns_status got;

	if (strcasecmp(name, k->config.hostname) == 0)
		return 1;
	got = check_lookup(k, name, &l, &a);
	for (size_t i = 0; i < l.count; i++)
		if (check_has(&k->addresses, &l.at[i]) ||
		    (reach(&l.at[i]) != REACH_HOST &&
			check_has(&k->own, &l.at[i])))
			return 1;
	return got == DNS_TEMP || k->unsure ? -1 : 0;
}

static void
not_now(struct check *k, const char *domain, const char *name)
{
	check_say(k, CHECK_WARNING, domain,
	    "look at its name servers, and at ours",
	    "whether %s is this host cannot be told now", name);
}

static void
look_at_records(struct check *k, const char *domain, const char *fix,
    const struct dns_answer *mx)
{
	const char *unknown = NULL;

	if (mx->count == 1 && mx->rr[0].data[0] == '\0') {
		check_say(k, CHECK_FAULT, domain, fix,
		    "it says that it takes no mail (MX 0 .)");
		return;
	}
	for (size_t i = 0; i < mx->count; i++) {
		int us = is_us(k, mx->rr[i].data);

		if (us == 1) {
			check_ok(k, "mail for %s comes to %s", domain,
			    mx->rr[i].data);
			return;
		}
		if (us == -1)
			unknown = mx->rr[i].data;
	}
	if (unknown != NULL)
		not_now(k, domain, unknown);
	else
		check_say(k, CHECK_FAULT, domain, fix,
		    "its mail goes to %s, not to this host", mx->rr[0].data);
}

static int
check_domain(void *ctx, const char *domain)
{
	static struct dns_answer a;
	struct check *k = ctx;
	char fix[700];
	int us;

	(void)snprintf(fix, sizeof(fix),
	    "publish: %s. IN MX 10 %s.  or take it out of %s/domains", domain,
	    k->config.hostname, k->config.dir);
	if (strcmp(domain, "localhost") == 0)
		return 0;
	switch (check_ask(k, DNS_MX, domain, &a)) {
	case DNS_OK:
		look_at_records(k, domain, fix, &a);
		break;
	case DNS_NODATA:
		us = is_us(k, domain);
		if (us == 1)
			check_ok(k, "%s has our address, and no MX", domain);
		else if (us == -1)
			not_now(k, domain, domain);
		else
			check_say(k, CHECK_FAULT, domain, fix,
			    "it has no MX record, so that its mail does not "
			    "come here");
		break;
	case DNS_NXDOMAIN:
		check_say(k, CHECK_FAULT, domain, fix,
		    "there is no such domain in the DNS");
		break;
	default:
		check_say(k, CHECK_WARNING, domain,
		    "look at its name servers, and at ours",
		    "its mail exchangers cannot be told now (%s)", a.why);
	}
	return 0;
}

void
check_mx(struct check *k)
{
	check_know(k);
	if (config_domains(&k->config, check_domain, k) == -1)
		check_say(k, CHECK_WARNING, "domains", "correct that line",
		    "those from there on were not looked at: %s", fail_text());
}

/* ---- can the answers be believed? */

void
check_dnssec(struct check *k)
{
	static struct dns_answer a;
	struct dns_servers servers;

	if (dns_servers(&servers, k->config.dns) == -1) {
		check_say(k, CHECK_FAULT, "name server",
		    "correct the word dns of mailroom.conf, or "
		    "/etc/resolv.conf",
		    "%s", fail_text());
		return;
	}
	if (!servers.trusted) {
		check_say(k, CHECK_WARNING, "name server",
		    "apt install unbound, and write \"dns 127.0.0.1\" into "
		    "mailroom.conf",
		    "it is not on this host, so its answers prove nothing: "
		    "TLSA records of others (DANE) are not used");
		return;
	}
	check_know(k);
	/* That zone is signed, also in what it does not have. */
	if (!k->secure)
		(void)check_ask(k, DNS_A, "org", &a);
	if (k->secure)
		check_ok(k, "the name server checks signatures");
	else
		check_say(k, CHECK_WARNING, "name server",
		    "apt install unbound, or switch DNSSEC validation on in "
		    "the one there is",
		    "it does not check signatures (DNSSEC): TLSA records of "
		    "others (DANE) are not used");
}
