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

#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "message/fail.h"

enum { LINKED = 30 }; /* seconds until two links are no rename at work */

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

static uint64_t
field_wire(const struct uidlist *l, uint32_t entry)
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
	for (int i = 0; i < 2; i++)
		if (x->time[i] != y->time[i])
			return x->time[i] < y->time[i] ? -1 : 1;
	return strcmp(scan_text(scan, x->name), scan_text(scan, y->name));
}

/* INTERNALDATE is the time of the file, SAVEDATE that of the delivery, each in
 * place of the other when it cannot be. */
static void
date(struct fresh *x, time_t now)
{
	int64_t named = x->time[0] <= (uint64_t)now ? (int64_t)x->time[0] : 0;

	if (x->r.date <= 0 || x->r.date > now)
		x->r.date = named != 0 ? named : now;
	x->r.saved = (uint32_t)(named != 0 ? named : x->r.date);
}

/* Of two new files with one base, which stand together now, the first stays. */
static size_t
unique(struct folder *f, const struct scan *s, struct fresh *x, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		char keep[SCAN_PATH], other[SCAN_PATH];
		const char *name = scan_text(s, x[i].name);
		const char *last = kept == 0 || x[kept - 1].uid != 0 ?
		    "" :
		    scan_text(s, x[kept - 1].name);
		size_t base = name_base(name);

		if (x[i].uid != 0 || name_base(last) != base ||
		    memcmp(last, name, base) != 0) {
			x[kept++] = x[i];
			continue;
		}
		scan_path(s, x[kept - 1].name, keep);
		scan_path(s, x[i].name, other);
		sync_mend(f, keep, other);
	}
	return kept;
}

ptrdiff_t
sync_fresh(struct folder *f, struct scan *s, struct uidlist *l,
    struct fresh **out)
{
	time_t now = time(NULL);
	char path[SCAN_PATH];
	struct fresh *x;
	size_t n = 0;

	for (size_t i = 0; i < s->names; i++)
		n += !s->name[i].known;
	*out = x = calloc(n + 1, sizeof(*x));
	if (x == NULL)
		return fail("new messages");
	n = 0;
	for (size_t i = 0; i < s->names; i++) {
		uint32_t entry = s->name[i].entry;
		int r;

		if (s->name[i].known)
			continue;
		x[n] = (struct fresh){ .name = (uint32_t)i };
		scan_path(s, i, path);
		r = file_measure(f->dir, path, field_wire(l, entry), false,
		    &x[n].r);
		if (r == -1 && errno != ENOENT)
			return -1;
		if (r != 1)
			continue;
		x[n].uid = entry == 0 ? 0 : l->entry[entry - 1].uid;
		name_time(scan_text(s, i), x[n].time);
		date(&x[n], now);
		n++;
	}
	qsort_r(x, n, sizeof(*x), by_time, s);
	return (ptrdiff_t)unique(f, s, x, n);
}

static int
add(struct uidlist *l, const struct scan *s, struct fresh *x)
{
	const char *name = scan_text(s, x->name);
	char field[32];
	uint64_t w;

	(void)snprintf(field, sizeof(field), "W%u", x->r.wire);
	if (uidlist_add(l, name,
		(x->r.flags & REC_UNMEASURED) != 0 ||
			name_size(name, 'W', &w) == 0 ?
		    NULL :
		    field) == -1)
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

int
sync_assign(struct folder *f, struct scan *s, struct uidlist *l,
    struct fresh *x, size_t n)
{
	struct stat was = l->st;
	uint32_t before = l->uidnext;
	struct dotlock lock;
	size_t none = 0;
	int e, r = 0;

	for (size_t i = 0; i < n; i++)
		none += x[i].uid == 0;
	if (none == 0 && !l->rewrite)
		return 0;
	if (uidlist_lock(l, &lock) == -1)
		return -1;
	if (l->st.st_ino != was.st_ino || l->st.st_size != was.st_size)
		r = match_again(l, s, before, x, n);
	for (size_t i = 0; i < n && r != -1; i++)
		if (x[i].uid == 0 && add(l, s, &x[i]) == -1)
			r = -1;
	if (r != -1 && uidlist_commit(l, f->store->root) == -1)
		r = -1;
	e = errno;
	dotlock_drop(&lock);
	errno = e;
	return r;
}
