#include "session/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

void
address_unmap(struct sockaddr_storage *ss)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (ss->ss_family != AF_INET6)
		return;
	memcpy(&in6, ss, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return;
	in.sin_port = in6.sin6_port;
	memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, 4);
	memcpy(ss, &in, sizeof(in));
}

void
address_text(struct sockaddr_storage *ss, char *ip, char *port, bool *loop)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	address_unmap(ss);
	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, ip, INET6_ADDRSTRLEN);
		(void)snprintf(port, 8, "%u", ntohs(in.sin_port));
		*loop = ntohl(in.sin_addr.s_addr) >> 24 == 127;
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, ip, INET6_ADDRSTRLEN);
		(void)snprintf(port, 8, "%u", ntohs(in6.sin6_port));
		*loop = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
}

/* An IPv4 address is told from a network by what no network begins with. */
struct address_key
address_key(struct sockaddr_storage *ss)
{
	struct address_key k = { { 0 } };

	address_unmap(ss);
	if (ss->ss_family == AF_INET) {
		memset(k.octets, 0xff, 4);
		memcpy(k.octets + 4,
		    (char *)ss + offsetof(struct sockaddr_in, sin_addr), 4);
	} else if (ss->ss_family == AF_INET6) {
		memcpy(k.octets,
		    (char *)ss + offsetof(struct sockaddr_in6, sin6_addr), 8);
	}
	return k;
}

struct address_key
address_key_text(const char *ip)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1)
		memcpy(&ss, &in, sizeof(in));
	else if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1)
		memcpy(&ss, &in6, sizeof(in6));
	return address_key(&ss);
}

/* As 16 octets, IPv4 in its IPv6 form; and how many bits of them count.
 * "192.0.2.0/24" or without bits. */
static bool
network(struct span text, unsigned char octets[16], unsigned *bits)
{
	struct span rest = text, addr = span_cut(&rest, '/');
	char ip[INET6_ADDRSTRLEN + 8];
	uint64_t n = 128;
	bool four;

	if (addr.len == 0 || addr.len >= INET6_ADDRSTRLEN)
		return false;
	four = span_find(addr, ':') == addr.len;
	(void)snprintf(ip, sizeof(ip), "%s%.*s", four ? "::ffff:" : "",
	    (int)addr.len, addr.p);
	if (inet_pton(AF_INET6, ip, octets) != 1 ||
	    (rest.p != NULL && span_number(rest, four ? 32 : 128, &n) == -1))
		return false;
	*bits = (unsigned)n + (four && rest.p != NULL ? 96 : 0);
	return true;
}

bool
address_list_ok(struct span list)
{
	unsigned char octets[16];
	struct span word;
	unsigned bits;

	while ((word = span_word(&list)).len > 0)
		if (!network(word, octets, &bits))
			return false;
	return true;
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	    (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool
address_listed(struct span list, const char *ip)
{
	unsigned char a[16], n[16];
	struct span word;
	unsigned bits;

	if (list.len == 0 || !network(span(ip), a, &bits))
		return false;
	while ((word = span_word(&list)).len > 0)
		if (network(word, n, &bits) && same_bits(a, n, bits))
			return true;
	return false;
}
