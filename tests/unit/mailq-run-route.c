#include "mailq-run/route.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "mailq-run/packet.h"
#include "mailq-run/reach.h"
#include "tests/unit/test.h"

static struct route_mx mx;
static struct route got;
static struct route_self self;

static uint32_t
lowest(uint32_t bound)
{
	(void)bound;
	return 0;
}

static void
be(const char *hostname, const char *own)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	memset(&self, 0, sizeof(self));
	self.hostname = hostname;
	self.random = lowest;
	if (own != NULL && inet_pton(AF_INET, own, &in.sin_addr) == 1) {
		memcpy(&self.addr[0], &in, sizeof(in));
		self.own = 1;
	}
}

static void
add_mx(struct dns_answer *a, uint16_t preference, const char *host)
{
	struct dns_rr *rr = &a->rr[a->count++];

	a->status = DNS_OK;
	rr->preference = preference;
	rr->len = (uint16_t)strlen(host);
	memcpy(rr->data, host, rr->len + 1U);
}

static void
add_ip(struct dns_answer *a, const char *ip)
{
	struct dns_rr *rr = &a->rr[a->count++];

	a->status = DNS_OK;
	rr->len = inet_pton(AF_INET, ip, rr->data) == 1 ? 4 : 16;
	if (rr->len == 16)
		CHECK(inet_pton(AF_INET6, ip, rr->data) == 1);
}

/* The hosts as "10 a,20 b". */
static const char *
hosts(void)
{
	static char out[2000];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < mx.count; i++)
		n += (size_t)sprintf(out + n, "%s%u %s", i > 0 ? "," : "",
		    mx.host[i].preference, mx.host[i].name);
	return out;
}

static const char *
addresses(void)
{
	static char out[2000];
	char one[64];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < got.count; i++)
		n += (size_t)sprintf(out + n, "%s%s%s", i > 0 ? "," : "",
		    got.address[i].host, route_text(&got.address[i].addr, one));
	return out;
}

TEST(preferences_and_names)
{
	static struct dns_answer a;

	be("mx.here.test", NULL);
	a = (struct dns_answer){ .type = DNS_MX };
	add_mx(&a, 20, "B.example.com");
	add_mx(&a, 10, "c.example.com");
	add_mx(&a, 10, "a.example.com");
	add_mx(&a, 5, "not a name");
	route_mx(&mx, "example.com", &a, &self);
	CHECK(mx.verdict.state == ROUTE_OK && mx.public && !mx.implicit);
	CHECK_STR(hosts(),
	    "10 a.example.com,10 c.example.com,20 b.example.com");
	route_shuffle(&mx, &self);
	CHECK_STR(hosts(),
	    "10 c.example.com,10 a.example.com,20 b.example.com");
}

TEST(own_host_and_worse_are_dropped)
{
	static struct dns_answer a;

	be("MX.example.com", NULL);
	a = (struct dns_answer){ .type = DNS_MX };
	add_mx(&a, 10, "a.example.com");
	add_mx(&a, 20, "b.example.com");
	add_mx(&a, 20, "mx.example.com");
	add_mx(&a, 30, "c.example.com");
	route_mx(&mx, "example.com", &a, &self);
	CHECK_STR(hosts(), "10 a.example.com");
	a.count = 0;
	add_mx(&a, 10, "mx.example.com");
	add_mx(&a, 30, "c.example.com");
	route_mx(&mx, "example.com", &a, &self);
	CHECK(mx.verdict.state == ROUTE_FAIL);
	CHECK_STR(mx.verdict.status, "5.4.6");
}

TEST(verdicts_of_the_first_step)
{
	static struct dns_answer a;

	be("mx.here.test", NULL);
	a = (struct dns_answer){ .type = DNS_MX };
	add_mx(&a, 0, "");
	route_mx(&mx, "example.com", &a, &self);
	CHECK_STR(mx.verdict.status, "5.1.10");
	a = (struct dns_answer){ .type = DNS_MX, .status = DNS_NXDOMAIN };
	route_mx(&mx, "example.com", &a, &self);
	CHECK_STR(mx.verdict.status, "5.1.2");
	a.status = DNS_TEMP;
	route_mx(&mx, "example.com", &a, &self);
	CHECK(mx.verdict.state == ROUTE_DEFER);
	CHECK_STR(mx.verdict.status, "4.4.3");
	a.status = DNS_LOOP;
	route_mx(&mx, "example.com", &a, &self);
	CHECK(mx.verdict.state == ROUTE_FAIL);
	a.status = DNS_NODATA;
	route_mx(&mx, "example.com", &a, &self);
	CHECK(mx.verdict.state == ROUTE_OK && mx.implicit);
	CHECK_STR(hosts(), "0 example.com");
}

static struct dns_answer a4[3], a6[3];
static const struct dns_answer *const p4[] = { &a4[0], &a4[1], &a4[2] };
static const struct dns_answer *const p6[] = { &a6[0], &a6[1], &a6[2] };

/* Three exchangers of a public or an inner domain, without addresses yet. */
static void
three(const char *domain)
{
	struct dns_answer a = { .type = DNS_MX };

	add_mx(&a, 10, "a.host");
	add_mx(&a, 20, "b.host");
	add_mx(&a, 30, "c.host");
	route_mx(&mx, domain, &a, &self);
	for (size_t i = 0; i < 3; i++) {
		a4[i] = (struct dns_answer){ .status = DNS_NODATA };
		a6[i] = (struct dns_answer){ .status = DNS_NODATA };
	}
}

static void
find(bool v6)
{
	route_addresses(&got, &mx, 3, p4, p6, 25, v6, &self);
}

TEST(families_take_turns)
{
	be("mx.here.test", NULL);
	three("example.com");
	add_ip(&a4[0], "192.0.2.1");
	add_ip(&a4[0], "192.0.2.2");
	add_ip(&a6[0], "2001:db8::1");
	add_ip(&a4[1], "192.0.2.3");
	find(false);
	CHECK_STR(addresses(),
	    "a.host[192.0.2.1]:25,a.host[2001:db8::1]:25,"
	    "b.host[192.0.2.3]:25");
	find(true);
	CHECK_STR(addresses(),
	    "a.host[2001:db8::1]:25,a.host[192.0.2.1]:25,"
	    "b.host[192.0.2.3]:25");
}

TEST(own_address_cuts_the_list)
{
	be("mx.here.test", "192.0.2.3");
	three("example.com");
	add_ip(&a4[0], "192.0.2.1");
	add_ip(&a4[1], "192.0.2.3");
	add_ip(&a4[2], "192.0.2.4");
	find(false);
	CHECK_STR(addresses(), "a.host[192.0.2.1]:25");
	be("mx.here.test", "192.0.2.1");
	find(false);
	CHECK(got.count == 0);
	CHECK_STR(got.verdict.status, "5.4.6");
}

TEST(inner_addresses)
{
	static const char *const inner[] = { "10.1.2.3", "172.31.0.1",
		"192.168.7.7", "169.254.1.1", "100.127.1.1", "fd00::1",
		"fe80::1", "::ffff:10.0.0.1" };

	be("mx.here.test", NULL);
	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++) {
		three("example.com");
		add_ip(&a4[0], inner[i]);
		find(false);
		CHECK(got.count == 0);
		CHECK_STR(got.verdict.status, "5.4.4");
		three("office.lan");
		add_ip(&a4[0], inner[i]);
		find(false);
		CHECK(got.count == 1);
	}
	three("office.lan");
	add_ip(&a4[0], "127.0.0.2");
	find(false);
	CHECK_STR(got.verdict.status, "5.4.6");
	self.inside = true;
	find(false);
	CHECK(got.count == 1);
	three("example.com");
	add_ip(&a4[0], "224.0.0.1");
	find(false);
	CHECK(got.count == 0);
}

/* The edges of each block, and what lies beside them. */
TEST(reach)
{
	static const struct {
		const char *ip;
		enum reach reach;
	} of[] = {
		{ "0.0.0.0", REACH_HOST },
		{ "1.0.0.0", REACH_ALL },
		{ "9.255.255.255", REACH_ALL },
		{ "10.255.255.255", REACH_SITE },
		{ "100.63.255.255", REACH_ALL },
		{ "100.64.0.0", REACH_SITE },
		{ "100.127.255.255", REACH_SITE },
		{ "100.128.0.0", REACH_ALL },
		{ "127.255.255.255", REACH_HOST },
		{ "169.254.0.0", REACH_SITE },
		{ "172.15.255.255", REACH_ALL },
		{ "172.16.0.0", REACH_SITE },
		{ "172.32.0.0", REACH_ALL },
		{ "192.168.255.255", REACH_SITE },
		{ "192.169.0.0", REACH_ALL },
		{ "223.255.255.255", REACH_ALL },
		{ "224.0.0.1", REACH_NONE },
		{ "255.255.255.255", REACH_NONE },
		{ "::", REACH_HOST },
		{ "::1", REACH_HOST },
		{ "::ffff:127.0.0.1", REACH_HOST },
		{ "::ffff:100.64.0.1", REACH_SITE },
		{ "::ffff:192.0.2.1", REACH_ALL },
		{ "64:ff9b::c000:201", REACH_ALL },
		{ "2001:db8::1", REACH_ALL },
		{ "fbff::1", REACH_ALL },
		{ "fc00::1", REACH_SITE },
		{ "fdff::1", REACH_SITE },
		{ "fe80::1", REACH_SITE },
		{ "fec0::1", REACH_SITE },
		{ "ff02::1", REACH_NONE },
	};
	unsigned char ip[16];

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		int family = strchr(of[i].ip, ':') != NULL ? AF_INET6 : AF_INET;

		CHECK(inet_pton(family, of[i].ip, ip) == 1);
		if (reach_of(family, ip) != of[i].reach)
			FAIL(of[i].ip);
	}
}

/* The name to ask for an address. */
TEST(reverse)
{
	static const unsigned char ip[16] = { 192, 0, 2, 0x1f };
	char name[DNS_NAME];

	dns_reverse(name, AF_INET, ip, span(""));
	CHECK_STR(name, "31.2.0.192.in-addr.arpa");
	dns_reverse(name, AF_INET, ip, span("list.test"));
	CHECK_STR(name, "31.2.0.192.list.test");
	dns_reverse(name, AF_INET6, ip, span(""));
	CHECK_STR(name,
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "f.1.2.0.0.0.0.c.ip6.arpa");
}

TEST(verdicts_of_the_second_step)
{
	be("mx.here.test", NULL);
	three("example.com");
	find(false);
	CHECK(got.verdict.state == ROUTE_FAIL);
	CHECK_STR(got.verdict.status, "5.4.4");
	a6[1].status = DNS_TEMP;
	find(false);
	CHECK(got.verdict.state == ROUTE_DEFER);
	CHECK_STR(got.verdict.status, "4.4.3");
	add_ip(&a4[2], "192.0.2.9");
	find(false);
	CHECK(got.verdict.state == ROUTE_OK && got.count == 1);
}

/* We are the second host, and where the first is nobody says now. */
TEST(a_better_host_is_not_told_of_now)
{
	be("b.host", NULL);
	three("example.com");
	CHECK(mx.self && mx.count == 1);
	a4[0].status = DNS_TEMP;
	find(false);
	CHECK(got.verdict.state == ROUTE_DEFER);
	CHECK_STR(got.verdict.status, "4.4.3");
	be("mx.here.test", "192.0.2.3");
	three("example.com");
	add_ip(&a4[1], "192.0.2.3");
	a4[0].status = DNS_TEMP;
	find(false);
	CHECK(got.verdict.state == ROUTE_DEFER);
	/* Of our own host all is known that has to be. */
	a4[0].status = DNS_NODATA;
	a6[1].status = DNS_TEMP;
	find(false);
	CHECK(got.verdict.state == ROUTE_FAIL);
	CHECK_STR(got.verdict.status, "5.4.6");
}

/* ---- servers */

/* Whose word counts for DNSSEC. */
TEST(servers)
{
	struct dns_servers s;

	CHECK(dns_servers(&s, "127.0.0.1@5353") == 0 && s.trusted);
	CHECK(dns_servers(&s, "::1") == 0 && s.trusted);
	CHECK(dns_servers(&s, "192.0.2.1@53") == 0 && !s.trusted);
	CHECK(dns_servers(&s, "192.0.2.1@53 trust-ad") == 0 && s.trusted);
	CHECK(s.count == 1);
	/* What stands in resolv.conf as "options trust-ad". */
	CHECK(setenv("RES_OPTIONS", "trust-ad", 1) == 0);
	CHECK(dns_servers(&s, "") == 0 && s.trusted && s.count > 0);
	CHECK(unsetenv("RES_OPTIONS") == 0);
}

/* ---- packets */

static unsigned char packet[512];
static size_t packet_len;

/* A query with one answer record behind it. */
static void
reply(uint16_t id, const char *name, enum dns_type type, const void *answer,
    size_t len, unsigned count)
{
	int n = packet_query(packet, id, name, type, false);

	CHECK(n > 0);
	packet[2] |= 0x80; /* QR */
	packet[7] = (unsigned char)count;
	memcpy(packet + n, answer, len);
	packet_len = (size_t)n + len;
}

static struct dns_answer ans;

static enum packet_got
take(uint16_t id, const char *name, enum dns_type type)
{
	return packet_read(&ans, packet, packet_len, id, name, type);
}

TEST(packets)
{
	static const unsigned char a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0,
		4, 192, 0, 2, 1 };
	static const unsigned char loop[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60,
		0, 2, 0xc0, 12 };
	static const unsigned char self_pointer[] = { 0xc0, 12, 0, 5, 0, 1, 0,
		0, 0, 60, 0, 2, 0xc0, 40 };

	CHECK(packet_start() == 0);
	reply(7, "a.b", DNS_A, a, sizeof(a), 1);
	CHECK(take(7, "a.b", DNS_A) == PACKET_ANSWER);
	CHECK(ans.status == DNS_OK && ans.count == 1 && ans.rr[0].len == 4);
	CHECK(take(8, "a.b", DNS_A) == PACKET_STRANGE);
	CHECK(take(7, "a.c", DNS_A) == PACKET_STRANGE);
	CHECK(take(7, "a.b", DNS_AAAA) == PACKET_STRANGE);
	packet[2] &= 0x7f;
	CHECK(take(7, "a.b", DNS_A) == PACKET_STRANGE);
	packet[2] |= 0x82;
	CHECK(take(7, "a.b", DNS_A) == PACKET_CUT);
	packet[2] &= (unsigned char)~2;
	packet[3] |= 2;
	CHECK(take(7, "a.b", DNS_A) == PACKET_REFUSED);
	packet[3] = 3;
	packet[7] = 0;
	packet_len -= sizeof(a);
	CHECK(take(7, "a.b", DNS_A) == PACKET_ANSWER);
	CHECK(ans.status == DNS_NXDOMAIN);
	reply(7, "a.b", DNS_A, loop, sizeof(loop), 1);
	CHECK(take(7, "a.b", DNS_A) == PACKET_ANSWER);
	CHECK(ans.status == DNS_LOOP);
	reply(7, "a.b", DNS_A, self_pointer, sizeof(self_pointer), 1);
	(void)take(7, "a.b", DNS_A);
	CHECK(ans.count == 0);
}

/* Every cut and every changed octet is survived. */
TEST(broken_packets)
{
	static const unsigned char mxs[] = { 0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60,
		0, 9, 0, 10, 4, 'm', 'a', 'i', 'l', 0xc0, 12 };
	size_t whole;

	reply(7, "a.b", DNS_MX, mxs, sizeof(mxs), 1);
	CHECK(take(7, "a.b", DNS_MX) == PACKET_ANSWER);
	CHECK(ans.count == 1 && ans.rr[0].preference == 10);
	CHECK_STR(ans.rr[0].data, "mail.a.b");
	whole = packet_len;
	for (packet_len = 0; packet_len < whole; packet_len++) {
		(void)take(7, "a.b", DNS_MX);
		CHECK(ans.count <= 1);
	}
	for (size_t i = 0; i < whole; i++)
		for (unsigned v = 0; v < 256; v += 5) {
			unsigned char had = packet[i];

			packet[i] = (unsigned char)v;
			(void)take(7, "a.b", DNS_MX);
			packet[i] = had;
		}
}
