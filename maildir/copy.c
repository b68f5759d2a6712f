/* Copies and moves.  A message arrives in the target by a hard link under a
 * name of its own, gets its UID there, and, when it moves, then leaves the
 * source.  Only one folder is locked at a time, so two sessions that copy into
 * each other's folder do not wait for ever. */
#include "maildir/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/arrive.h"
#include "maildir/date.h"
#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "maildir/measure.h"
#include "maildir/note.h"
#include "maildir/quota.h"
#include "maildir/sync.h"
#include "message/fail.h"

enum { ROUNDS = 5 };

struct copy {
	struct folder *from;
	struct folder to;
	struct copied *done;
	uint32_t *left; /* numbers still to be copied */
	size_t lefts;
	struct arrival *a;
	uint32_t *uid; /* in the source, of each arrival */
	uint32_t *number;
	int word[KEYWORDS]; /* bit in the target; -1 not looked up */
};

/* Another file system, or one without links. */
static int
by_octets(int from, const char *path, int to, const char *name)
{
	struct delivery d = { .fd = -1 };
	struct stat st;
	int fd = measure_open(from, path), e, r;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && delivery_open(&d, to) == 0 &&
	    delivery_copy(&d, fd, 0) == 0 &&
	    futimens(d.fd, (struct timespec[2]){ st.st_atim, st.st_mtim }) ==
		0 &&
	    delivery_seal(&d) == 0) {
		(void)snprintf(d.name, sizeof(d.name), "%.250s", name);
		r = delivery_commit(&d);
	} else
		r = fail("copy %s", path);
	e = errno;
	delivery_abort(&d);
	(void)close(fd);
	errno = e;
	return r;
}

/* A file is of whom it was made by, so what goes to other people is another. */
static int
carry(const struct copy *c, const char *path, const char *name)
{
	int from = c->from->dir, to = c->to.dir;

	if (c->from->store != c->to.store)
		return by_octets(from, path, to, name);
	if (linkat(from, path, to, name, 0) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOSPC || errno == EDQUOT)
		return fail("link %s", name);
	return by_octets(from, path, to, name);
}

/* Keywords of the source by name, in bits of the target. */
static int
words(struct copy *c, uint64_t have, uint64_t *out)
{
	const char *const *names = folder_keywords(c->from);

	*out = 0;
	for (int i = 0; i < KEYWORDS; i++) {
		if ((have >> i & 1) == 0 || names[i] == NULL)
			continue;
		if (c->word[i] == -1)
			c->word[i] = folder_keyword(&c->to, names[i], true);
		if (c->word[i] == -1 && errno != ENOSPC)
			return -1;
		if (c->word[i] != -1)
			*out |= (uint64_t)1 << c->word[i];
	}
	return 0;
}

/* What is to be copied, with the paths as they are now.  How many; -1. */
static ptrdiff_t
prepare(struct copy *c, char (*path)[FLAGS_NAME])
{
	struct folder *f = c->from;
	size_t n = 0;

	if ((f->distrust || !f->unlisted) && sync_disk(f) == -1)
		return -1;
	for (size_t k = 0; k < c->lefts; k++) {
		struct arrival *a = &c->a[n];
		struct record told;
		ptrdiff_t i;

		if (view_record(f, c->left[k], &told) == -1) {
			if (errno == ENOENT)
				continue;
			return -1;
		}
		i = view_current(f, told.uid);
		if (i == -1 || !index_get(&f->ix, (size_t)i, &a->r) ||
		    (a->r.flags & REC_DEAD) != 0)
			continue;
		if (date_look(f, &f->ix, &a->r) == -1 && errno != ENOENT)
			return -1;
		file_path(&f->ix, &a->r, path[n]);
		c->uid[n] = a->r.uid;
		c->number[n] = c->left[k];
		a->r.flags &= FLAG_STORED | REC_UNDATED | REC_UNMEASURED |
		    REC_ATTACHMENT | REC_ENDED | REC_OPEN;
		a->r.note = 0;
		if (words(c, a->r.keywords, &a->r.keywords) == -1)
			return -1;
		arrive_name(a);
		n++;
	}
	return (ptrdiff_t)n;
}

static int
note_done(struct copied *d, const uint32_t *from, const struct arrival *a,
    size_t n)
{
	size_t all = d->n + n;
	uint32_t *p = reallocarray(d->from, all + 1, sizeof(*p));
	uint32_t *q;

	if (p == NULL)
		return fail("copy");
	d->from = p;
	q = reallocarray(d->to, all + 1, sizeof(*q));
	if (q == NULL)
		return fail("copy");
	d->to = q;
	for (size_t i = 0; i < n; i++) {
		d->from[d->n + i] = from[i];
		d->to[d->n + i] = a[i].r.uid;
	}
	d->n = all;
	return 0;
}

/* One round: what is where it was thought to be goes over; the others are left
 * for the next.  0; -1. */
static int
round_of(struct copy *c, char (*path)[FLAGS_NAME])
{
	ptrdiff_t n = prepare(c, path);
	struct settle settle;
	int64_t octets = 0;
	size_t over = 0;
	int e, r = 0;

	if (n == -1)
		return -1;
	c->lefts = 0;
	for (ptrdiff_t i = 0; i < n; i++)
		octets += c->a[i].r.size;
	if (quota_room(c->to.store, (uint64_t)octets, (uint64_t)n) == -1 ||
	    arrive_begin(&c->to, &settle) == -1)
		return -1;
	octets = 0;
	for (ptrdiff_t i = 0; i < n && r == 0; i++) {
		r = carry(c, path[i], c->a[i].path);
		if (r == -1 && errno == ENOENT) {
			c->left[c->lefts++] = c->number[i];
			r = 0;
			continue;
		}
		octets += c->a[i].r.size;
		c->uid[over] = c->uid[i];
		c->number[over] = c->number[i];
		c->a[over++] = c->a[i];
	}
	if (r == 0)
		r = arrive(&c->to, c->a, over, &settle);
	if (r == 0 && c->to.ix.writable)
		note_follow(c->from, &c->to, c->uid, c->a, over);
	c->done->uidvalidity = c->to.ix.h->uidvalidity;
	e = errno;
	for (size_t i = 0; i < over && r == -1; i++)
		(void)unlinkat(c->to.dir, c->a[i].path, 0);
	errno = e;
	arrive_end(&c->to, &settle);
	if (r == -1)
		return -1;
	quota_add(c->to.store, octets, (int64_t)over);
	return note_done(c->done, c->uid, c->a, over);
}

static int
rounds(struct copy *c, bool move)
{
	char(*path)[FLAGS_NAME] = calloc(c->lefts + 1, sizeof(*path));
	int r = 0;

	if (path == NULL)
		return fail("copy");
	for (int k = 0; k < ROUNDS && r == 0 && c->lefts > 0; k++) {
		size_t was = c->done->n;

		r = round_of(c, path);
		if (r == 0 && move) {
			r = view_remove(c->from, c->number, c->done->n - was);
			for (size_t i = was; i < c->done->n && r == 0; i++)
				quota_add(c->from->store,
				    -(int64_t)c->a[i - was].r.size, -1);
		}
		if (c->lefts > 0)
			c->from->distrust = true;
	}
	free(path);
	return r;
}

int
folder_copy(struct folder *f, const uint32_t *number, size_t n,
    const char *target, bool move, struct copied *done)
{
	struct copy c = { .from = f, .done = done, .lefts = n };
	int e, r;

	*done = (struct copied){ .n = 0 };
	for (int i = 0; i < KEYWORDS; i++)
		c.word[i] = -1;
	r = folder_bare(&c.to,
	    f->store->above != NULL ? f->store->above : f->store, target);
	c.left = calloc(n + 1, sizeof(*c.left));
	c.uid = calloc(n + 1, sizeof(*c.uid));
	c.number = calloc(n + 1, sizeof(*c.number));
	c.a = calloc(n + 1, sizeof(*c.a));
	if (r == 0 &&
	    (c.left == NULL || c.uid == NULL || c.number == NULL ||
		c.a == NULL))
		r = fail("copy");
	if (r == 0) {
		(void)memcpy(c.left, number, n * sizeof(*number));
		r = rounds(&c, move);
	}
	e = errno;
	folder_leave(&c.to);
	free(c.left);
	free(c.uid);
	free(c.number);
	free(c.a);
	errno = e;
	return r;
}

void
copied_free(struct copied *d)
{
	free(d->from);
	free(d->to);
	*d = (struct copied){ .n = 0 };
}
