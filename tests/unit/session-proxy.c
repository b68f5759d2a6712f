/* Lists of addresses, and the PROXY protocol from those in one. */
#include "session/proxy.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/address.h"
#include "session/log.h"
#include "tests/unit/test.h"

static const struct span list = { "192.0.2.1 10.0.0.0/8  2001:db8::/33 ::1",
	39 };

static bool
in(const char *ip)
{
	return address_listed(list, ip);
}

TEST(lists)
{
	static const char *const bad[] = { "x", "192.0.2.1/33", "10.0.0.0/",
		"10.0.0.0/-1", "1.2.3", "2001:db8::/129", "/8", "1.2.3.4,5" };

	CHECK(address_list_ok(list) && address_list_ok(span("")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!address_list_ok(span(bad[i])));
	CHECK(in("192.0.2.1") && !in("192.0.2.2") && !in("192.0.2.10"));
	CHECK(in("10.255.255.255") && !in("11.0.0.0") && !in("9.0.0.0"));
	CHECK(in("2001:db8:7fff::1") && !in("2001:db8:8000::1"));
	CHECK(in("::1") && !in("::2") && !in("") && !in("nonsense"));
	CHECK(!address_listed(span(""), "192.0.2.1"));
	CHECK(address_listed(span("0.0.0.0/0"), "192.0.2.1"));
	CHECK(!address_listed(span("0.0.0.0/0"), "2001:db8::1"));
	CHECK(address_listed(span("::/0"), "192.0.2.1"));
}

/* ---- headers */

#define HEAD "\r\n\r\n\0\r\nQUIT\n"
#define FOUR "\xc0\x00\x02\x07\xc0\x00\x02\x19\x30\x39\x00\x19"
#define SIX                                          \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x19" \
	"\x30\x39\x00\x19"

static struct peer p;
static char rest[64]; /* what is left for the session */

/* Meet a peer at "ip" who sends that, and no more. */
static int
meet(const char *ip, struct span sent)
{
	static struct config c = { .proxy_from = "192.0.2.1 127.0.0.1" };
	int pair[2], r;
	ssize_t n;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(pair[0] != 0 && dup2(pair[0], 0) == 0);
	CHECK(write(pair[1], sent.p, sent.len) == (ssize_t)sent.len);
	(void)close(pair[0]);
	(void)shutdown(pair[1], SHUT_WR);
	p = (struct peer){ .kind = PEER_INET, .loopback = true };
	(void)snprintf(p.ip, sizeof(p.ip), "%s", ip);
	r = proxy_peer(&c, &p);
	n = read(0, rest, sizeof(rest) - 1);
	rest[n > 0 ? n : 0] = '\0';
	(void)close(pair[1]);
	return r;
}

TEST(headers)
{
	log_open("test", "/dev/null");
	CHECK(meet("192.0.2.1", TEXT(HEAD "\x21\x11\0\x0c" FOUR "EHLO")) == 0);
	CHECK_STR(p.ip, "192.0.2.7");
	CHECK_STR(p.port, "12345");
	CHECK_STR(p.local_ip, "192.0.2.25");
	CHECK(!p.loopback);
	CHECK_STR(rest, "EHLO");
	CHECK(meet("192.0.2.1", TEXT(HEAD "\x21\x21\0\x24" SIX "x")) == 0);
	CHECK_STR(p.ip, "2001:db8::7");
	/* What stands behind the addresses is skipped. */
	CHECK(meet("127.0.0.1",
		  TEXT(HEAD "\x21\x11\0\x0f" FOUR "\x04\0\0NOOP")) == 0);
	CHECK_STR(p.ip, "192.0.2.7");
	CHECK_STR(rest, "NOOP");
	/* The balancer itself, and one who does not say who it is. */
	CHECK(meet("192.0.2.1", TEXT(HEAD "\x20\0\0\0QUIT")) == 0);
	CHECK_STR(p.ip, "192.0.2.1");
	CHECK_STR(rest, "QUIT");
	CHECK(meet("192.0.2.1", TEXT(HEAD "\x21\0\0\0")) == 0);
}

TEST(only_listed_peers)
{
	CHECK(meet("192.0.2.9", TEXT(HEAD "\x21\x11\0\x0c" FOUR)) == 0);
	CHECK_STR(p.ip, "192.0.2.9");
	CHECK(strlen(rest) == 4); /* up to the NUL: nothing was taken */
}

TEST(malformed_headers)
{
	const struct span bad[] = { TEXT(""),
		TEXT("EHLO there, who is it?\r\n"),
		TEXT("PROXY TCP4 192.0.2.7 192.0.2.25 1 2\r\n"), TEXT(HEAD),
		TEXT(HEAD "\x21\x11\0\x0b" FOUR), /* too short */
		TEXT(HEAD "\x21\x21\0\x0c" FOUR),
		TEXT(HEAD "\x21\x11\0\x0d" FOUR), /* breaks off */
		TEXT(HEAD "\x11\x11\0\x0c" FOUR), /* version 1 */
		TEXT(HEAD "\x22\x11\0\x0c" FOUR), /* command */
		TEXT(HEAD "\x21\x12\0\x0c" FOUR), /* UDP */
		TEXT(HEAD "\x21\x31\0\x0c" FOUR), /* Unix */
		TEXT(HEAD "\x21\x11\xff\xff" FOUR) };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(meet("192.0.2.1", bad[i]) == -1);
}
