#include "session/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"
#include "session/log.h"

enum {
	BUCKETS = 512,
	WAYS = 8, /* entries of a bucket; the one not seen longest goes */
	KNOWN = 8, /* wrong passwords remembered per address */
	FORGET = 600, /* seconds after which one failure is forgotten */
	LOCK_TRIES = 100, /* of a millisecond */
};

static const char magic[8] = "mrguard1";

struct entry {
	struct address_key key; /* all zero: free */
	uint32_t last; /* seconds of CLOCK_BOOTTIME */
	uint16_t count;
	uint16_t known; /* how many were written to seen[] */
	uint32_t seen[KNOWN]; /* digests under the table's secret */
};

struct guard_table {
	char magic[8];
	unsigned char secret[24];
	struct entry entry[BUCKETS][WAYS];
};

static int64_t clock_ahead;

void
guard_clock(int64_t ahead)
{
	clock_ahead = ahead;
}

static uint32_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint32_t)(t.tv_sec + clock_ahead);
}

/* A holder that was stopped must not stop every login. */
static void
lock(int fd)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return;
		(void)usleep(1000);
	}
}

static void
unlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}

static int
open_file(const char *run)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;

	(void)snprintf(path, sizeof(path), "%s/failures", run);
	fd = open(path, flags, 0600);
	if (fd == -1 && errno == ENOENT && mkdir(run, 0700) == 0 &&
	    chmod(run, 0755) == 0)
		fd = open(path, flags, 0600);
	if (fd == -1)
		return fail("%s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 0077) != 0) {
		(void)close(fd);
		return fail_as(EPERM, "%s: not a file of ours alone", path);
	}
	return fd;
}

/* The first who comes makes the table.  0 / -1. */
static int
make_table(int fd, struct guard_table *t)
{
	int r = 0;

	lock(fd);
	if (memcmp(t->magic, magic, sizeof(magic)) != 0) {
		memset(t, 0, sizeof(*t));
		if (getrandom(t->secret, sizeof(t->secret), 0) !=
		    sizeof(t->secret))
			r = fail("random octets");
		else
			memcpy(t->magic, magic, sizeof(magic));
	}
	unlock(fd);
	return r;
}

int
guard_open(struct guard *g, const char *run)
{
	void *p = MAP_FAILED;
	int e;

	g->table = NULL;
	g->fd = open_file(run);
	if (g->fd == -1)
		return -1;
	/* Blocks now: a hole that cannot be filled later kills who maps it. */
	e = posix_fallocate(g->fd, 0, sizeof(struct guard_table));
	if (e == 0)
		p = mmap(NULL, sizeof(struct guard_table),
		    PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
	else
		errno = e;
	if (p == MAP_FAILED) {
		(void)fail("map %s/failures", run);
		guard_close(g);
		return -1;
	}
	g->table = p;
	if (make_table(g->fd, p) == 0)
		return 0;
	guard_close(g);
	return -1;
}

void
guard_close(struct guard *g)
{
	if (g->table != NULL)
		(void)munmap(g->table, sizeof(*g->table));
	if (g->fd != -1)
		(void)close(g->fd);
	g->table = NULL;
	g->fd = -1;
}

/* Nobody outside can choose what falls together. */
static uint32_t
digest(const struct guard_table *t, const void *a, size_t a_len, const char *b)
{
	uint8_t out[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;
	uint32_t r;

	SHA256Init(&ctx);
	SHA256Update(&ctx, t->secret, sizeof(t->secret));
	SHA256Update(&ctx, a, a_len);
	SHA256Update(&ctx, (const uint8_t *)b, strlen(b));
	SHA256Final(out, &ctx);
	memcpy(&r, out, sizeof(r));
	explicit_bzero(&ctx, sizeof(ctx));
	return r;
}

static bool
is_zero(const struct address_key *k)
{
	static const struct address_key zero;

	return memcmp(k, &zero, sizeof(zero)) == 0;
}

/* The address's entry, or NULL; with "make" a free one or the oldest of its
 * bucket becomes it. */
static struct entry *
find(struct guard_table *t, const struct address_key *k, bool make)
{
	struct entry *e =
	    t->entry[digest(t, k->octets, sizeof(k->octets), "") % BUCKETS];
	struct entry *oldest = e;
	int i;

	for (i = 0; i < WAYS; i++, e++) {
		if (memcmp(&e->key, k, sizeof(*k)) == 0)
			return e;
		if (!is_zero(&oldest->key) &&
		    (is_zero(&e->key) || e->last < oldest->last))
			oldest = e;
	}
	if (!make)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = *k;
	return oldest;
}

static void
forget(struct entry *e, uint32_t t)
{
	uint32_t n = t > e->last ? (t - e->last) / FORGET : 0;

	if (n >= e->count) {
		e->count = 0;
		e->known = 0;
		e->last = t;
	} else if (n > 0) {
		e->count = (uint16_t)(e->count - n);
		e->last += n * FORGET;
	}
}

static bool
seen(const struct entry *e, uint32_t d)
{
	unsigned i, n = e->known < KNOWN ? e->known : KNOWN;

	for (i = 0; i < n; i++)
		if (e->seen[i] == d)
			return true;
	return false;
}

static unsigned
delay(unsigned count)
{
	static const unsigned seconds[] = { 0, 2, 4, 8, 15 };

	return seconds[count < 4 ? count : 4];
}

unsigned
guard_failed(struct guard *g, const char *ip, const char *name,
    const char *password)
{
	struct address_key k = address_key_text(ip);
	struct entry *e;
	uint32_t d;
	unsigned seconds;

	if (is_zero(&k))
		return delay(1);
	d = digest(g->table, name, strlen(name) + 1, password);
	lock(g->fd);
	e = find(g->table, &k, true);
	forget(e, now());
	if (!seen(e, d)) {
		e->seen[e->known % KNOWN] = d;
		e->known++;
		if (e->known >= 2 * KNOWN) /* it need not grow for ever */
			e->known = KNOWN;
		if (e->count < UINT16_MAX)
			e->count++;
		e->last = now();
	}
	seconds = delay(e->count);
	unlock(g->fd);
	return seconds;
}

unsigned
guard_delay(struct guard *g, const char *ip)
{
	struct address_key k = address_key_text(ip);
	struct entry *e;
	unsigned seconds = 0;

	if (is_zero(&k))
		return 0;
	lock(g->fd);
	e = find(g->table, &k, false);
	if (e != NULL) {
		forget(e, now());
		seconds = delay(e->count);
	}
	unlock(g->fd);
	return seconds;
}

void
guard_pause(const char *run, const char *ip, const char *name,
    const char *password, unsigned least)
{
	unsigned seconds = least;
	struct guard g;

	if (guard_open(&g, run) == 0) {
		seconds = guard_failed(&g, ip, name, password);
		guard_close(&g);
	} else {
		log_line(LOG_ERR, "guard reason=\"%s\"", fail_text());
	}
	(void)sleep(seconds < least ? least : seconds);
}
