#include "message/domain.h"

#include <arpa/inet.h>

#include "tests/unit/test.h"

static const char *
fold(struct span s)
{
	static char out[DOMAIN_MAX + 1];

	return domain_fold(out, s) == 0 ? out : "REFUSED";
}

TEST(ascii)
{
	CHECK_STR(fold(span("Example.ORG")), "example.org");
	CHECK_STR(fold(span("example.org.")), "example.org");
	CHECK_STR(fold(span("a_b.x-y.1")), "a_b.x-y.1");
	CHECK_STR(fold(span("localhost")), "localhost");
}

TEST(refused)
{
	static const char *const bad[] = { "", ".", "..", "a..b", ".a", "a..",
		"-a.b", "a-.b", "a.b-", "a b", "a@b", "a,b", "a/b", "[1.2.3.4]",
		"a\001b", "a\x7f", "*.a" };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_STR(fold(span(bad[i])), "REFUSED");
	CHECK_STR(fold(TEXT("a\0.b")), "REFUSED");
	CHECK_STR(fold(TEXT("\xc3\xbc\0.b")), "REFUSED");
}

TEST(lengths)
{
	char name[400];
	size_t i;

	memset(name, 'a', sizeof name);
	CHECK(strlen(fold(span_n(name, 63))) == 63);
	CHECK_STR(fold(span_n(name, 64)), "REFUSED");
	for (i = 50; i < sizeof name; i += 51)
		name[i] = '.';
	CHECK(strlen(fold(span_n(name, 253))) == 253);
	CHECK_STR(fold(span_n(name, 254)), "REFUSED");
	CHECK_STR(fold(span_n(name, sizeof name)), "REFUSED");
	name[253] = '.';
	CHECK(strlen(fold(span_n(name, 254))) == 253);
}

/* U-label and A-label are one name, whatever their case or composition. */
TEST(idn)
{
	CHECK_STR(fold(span("M\xc3\x9cNCHEN.de")), "xn--mnchen-3ya.de");
	CHECK_STR(fold(span("mu\xcc\x88nchen.de.")), "xn--mnchen-3ya.de");
	CHECK_STR(fold(span("XN--MNCHEN-3YA.de")), "xn--mnchen-3ya.de");
	CHECK_STR(fold(span("fa\xc3\x9f.de")), "xn--fa-hia.de");
	CHECK_STR(fold(span("a\xe3\x80\202b")), "a.b");
	CHECK_STR(fold(span("m\xfcnchen.de")), "REFUSED");
	CHECK_STR(fold(span("a\xe2\x80\xae.de")), "REFUSED");
	CHECK_STR(fold(span("a\xef\xbc\240b.de")), "REFUSED");
}

TEST(idn_too_long)
{
	char name[4096];
	size_t i;

	for (i = 0; i + 1 < sizeof name; i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	CHECK_STR(fold(span_n(name, 200)), "REFUSED");
	CHECK_STR(fold(span_n(name, 1024)), "REFUSED");
	CHECK_STR(fold(span_n(name, sizeof name)), "REFUSED");
}

TEST(literals)
{
	struct sockaddr_storage ss;
	const struct sockaddr_in *in = (const void *)&ss;
	const struct sockaddr_in6 *in6 = (const void *)&ss;
	char text[INET6_ADDRSTRLEN];
	socklen_t len;

	CHECK(domain_literal(span("[192.0.2.1]"), &ss, &len) == 0);
	CHECK(len == sizeof *in && in->sin_family == AF_INET &&
	    in->sin_port == 0 && ntohl(in->sin_addr.s_addr) == 0xc0000201);
	CHECK(domain_literal(span("[ipv6:2001:DB8::1]"), &ss, &len) == 0);
	CHECK(len == sizeof *in6 && in6->sin6_family == AF_INET6);
	CHECK(inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text) != NULL);
	CHECK_STR(text, "2001:db8::1");
}

TEST(no_literals)
{
	static const char *const bad[] = { "", "[", "[]", "192.0.2.1",
		"[192.0.2.1", "[192.0.2]", "[192.0.2.256]", "[192.0.2.1 ]",
		"[2001:db8::1]", "[IPv6:]", "[IPv6:192.0.2.1]",
		"[IPv6:1::2::3]", "[IPv6:fe80::1%eth0]", "[x:y]",
		"[192.0.2.1]]",
		"[IPv6:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:b]" };
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(domain_literal(span(bad[i]), &ss, &len) == -1);
	CHECK(domain_literal(TEXT("[192.0.2.1\0]"), &ss, &len) == -1);
}
