#include "maildir/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"

static const char file[] = "mailroom-index.log";
static const char fresh[] = "mailroom-index.log.tmp";

enum {
	LONGEST = 512 * 1024, /* then the older half goes */
	PAIRS_MAX = 16 * 1024, /* of one entry */
};

struct head {
	char magic[8];
	uint64_t id;
};

struct entry {
	uint32_t check;
	uint32_t op;
	uint64_t modseq;
	uint32_t pairs;
	uint32_t spare;
};

static uint32_t
check(const struct entry *e, const uint32_t *pairs)
{
	uint64_t h = e->modseq ^ ((uint64_t)e->op << 32 | e->pairs);

	for (uint32_t i = 0; i < 2 * e->pairs; i++)
		h = (h ^ pairs[i]) * 0x9e3779b97f4a7c15 + 1;
	return (uint32_t)(h >> 32 ^ h) | 1;
}

static int
open_log(const struct index *ix, int flags)
{
	struct head h = { .id = 0 };
	int fd = ix->dir == -1 || ix->h->log_id == 0 ?
	    -1 :
	    openat(ix->dir, file, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) &&
	    memcmp(h.magic, "mailrlog", 8) == 0 && h.id == ix->h->log_id)
		return fd;
	(void)close(fd);
	return -1;
}

/* A log that begins with those octets of old entries.  Its descriptor; -1. */
static int
begin(struct index *ix, const char *keep, size_t n)
{
	struct timespec t;
	struct head h = { .magic = "mailrlog" };
	int fd;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	h.id = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	(void)unlinkat(ix->dir, fresh, 0);
	fd = openat(ix->dir, fresh,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (write(fd, &h, sizeof(h)) == (ssize_t)sizeof(h) &&
	    (n == 0 || write(fd, keep, n) == (ssize_t)n) &&
	    renameat(ix->dir, fresh, ix->dir, file) == 0) {
		ix->h->log_id = h.id;
		ix->h->log_end = sizeof(h) + n;
		return fd;
	}
	(void)close(fd);
	(void)unlinkat(ix->dir, fresh, 0);
	return -1;
}

/* One entry from a buffer: its octets, 0 when it is none. */
static size_t
parse(const char *p, size_t n, struct entry *e, const uint32_t **pairs)
{
	size_t size;

	if (n < sizeof(*e))
		return 0;
	(void)memcpy(e, p, sizeof(*e));
	size = sizeof(*e) + (size_t)e->pairs * 8;
	*pairs = (const void *)(p + sizeof(*e));
	if (e->pairs > PAIRS_MAX || size > n || e->op == 0 ||
	    e->op >= JOURNAL_OPS || e->check != check(e, *pairs))
		return 0;
	return size;
}

/* The log from "from" to its end in memory, for free(); NULL. */
static char *
load(int fd, uint64_t from, uint64_t to, size_t *n)
{
	char *p;

	*n = 0;
	if (to < from || to - from > 4 * (uint64_t)LONGEST)
		return NULL;
	p = malloc(to - from + 1);
	if (p == NULL)
		return NULL;
	if (pread(fd, p, to - from, (off_t)from) != (ssize_t)(to - from)) {
		free(p);
		return NULL;
	}
	*n = to - from;
	return p;
}

/* Drop the older half.  The new descriptor; -1. */
static int
shorten(struct index *ix, int fd)
{
	struct entry e;
	const uint32_t *pairs;
	size_t n = 0, at = 0, size;
	char *p = load(fd, sizeof(struct head), ix->h->log_end, &n);
	uint64_t last = ix->h->discarded;

	(void)close(fd);
	while (at < n / 2 && (size = parse(p + at, n - at, &e, &pairs)) > 0) {
		last = e.modseq;
		at += size;
	}
	if (at < n / 2)
		at = n;
	fd = begin(ix, p == NULL ? "" : p + at, n - at);
	if (p == NULL || at == n)
		last = ix->h->modseq;
	ix->h->discarded = last;
	free(p);
	return fd;
}

static int
put(struct index *ix, int fd, enum journal_op op, uint64_t modseq,
    const uint32_t *pairs, size_t n)
{
	struct entry e = { .op = op, .modseq = modseq, .pairs = (uint32_t)n };
	size_t octets = n * 8;
	char room[1024], *p = room;
	ssize_t done = -1;

	if (sizeof(e) + octets > sizeof(room))
		p = malloc(sizeof(e) + octets);
	if (p == NULL)
		return -1;
	e.check = check(&e, pairs);
	(void)memcpy(p, &e, sizeof(e));
	(void)memcpy(p + sizeof(e), pairs, octets);
	done = pwrite(fd, p, sizeof(e) + octets, (off_t)ix->h->log_end);
	if (p != room)
		free(p);
	if (done != (ssize_t)(sizeof(e) + octets))
		return -1;
	ix->h->log_end += sizeof(e) + octets;
	return 0;
}

void
journal_add(struct index *ix, enum journal_op op, uint64_t modseq,
    const struct ranges *r)
{
	int fd = open_log(ix, O_RDWR);
	int bad = 0;

	if (fd == -1 && ix->dir != -1) {
		ix->h->discarded = ix->h->modseq;
		fd = begin(ix, "", 0);
	} else if (fd != -1 && ix->h->log_end > LONGEST)
		fd = shorten(ix, fd);
	for (size_t i = 0; i < r->n && fd != -1 && bad == 0; i += PAIRS_MAX)
		bad = put(ix, fd, op, modseq, r->p + 2 * i,
		    r->n - i < PAIRS_MAX ? r->n - i : PAIRS_MAX);
	if (fd == -1 || bad != 0) { /* nobody may think that this was all */
		ix->h->log_id = 0;
		ix->h->discarded = modseq;
	}
	if (fd != -1)
		(void)close(fd);
}

void
journal_close(struct journal *j)
{
	if (j->fd != -1)
		(void)close(j->fd);
	*j = (struct journal){ .fd = -1 };
}

void
journal_end(struct journal *j, const struct index *ix)
{
	if (j->fd == -1 || j->id != ix->h->log_id) {
		journal_close(j);
		j->fd = open_log(ix, O_RDONLY);
		j->id = ix->h->log_id;
	}
	j->at = ix->h->log_end;
}

int
journal_read(struct journal *j, const struct index *ix,
    struct ranges out[JOURNAL_OPS])
{
	const uint32_t *pairs;
	struct entry e;
	size_t n = 0, at = 0, size;
	char *p = NULL;
	int r = 1;

	if (j->fd != -1 && j->id == ix->h->log_id)
		p = load(j->fd, j->at, ix->h->log_end, &n);
	while (at < n && r == 1 &&
	    (size = parse(p + at, n - at, &e, &pairs)) > 0) {
		for (uint32_t i = 0; i < e.pairs && r == 1; i++)
			if (ranges_add(&out[e.op], pairs[2 * i],
				pairs[2 * i + 1]) == -1)
				r = 0;
		at += size;
	}
	if (p == NULL || at < n)
		r = 0;
	j->at += at;
	if (r == 0)
		journal_end(j, ix);
	free(p);
	return r;
}

int
journal_expunged(const struct index *ix, uint64_t modseq, struct ranges *out)
{
	const uint32_t *pairs;
	struct entry e;
	size_t n = 0, at = 0, size;
	int fd, r = 1;
	char *p;

	if (modseq < ix->h->discarded)
		return 0;
	if (modseq >= ix->h->modseq)
		return 1;
	fd = open_log(ix, O_RDONLY);
	if (fd == -1)
		return 0;
	p = load(fd, sizeof(struct head), ix->h->log_end, &n);
	(void)close(fd);
	while (at < n && (size = parse(p + at, n - at, &e, &pairs)) > 0) {
		for (uint32_t i = 0; i < e.pairs && r == 1; i++)
			if (e.modseq > modseq && e.op == JOURNAL_EXPUNGE &&
			    ranges_add(out, pairs[2 * i], pairs[2 * i + 1]) ==
				-1)
				r = 0;
		at += size;
	}
	if (p == NULL || at < n)
		r = 0;
	free(p);
	return r;
}
