/* A listing brought into the index in place: find each name's record by its
 * base, note what differs, give UIDs to what is new. */
#include "maildir/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "maildir/maildir.h"
#include "message/fail.h"

static const char list_file[] = "dovecot-uidlist";

static struct list_stamp
list_stamp(const struct stat *st)
{
	return (struct list_stamp){ .ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.sec = st->st_mtim.tv_sec,
		.nsec = st->st_mtim.tv_nsec };
}

bool
sync_list_current(const struct folder *f, struct stat *st)
{
	struct list_stamp now;

	if (fstatat(f->dir, list_file, st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	now = list_stamp(st);
	return memcmp(&now, &f->ix.h->list, sizeof(now)) == 0;
}

unsigned
sync_known(const struct header *h, const struct scan_stamp now[2])
{
	unsigned known = 0;

	for (int i = 0; i < 2; i++)
		if (memcmp(&now[i], &h->stamp[i], sizeof(now[i])) == 0)
			known |= 1U << i;
	return known & h->settled;
}

bool
sync_current(const struct folder *f)
{
	struct scan_stamp now[2];
	struct stat st;

	return f->ix.h->settled == SCAN_BOTH && scan_stamps(f->dir, now) == 0 &&
	    sync_known(f->ix.h, now) == SCAN_BOTH && sync_list_current(f, &st);
}

bool
sync_stamped(const struct header *h, const struct scan_stamp now[2],
    const struct stat *list)
{
	struct list_stamp stamp = list_stamp(list);

	return sync_known(h, now) == SCAN_BOTH &&
	    memcmp(&stamp, &h->list, sizeof(stamp)) == 0;
}

void
sync_news(struct index *ix, struct news *n)
{
	bool any = false;

	for (int op = 1; op < JOURNAL_OPS; op++)
		any = any || n->op[op].n > 0;
	if (any)
		ix->h->modseq = n->modseq;
	for (int op = 1; op < JOURNAL_OPS; op++) {
		if (n->op[op].n > 0)
			journal_add(ix, (enum journal_op)op, n->modseq,
			    &n->op[op]);
		ranges_free(&n->op[op]);
	}
}

void
sync_stamp(struct index *ix, const struct scan *s, const struct uidlist *l)
{
	(void)memcpy(ix->h->stamp, s->stamp, sizeof(ix->h->stamp));
	ix->h->settled = s->exact ? s->settled : 0;
	sync_list(ix, l, s->exact);
}

void
sync_list(struct index *ix, const struct uidlist *l, bool all)
{
	ix->h->list =
	    all ? list_stamp(&l->st) : (struct list_stamp){ .ino = 0 };
	ix->h->uidnext = l->uidnext;
	for (size_t i = 0; i < l->entries && ix->h->uidls == 0; i++) {
		const char *p;

		ix->h->uidls = uidlist_field(l, i, 'P', &p) != -1;
	}
}

int
merge_known(struct merge *m, size_t i, size_t k)
{
	struct index *ix = &m->f->ix;
	struct scan_name *n = &m->s.name[i];
	const char *name = scan_text(&m->s, i);
	struct record r, old;

	if (!index_get(ix, k, &r))
		return 1;
	n->known = true;
	if (m->seen != NULL)
		m->seen[k] = 1;
	if (m->listed &&
	    (n->entry == 0 || m->l.entry[n->entry - 1].uid != r.uid))
		return 1;
	if (file_same(ix, &r, name, n->in_new))
		return 0;
	old = r;
	if (file_name(ix, &r, name, n->in_new) == -1)
		return 1;
	m->table.text = ix->names.p; /* which the name may have moved */
	if ((r.flags & REC_DEAD) == 0 &&
	    (((r.flags ^ old.flags) & FLAG_STORED) != 0 ||
		r.keywords != old.keywords)) {
		r.modseq = m->news.modseq;
		if (ranges_add(&m->news.op[JOURNAL_CHANGE], r.uid, r.uid) == -1)
			return -1;
	}
	file_put(ix, k, &r);
	return 0;
}

/* The record of a name: that has the very same one, or the same base, or, among
 * those not seen, the same stem. */
enum by { SAME, BASE, STEM };

static ptrdiff_t
record_of(const struct merge *m, const struct scan_name *n, enum by by)
{
	const struct record *r = m->f->ix.r;
	const uint32_t dead = REC_DEAD | REC_LATE;
	const char *name = m->s.text + n->file.at;
	size_t at = 0;
	ptrdiff_t k;

	if (by != STEM) {
		k = names_find(&m->table, name);
		if (k == -1 || (r[k].flags & dead) == REC_DEAD)
			return -1;
		return by == BASE ||
			file_same(&m->f->ix, &r[k], name, n->in_new) ?
		    k :
		    -1;
	}
	while ((k = names_like(&m->table, name, &at)) != -1)
		if ((r[k].flags & dead) != REC_DEAD && m->seen[k] == 0)
			return k;
	return -1;
}

static void
mend(struct merge *m, size_t i, size_t k)
{
	char keep[FLAGS_NAME], other[SCAN_PATH];

	file_path(&m->f->ix, &m->f->ix.r[k], keep);
	scan_path(&m->s, i, other);
	if (strcmp(keep, other) != 0)
		sync_mend(m->f, keep, other);
	m->s.name[i].known = true;
}

static int
match(struct merge *m)
{
	size_t left = 1;

	for (enum by by = SAME; by <= STEM && left > 0; by++) {
		left = 0;
		for (size_t i = 0; i < m->s.names; i++) {
			ptrdiff_t k;
			int r;

			if (m->s.name[i].known)
				continue;
			k = record_of(m, &m->s.name[i], by);
			if (k == -1) {
				left++;
				continue;
			}
			if (m->seen[k] != 0) {
				mend(m, i, (size_t)k);
				continue;
			}
			r = merge_known(m, i, (size_t)k);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

int
merge_bury(struct merge *m, size_t k)
{
	struct index *ix = &m->f->ix;
	struct record r;

	if (!index_get(ix, k, &r))
		return 1;
	file_late(&r, 0, r.flags & FLAG_STORED, false);
	if ((r.flags & REC_DEAD) == 0) {
		r.flags |= REC_DEAD;
		r.modseq = m->news.modseq;
		if (ranges_add(&m->news.op[JOURNAL_EXPUNGE], r.uid, r.uid) ==
		    -1)
			return -1;
	}
	file_put(ix, k, &r);
	return 0;
}

static int
bury(struct merge *m)
{
	struct index *ix = &m->f->ix;
	size_t n = ix->h->records;
	int r = 0;

	for (size_t k = 0; k < n && m->s.exact && r == 0; k++)
		if (m->seen[k] == 0 &&
		    (ix->r[k].flags & (REC_DEAD | REC_LATE)) != REC_DEAD)
			r = merge_bury(m, k);
	return r;
}

/* Records of the new ones; 1 when a UID does not follow the last. */
static int
append(struct merge *m, struct fresh *x, size_t n)
{
	struct index *ix = &m->f->ix;

	for (size_t i = 0; i < n; i++) {
		size_t end = ix->h->records;
		const struct scan_name *name = &m->s.name[x[i].name];

		if (x[i].uid == 0)
			continue;
		if (end > 0 && ix->r[end - 1].uid >= x[i].uid)
			return 1;
		if (index_room(ix, 1) == -1)
			return 1;
		x[i].r.uid = x[i].uid;
		x[i].r.modseq = m->news.modseq;
		if (file_name(ix, &x[i].r, scan_text(&m->s, x[i].name),
			name->in_new) == -1)
			return 1;
		file_put(ix, end, &x[i].r);
		if (ranges_add(&m->news.op[JOURNAL_NEW], x[i].uid, x[i].uid) ==
		    -1)
			return -1;
	}
	return 0;
}

int
merge_fresh(struct merge *m)
{
	struct fresh *x = NULL;
	ptrdiff_t n = sync_fresh(m->f, &m->s, &m->l, &x);
	int r = n == -1 ? -1 : 0;

	if (n > 0) {
		r = sync_assign(m->f, &m->s, &m->l, x, (size_t)n);
		/* those of the list come first, ascending; r is 1 when the
		 * list is another one than "known" has compared with */
		if (r == -1 &&
		    (errno == ENOSPC || errno == EDQUOT || errno == EROFS ||
			errno == EACCES)) {
			for (ptrdiff_t i = 0; i < n; i++)
				if (m->s.name[x[i].name].entry == 0)
					x[i].uid = 0;
			m->s.settled = 0;
			r = 0;
		}
		if (r == 0)
			r = append(m, x, (size_t)n);
	}
	free(x);
	return r;
}

/* The list, if it is not the one that the index knows; before the listing, which
 * then has every message of it that is there.  1: rebuild. */
static int
read_list(struct merge *m)
{
	struct folder *f = m->f;
	struct stat st;

	if (sync_list_current(f, &st)) {
		uidlist_assume(&m->l, f->dir, f->ix.h->uidvalidity,
		    f->ix.h->uidnext, &st);
		return 0;
	}
	m->listed = true;
	if (uidlist_read(&m->l, f->dir) == -1)
		return -1;
	if (m->l.uidvalidity != f->ix.h->uidvalidity || m->l.rewrite)
		return 1;
	return 0;
}

/* Every record whole?  A name table of damaged ones would lead astray. */
static bool
whole(const struct index *ix)
{
	struct record r;

	for (size_t i = 0; i < ix->h->records; i++)
		if (!index_get(ix, i, &r))
			return false;
	return true;
}

int
merge_listing(struct merge *m)
{
	struct index *ix = &m->f->ix;
	int r;

	if (!whole(ix))
		return 1;
	r = read_list(m);
	if (r != 0)
		return r;
	if (scan_run(&m->s, m->f->dir) == -1 ||
	    (m->listed && uidlist_match(&m->l, &m->s) == -1))
		return -1;
	m->news.modseq = index_modseq(ix);
	m->seen = calloc(ix->h->records + 1, 1);
	if (m->seen == NULL ||
	    names_index(&m->table, ix->names.p, ix->r, sizeof(*ix->r),
		ix->h->records) == -1)
		return fail("merge");
	index_begin(ix);
	r = match(m);
	if (r == 0)
		r = bury(m);
	if (r == 0)
		r = merge_fresh(m);
	if (r == 0)
		sync_stamp(ix, &m->s, &m->l);
	sync_news(ix, &m->news);
	index_end(ix);
	return r;
}
