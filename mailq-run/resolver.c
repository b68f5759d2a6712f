/* Each question in flight has a slot with a socket of its own: a fresh random
 * port and a random id per try, connected, so that the kernel drops what does
 * not come from the server.  A try that stays without answer moves on to the
 * next server; a cut answer is asked for again over TCP.  A CNAME whose
 * target is not in the answer is asked for in turn. */
#include "mailq-run/resolver.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailq-run/packet.h"
#include "message/clock.h"
#include "message/fail.h"

enum { TRIES = 4, TCP_MAX = 65535 };
static const int wait_ms[TRIES] = { 1000, 2000, 4000, 5000 };

struct slot {
	bool used;
	uint32_t ask; /* the manager's id */
	enum dns_type type;
	char name[DNS_NAME]; /* what is being asked now */
	int aliases;
	bool secure; /* of all steps so far */
	bool plain; /* without EDNS */
	int tries; /* of this name */
	int64_t stop; /* the budget's end */
	int64_t again; /* when this try is over */
	char why[64];
	uint16_t id; /* of the packet */
	int sock;
	/* TCP */
	bool tcp;
	unsigned char query[2 + PACKET_QUERY];
	size_t query_len, sent;
	unsigned char *in; /* length and packet, allocated on use */
	size_t got;
};

struct resolver {
	int manager;
	const struct dns_servers *servers;
	int hurry;
	struct slot slot[DNS_WINDOW];
};

static void
hang_up(struct slot *s)
{
	if (s->sock != -1)
		(void)close(s->sock);
	s->sock = -1;
	s->tcp = false;
	free(s->in);
	s->in = NULL;
	s->sent = s->got = 0;
}

/* The answer goes out, the slot is free. */
static int
finish(struct resolver *r, struct slot *s, struct dns_answer *a)
{
	hang_up(s);
	s->used = false;
	a->id = s->ask;
	a->type = s->type;
	a->secure = a->secure && s->secure && r->servers->trusted;
	return dns_reply(r->manager, a);
}

static int
give_up(struct resolver *r, struct slot *s)
{
	struct dns_answer a;

	a.status = DNS_TEMP;
	a.secure = false;
	a.ttl = 0;
	a.count = 0;
	(void)strlcpy(a.name, s->name, sizeof(a.name));
	(void)strlcpy(a.why, s->why, sizeof(a.why));
	return finish(r, s, &a);
}

static int
dial(struct resolver *r, struct slot *s, int kind)
{
	size_t n = (size_t)(s->tries - 1) % r->servers->count;
	const struct sockaddr_storage *to = &r->servers->addr[n];

	s->sock = socket(to->ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->sock == -1)
		return -1;
	if (connect(s->sock, (const struct sockaddr *)to, r->servers->len[n]) ==
		-1 &&
	    errno != EINPROGRESS)
		return -1;
	return 0;
}

/* Send the question once more, by UDP.  What fails here counts as a try
 * without answer. */
static int
try_again(struct resolver *r, struct slot *s)
{
	int64_t now = clock_ms();
	int n;

	hang_up(s);
	if (s->tries == TRIES || now >= s->stop)
		return give_up(r, s);
	if (s->tries == TRIES - 1)
		s->plain = true; /* perhaps EDNS is what gets lost */
	s->again = now + wait_ms[s->tries] / r->hurry;
	if (s->again > s->stop)
		s->again = s->stop;
	s->tries++;
	s->id = (uint16_t)arc4random();
	n = packet_query(s->query + 2, s->id, s->name, s->type, !s->plain);
	if (n == -1) {
		struct dns_answer a = { .status = DNS_NXDOMAIN };

		return finish(r, s, &a);
	}
	s->query_len = (size_t)n;
	if (dial(r, s, SOCK_DGRAM) == -1 ||
	    send(s->sock, s->query + 2, s->query_len, MSG_NOSIGNAL) == -1)
		(void)strlcpy(s->why, "name server not reachable",
		    sizeof(s->why));
	return 0;
}

static int
ask_by_tcp(struct resolver *r, struct slot *s)
{
	hang_up(s);
	s->in = malloc(2 + TCP_MAX);
	s->query[0] = (unsigned char)(s->query_len >> 8);
	s->query[1] = (unsigned char)s->query_len;
	s->tcp = true;
	s->again = clock_ms() + wait_ms[TRIES - 1] / r->hurry;
	if (s->again > s->stop)
		s->again = s->stop;
	(void)strlcpy(s->why, "no answer over TCP", sizeof(s->why));
	if (s->in == NULL || dial(r, s, SOCK_STREAM) == -1)
		return try_again(r, s);
	return 0;
}

/* A packet came for the slot. */
static int
packet(struct resolver *r, struct slot *s, const unsigned char *p, size_t len)
{
	static struct dns_answer a;

	switch (packet_read(&a, p, len, s->id, s->name, s->type)) {
	case PACKET_ANSWER:
		return finish(r, s, &a);
	case PACKET_ALIAS:
		s->secure = s->secure && a.secure;
		if (++s->aliases > DNS_ALIASES) {
			a.status = DNS_LOOP;
			return finish(r, s, &a);
		}
		(void)strlcpy(s->name, a.name, sizeof(s->name));
		s->tries = 0;
		return try_again(r, s);
	case PACKET_CUT:
		return s->tcp ? try_again(r, s) : ask_by_tcp(r, s);
	case PACKET_PLAIN:
		(void)strlcpy(s->why, "format error", sizeof(s->why));
		s->plain = true;
		return try_again(r, s);
	case PACKET_REFUSED:
		(void)strlcpy(s->why, a.why, sizeof(s->why));
		/* Worth asking the others, not the same one again. */
		if ((size_t)s->tries >= r->servers->count)
			return give_up(r, s);
		return try_again(r, s);
	case PACKET_STRANGE:
		break;
	}
	return s->tcp ? try_again(r, s) : 0;
}

static int
udp_ready(struct resolver *r, struct slot *s)
{
	unsigned char buf[4096];
	ssize_t n = recv(s->sock, buf, sizeof(buf), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1) { /* port unreachable */
		(void)strlcpy(s->why, "name server not reachable",
		    sizeof(s->why));
		return try_again(r, s);
	}
	return packet(r, s, buf, (size_t)n);
}

static int
tcp_ready(struct resolver *r, struct slot *s)
{
	size_t want = 2;
	ssize_t n;

	if (s->sent < 2 + s->query_len) {
		n = send(s->sock, s->query + s->sent,
		    2 + s->query_len - s->sent, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return try_again(r, s);
		s->sent += n == -1 ? 0 : (size_t)n;
		return 0;
	}
	if (s->got >= 2)
		want += (size_t)s->in[0] << 8 | s->in[1];
	n = recv(s->sock, s->in + s->got, want - s->got, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return try_again(r, s);
	s->got += (size_t)n;
	if (s->got > 2 && s->got == want)
		return packet(r, s, s->in + 2, want - 2);
	return 0;
}

/* Take a question off the manager.  1; 0: he is gone; -1. */
static int
take(struct resolver *r, struct slot *s)
{
	static struct record rec;
	int got = record_recv(r->manager, &rec, NULL, -1);

	if (got != 1)
		return got;
	*s = (struct slot){ .sock = -1, .secure = true };
	if (dns_question(&rec, &s->ask, &s->type, s->name) == -1)
		return -1;
	s->used = true;
	s->stop = clock_ms() + RESOLVER_BUDGET / r->hurry;
	(void)strlcpy(s->why, "no answer in time", sizeof(s->why));
	return try_again(r, s) == -1 ? -1 : 1;
}

static struct slot *
free_slot(struct resolver *r)
{
	for (size_t i = 0; i < DNS_WINDOW; i++)
		if (!r->slot[i].used)
			return &r->slot[i];
	return NULL;
}

/* Fill the poll set; how long to wait. */
static int
watch(struct resolver *r, struct pollfd *fds)
{
	int64_t now = clock_ms(), first = INT64_MAX;

	fds[DNS_WINDOW] = (struct pollfd){
		.fd = free_slot(r) == NULL ? -1 : r->manager,
		.events = POLLIN,
	};
	for (size_t i = 0; i < DNS_WINDOW; i++) {
		const struct slot *s = &r->slot[i];
		bool out = s->tcp && s->sent < 2 + s->query_len;

		fds[i] = (struct pollfd){
			.fd = s->used ? s->sock : -1,
			.events = out ? POLLOUT : POLLIN,
		};
		if (s->used && s->again < first)
			first = s->again;
	}
	if (first == INT64_MAX)
		return -1;
	return first <= now ? 0 : (int)(first - now);
}

static int
serve_slots(struct resolver *r, const struct pollfd *fds)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < DNS_WINDOW; i++) {
		struct slot *s = &r->slot[i];
		int e = 0;

		if (!s->used)
			continue;
		if (fds[i].fd != -1 && fds[i].revents != 0)
			e = s->tcp ? tcp_ready(r, s) : udp_ready(r, s);
		else if (s->again <= now)
			e = try_again(r, s);
		if (e == -1)
			return -1;
	}
	return 0;
}

int
resolver_serve(int sock, const struct dns_servers *servers, int hurry)
{
	static struct resolver r;
	struct pollfd fds[DNS_WINDOW + 1];
	struct slot *s;
	int n, got;

	r = (struct resolver){ .manager = sock,
		.servers = servers,
		.hurry = hurry };
	for (;;) {
		n = poll(fds, DNS_WINDOW + 1, watch(&r, fds));
		if (n == -1 && errno != EINTR)
			return fail("poll");
		if (n == -1)
			continue;
		if (serve_slots(&r, fds) == -1)
			return -1;
		if (fds[DNS_WINDOW].fd == -1 || fds[DNS_WINDOW].revents == 0)
			continue;
		s = free_slot(&r);
		got = s == NULL ? 1 : take(&r, s);
		if (got != 1)
			return got;
	}
}
