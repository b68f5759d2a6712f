/* Messages that come into the index: measured first, without any lock on the
 * uidlist, then given UIDs under it. */
#include "maildir/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/date.h"
#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "message/fail.h"

enum {
	LINKED = 30, /* seconds until two links are no rename at work */
	ROUNDS = 5, /* searches for files that are renamed meanwhile */
	MANY = 64,
};

void
sync_mend(struct folder *f, const char *keep, const char *other)
{
	char to[DELIVERY_NAME + 8], base[DELIVERY_NAME];
	struct stat a, b;

	if (!f->write || fstatat(f->dir, keep, &a, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fstatat(f->dir, other, &b, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
		if (a.st_nlink > 1 && a.st_ctime < time(NULL) - LINKED)
			(void)unlinkat(f->dir, other, 0);
		return;
	}
	delivery_name(base);
	(void)snprintf(to, sizeof(to), "%.4s%.200s%s", other, base,
	    other[0] == 'n' ? "" : ":2,");
	(void)renameat2(f->dir, other, f->dir, to, RENAME_NOREPLACE);
}

uint64_t
sync_wire(const struct uidlist *l, uint32_t entry)
{
	const char *p;

	if (entry == 0 || uidlist_field(l, entry - 1, 'W', &p) <= 0)
		return 0;
	return strtoull(p, NULL, 10);
}

static int
by_time(const void *a, const void *b, void *scan)
{
	const struct fresh *x = a, *y = b;

	if (x->uid != y->uid) /* 0 last */
		return x->uid - 1 < y->uid - 1 ? -1 : 1;
	return scan_order(scan, x->name, y->name);
}

/* Mostly they are in order, as the listing is. */
static void
sort(struct fresh *x, size_t n, struct scan *s)
{
	size_t i = 1;

	while (i < n && by_time(&x[i - 1], &x[i], s) <= 0)
		i++;
	if (i < n)
		qsort_r(x, n, sizeof(*x), by_time, s);
}

static bool
same_base(const struct scan *s, const struct fresh *a, const struct fresh *b)
{
	const struct name_at *x = &s->name[a->name].file;
	const struct name_at *y = &s->name[b->name].file;

	return s->name[a->name].time == s->name[b->name].time &&
	    x->base == y->base &&
	    memcmp(s->text + x->at, s->text + y->at, x->base) == 0;
}

/* Of two new files with one base, which stand together now, the first stays. */
static size_t
unique(struct folder *f, const struct scan *s, struct fresh *x, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		char keep[SCAN_PATH], other[SCAN_PATH];

		if (kept == 0 || x[i].uid != 0 || x[kept - 1].uid != 0 ||
		    !same_base(s, &x[kept - 1], &x[i])) {
			if (kept != i)
				x[kept] = x[i];
			kept++;
			continue;
		}
		scan_path(s, x[kept - 1].name, keep);
		scan_path(s, x[i].name, other);
		sync_mend(f, keep, other);
	}
	return kept;
}

/* 1: x is a message; 0: it is none; -1: ENOENT when it is not there any more,
 * under this name at least.  Of "many" the files are looked at when somebody
 * asks (date.c). */
static int
measured(const struct scan *s, const struct uidlist *l, const int dir[2],
    struct fresh *x, time_t now, bool many)
{
	const struct scan_name *n = &s->name[x->name];
	const char *name = scan_text(s, x->name);
	uint64_t wire = sync_wire(l, n->entry);
	uint64_t named = n->time / NAME_SECOND;
	int r = 1;

	x->r.saved = named <= (uint64_t)now ? (uint32_t)named : 0;
	if (many && n->sure) {
		x->r.flags = REC_UNDATED | REC_UNMEASURED;
		x->r.wire = wire > UINT32_MAX ? 0 : (uint32_t)wire;
	} else if ((r = file_measure(dir[n->in_new], name, wire, false,
			&x->r)) == 1)
		date_set(&x->r, now);
	x->uid = n->entry == 0 ? 0 : l->entry[n->entry - 1].uid;
	return r;
}

/* Those that are not done yet, from x[n] on.  How many there are then; those
 * that were not where they were listed count in *astray; -1. */
static ptrdiff_t
measure_all(struct scan *s, const struct uidlist *l, const int dir[2],
    struct fresh *x, size_t n, size_t *astray, bool many)
{
	time_t now = time(NULL);

	*astray = 0;
	for (size_t i = 0; i < s->names; i++) {
		struct scan_name *name = &s->name[i];
		int r;

		if (name->known || name->done || name->gone)
			continue;
		x[n] = (struct fresh){ .name = (uint32_t)i };
		r = measured(s, l, dir, &x[n], now, many);
		if (r == -1 && errno != ENOENT)
			return -1;
		n += r == 1;
		name->done = r != -1;
		*astray += r == -1;
	}
	return (ptrdiff_t)n;
}

/* A file that another program renames between listing and measuring is still a
 * message, and may have a UID in the list. */
static ptrdiff_t
find_all(struct folder *f, struct scan *s, const struct uidlist *l,
    const int dir[2], struct fresh *x, bool many)
{
	size_t astray = 0;
	ptrdiff_t n = measure_all(s, l, dir, x, 0, &astray, many);

	for (int i = 0; i < ROUNDS && n != -1 && astray > 0; i++) {
		if (scan_again(s, f->dir) == -1)
			return -1;
		n = measure_all(s, l, dir, x, (size_t)n, &astray, many);
	}
	if (astray > 0)
		s->exact = false;
	return n;
}

ptrdiff_t
sync_fresh(struct folder *f, struct scan *s, struct uidlist *l,
    struct fresh **out)
{
	int dir[2] = { -1, -1 };
	ptrdiff_t n = 0;
	int e;

	for (size_t i = 0; i < s->names; i++)
		n += !s->name[i].known;
	*out = calloc((size_t)n + 1, sizeof(**out));
	if (*out == NULL)
		return fail("new messages");
	if (n == 0)
		return 0;
	dir[0] = openat(f->dir, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir[1] = openat(f->dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = dir[0] == -1 || dir[1] == -1 ?
	    fail("open %s", f->name) :
	    find_all(f, s, l, dir, *out, n > MANY);
	e = errno;
	for (int i = 0; i < 2; i++)
		if (dir[i] != -1)
			(void)close(dir[i]);
	errno = e;
	if (n <= 0)
		return n;
	sort(*out, (size_t)n, s);
	return (ptrdiff_t)unique(f, s, *out, (size_t)n);
}

static int
add(struct uidlist *l, const struct scan *s, struct fresh *x)
{
	const char *name = scan_text(s, x->name);
	char field[32] = "";
	uint64_t w;

	if ((x->r.flags & REC_UNMEASURED) == 0 &&
	    name_size(name, 'W', &w) == -1)
		(void)snprintf(field, sizeof(field), "W%u", x->r.wire);
	if (uidlist_add(l, name, field[0] == '\0' ? NULL : field) == -1)
		return -1;
	l->entry[l->entries - 1].found = x->name + 1;
	x->uid = l->entry[l->entries - 1].uid;
	return 0;
}

/* The list was changed by another program while we looked at the files. */
static int
match_again(struct uidlist *l, struct scan *s, uint32_t before, struct fresh *x,
    size_t n)
{
	if (uidlist_match(l, s) == -1)
		return -1;
	for (size_t i = 0; i < l->entries; i++)
		if (l->entry[i].uid >= before && l->entry[i].found == 0)
			l->entry[i].found = UIDLIST_KEEP;
	for (size_t i = 0; i < n; i++) {
		uint32_t entry = s->name[x[i].name].entry;

		x[i].uid = entry == 0 ? 0 : l->entry[entry - 1].uid;
	}
	return 1;
}

/* Lines for those that have none, on disk, under the lock. */
static int
give(struct folder *f, struct scan *s, struct uidlist *l, struct fresh *x,
    size_t n)
{
	uint32_t before = l->uidnext;
	size_t octets = 1;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (x[i].uid == 0)
			octets += s->name[x[i].name].file.base + (size_t)1;
	if (uidlist_room(l, n, octets) == -1)
		r = -1;
	for (size_t i = 0; i < n && r == 0; i++)
		if (x[i].uid == 0)
			r = add(l, s, &x[i]);
	if (r == 0 && uidlist_commit(l, f->store->root) == 0)
		return 0;
	l->uidnext = before; /* none was given */
	l->entries = l->on_disk;
	return -1;
}

int
sync_assign(struct folder *f, struct scan *s, struct uidlist *l,
    struct fresh *x, size_t n)
{
	uint32_t before = l->uidnext;
	struct dotlock lock;
	size_t none = 0;
	int e, r;

	for (size_t i = 0; i < n; i++)
		none += x[i].uid == 0;
	if (none == 0 && !l->rewrite)
		return 0;
	r = uidlist_lock(l, &lock);
	if (r == -1)
		return -1;
	if (r == 1)
		r = match_again(l, s, before, x, n);
	if (r != -1 && give(f, s, l, x, n) == -1)
		r = -1;
	e = errno;
	dotlock_drop(&lock);
	errno = e;
	return r;
}

int
sync_promise(const struct folder *f, struct uidlist *l, struct dotlock *lock,
    struct fresh *x, size_t n)
{
	int e, r = uidlist_lock(l, lock);

	if (r == 0)
		r = uidlist_begin(l, f->store->root);
	if (r != 0) {
		e = errno;
		dotlock_drop(lock);
		errno = e;
		return r;
	}
	for (size_t i = 0; i < n; i++)
		x[i].uid = l->uidnext++;
	return 0;
}

int
sync_keep(struct folder *f, struct scan *s, struct uidlist *l, struct fresh *x,
    size_t n)
{
	if (uidlist_changed(l))
		return fail_as(ESTALE, "%s has got another list", f->name);
	l->uidnext -= (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		x[i].uid = 0;
	return give(f, s, l, x, n);
}
