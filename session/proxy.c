/* MAY HOLD ROOT. */
#include "session/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "message/clock.h"
#include "message/fail.h"
#include "session/address.h"
#include "session/log.h"

enum {
	SECONDS = 10, /* for all of the header */
	HEAD = 16,
	MORE_MAX = 4096, /* octets behind it: addresses and what we skip */
	LOCAL = 0x20, /* version 2 and a command */
	PROXY = 0x21,
	TCP4 = 0x11,
	TCP6 = 0x21,
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* Exactly n octets: what follows them is the client's. */
static int
get(void *to, size_t n, int64_t end)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };
	size_t at = 0;
	ssize_t got;

	while (at < n) {
		int64_t left = end - clock_ms();

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return fail_as(ETIMEDOUT, "no PROXY header in time");
		got = recv(0, (char *)to + at, n - at, MSG_DONTWAIT);
		if (got == 0)
			return fail_as(EPROTO, "no PROXY header");
		if (got == -1 && errno != EAGAIN && errno != EINTR)
			return fail("PROXY header");
		at += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* Both addresses, then both ports; the client's first. */
static int
take(struct peer *p, const unsigned char *more, size_t len, int family)
{
	size_t size = family == AF_INET ? 4 : 16;
	uint16_t port;

	if (len < 2 * size + 4)
		return fail_as(EPROTO, "PROXY header: too short");
	(void)inet_ntop(family, more, p->ip, sizeof(p->ip));
	(void)inet_ntop(family, more + size, p->local_ip, sizeof(p->local_ip));
	memcpy(&port, more + 2 * size, sizeof(port));
	(void)snprintf(p->port, sizeof(p->port), "%u", ntohs(port));
	p->loopback = false;
	/* "::ffff:192.0.2.1" is who is known as 192.0.2.1 elsewhere. */
	if (strncmp(p->ip, "::ffff:", 7) == 0 && strchr(p->ip, '.') != NULL)
		memmove(p->ip, p->ip + 7, strlen(p->ip + 7) + 1);
	return 0;
}

static int
header(struct peer *p)
{
	int64_t end = clock_ms() + SECONDS * 1000;
	unsigned char head[HEAD] = { 0 }, more[MORE_MAX];
	size_t len;

	if (get(head, sizeof(head), end) == -1)
		return -1;
	len = (size_t)head[14] << 8 | head[15];
	if (memcmp(head, signature, sizeof(signature) - 1) != 0 ||
	    len > sizeof(more))
		return fail_as(EPROTO, "no PROXY header of version 2");
	if (get(more, len, end) == -1)
		return -1;
	if (head[12] == LOCAL || (head[12] == PROXY && head[13] == 0))
		return 0;
	if (head[12] == PROXY && head[13] == TCP4)
		return take(p, more, len, AF_INET);
	if (head[12] == PROXY && head[13] == TCP6)
		return take(p, more, len, AF_INET6);
	return fail_as(EPROTO, "PROXY header: command %02x, family %02x",
	    head[12], head[13]);
}

int
proxy_peer(const struct config *c, struct peer *p)
{
	if (c->proxy_from[0] == '\0' || p->kind != PEER_INET ||
	    !address_listed(span(c->proxy_from), p->ip))
		return 0;
	if (header(p) == 0)
		return 0;
	log_line(LOG_NOTICE, "proxy-error ip=%s reason=\"%s\"", p->ip,
	    fail_text());
	return -1;
}
