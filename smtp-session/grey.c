/* MAY HOLD ROOT: called by the monitor; reads nothing that others wrote.
 *
 * A record lies near the place that its digest says; who looks for one reads
 * all of these places at once. */
#include "smtp-session/grey.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"
#include "smtp-session/table.h"

enum { KEY = 16 };

struct record {
	uint8_t key[KEY]; /* digest of what it is about */
	uint32_t first; /* try; 0: a network that came again */
	uint32_t last; /* time it was met; 0: free */
};

struct table {
	int fd; /* -1: there is none, so nothing is known */
	bool write;
	time_t now;
};

/* The places near "key", and which of them it has or could have. */
struct near {
	struct record r[GREY_NEAR];
	off_t at; /* of the first one */
	size_t mine;
	bool found;
};

static bool
is_old(const struct record *r, time_t now)
{
	return r->last == 0 || r->last > now + GREY_KNOWN ||
	    (r->first == 0 ? r->last + GREY_KNOWN < now :
			     r->first + GREY_AGAIN < now);
}

static int
find(const struct table *t, const uint8_t key[KEY], struct near *n)
{
	uint32_t place;

	memset(n, 0, sizeof(*n));
	memcpy(&place, key, sizeof(place));
	place %= GREY_PLACES - GREY_NEAR;
	n->at = (off_t)(place * sizeof(struct record));
	if (t->fd != -1 && pread(t->fd, n->r, sizeof(n->r), n->at) == -1)
		return fail("read the grey list");
	for (size_t i = 0; i < GREY_NEAR; i++) {
		if (is_old(&n->r[i], t->now))
			n->r[i].last = 0;
		else if (memcmp(n->r[i].key, key, KEY) == 0) {
			n->found = true;
			n->mine = i;
			return 0;
		}
		if (n->r[i].last < n->r[n->mine].last)
			n->mine = i;
	}
	return 0;
}

static int
note(const struct table *t, struct near *n, const uint8_t key[KEY],
    uint32_t first)
{
	struct record *r = &n->r[n->mine];

	memcpy(r->key, key, KEY);
	r->first = first;
	r->last = (uint32_t)t->now;
	if (!t->write ||
	    pwrite(t->fd, r, sizeof(*r),
		n->at + (off_t)(n->mine * sizeof(*r))) == (ssize_t)sizeof(*r))
		return 0;
	return fail("write the grey list");
}

static void
add_text(SHA2_CTX *ctx, const char *text)
{
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)tolower((unsigned char)*text);

		SHA256Update(ctx, &c, 1);
	}
	SHA256Update(ctx, (const uint8_t *)"", 1);
}

/* Of a network, and with sender and recipient of one mail of it. */
static void
digest(uint8_t key[KEY], const char *ip, const char *const mail[], size_t n)
{
	struct address_key net = address_key_text(ip);
	uint8_t out[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	if (strchr(ip, ':') == NULL)
		net.octets[sizeof(net.octets) - 1] = 0;
	SHA256Init(&ctx);
	SHA256Update(&ctx, net.octets, sizeof(net.octets));
	for (size_t i = 0; i < n; i++)
		add_text(&ctx, mail[i]);
	SHA256Final(out, &ctx);
	memcpy(key, out, KEY);
}

static long
judge(const struct table *t, const char *ip, const char *from, const char *rcpt,
    unsigned delay)
{
	const char *const path[] = { from, rcpt };
	uint8_t net[KEY], mail[KEY];
	struct near known, met;
	int64_t left = delay;

	digest(net, ip, path, 0);
	digest(mail, ip, path, 2);
	if (find(t, net, &known) == -1)
		return -1;
	if (known.found)
		return note(t, &known, net, 0);
	if (find(t, mail, &met) == -1)
		return -1;
	if (met.found)
		left -= (int64_t)t->now - met.r[met.mine].first;
	if (left <= 0)
		return note(t, &known, net, 0);
	if (left > delay) /* a clock that went back */
		left = delay;
	if (!met.found && note(t, &met, mail, (uint32_t)t->now) == -1)
		return -1;
	return (long)left;
}

long
grey_ask(const char *run, const char *ip, const char *from, const char *rcpt,
    unsigned delay, time_t now)
{
	struct table t = { .write = true, .now = now };
	long left;

	t.fd = table_open(run, "grey", O_CREAT);
	if (t.fd == -1)
		return -1;
	left = judge(&t, ip, from, rcpt, delay);
	(void)close(t.fd);
	return left;
}

long
grey_look(const char *run, const char *ip, const char *from, const char *rcpt,
    unsigned delay, time_t now)
{
	struct table t = { .now = now };
	long left;

	t.fd = table_open(run, "grey", 0);
	if (t.fd == -1 && errno != ENOENT)
		return -1;
	left = judge(&t, ip, from, rcpt, delay);
	if (t.fd != -1)
		(void)close(t.fd);
	return left;
}
