/* The index follows the disk.
 *
 * Three stat calls tell whether anything changed since the last listing that
 * was exact; a view that watches the folder need not even make these.  If so,
 * under the lock of the index, what was watched, or a listing, of new/ alone
 * when cur/ has not changed, is merged into it (events.c, new.c, merge.c).
 * Whatever does not fit (another UIDVALIDITY, UIDs out of order, damage) makes a
 * new generation (rebuild.c). */
#include "maildir/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "maildir/maildir.h"
#include "maildir/merge.h"
#include "maildir/note.h"
#include "maildir/settle.h"
#include "message/fail.h"

enum { DEAD_MIN = 64 }; /* fewer are not worth a new generation */

/* Files in new/ become seen by a session that may write: into cur/. */
static int
take_in(struct folder *f)
{
	struct index *ix = &f->ix;
	size_t n = ix->h->records;
	struct settle settle;

	if (!f->write || ix->h->in_new == 0 ||
	    (f->store->options & STORE_KEEP_NEW) != 0)
		return 0;
	settle_begin(&settle, f, ix->h->in_new);
	settle_sure(&settle, f);
	index_begin(ix);
	for (size_t i = n; i-- > 0 && ix->h->in_new > 0;) {
		char from[FLAGS_NAME], to[FLAGS_NAME];
		struct record r;

		if ((ix->r[i].flags & (REC_NEW | REC_DEAD)) != REC_NEW ||
		    !index_get(ix, i, &r))
			continue;
		file_path(ix, &r, from);
		flags_put(to, index_text(ix, &r), r.file.base, r.flags,
		    r.keywords);
		if (renameat2(f->dir, from, f->dir, to, RENAME_NOREPLACE) == -1)
			continue;
		if (file_name(ix, &r, to + strlen("cur/"), false) == -1) {
			settle_drop(&settle);
			break;
		}
		file_put(ix, i, &r);
		settle_names(&settle, true, 1);
		settle_names(&settle, false, 1);
		view_touched(f, r.uid);
		(void)ranges_add(&f->recent, r.uid, r.uid);
	}
	settle_end(&settle, f);
	index_end(ix);
	settle_drop(&settle);
	ranges_sort(&f->recent);
	return 0;
}

static bool
wasteful(const struct header *h)
{
	return (h->dead > DEAD_MIN && h->dead > h->records / 4 &&
		   h->late == 0) ||
	    note_wasteful(h);
}

/* Lock the generation that is in place, without looking at the disk; the one
 * that the view is about stays.  1; 0: a new one must be made; -1. */
static int
generation(struct folder *f)
{
	if (sync_due(f) == -1)
		return -1;
	for (;;) {
		struct index next;
		int r = index_lock(&f->ix);

		if (r != 2)
			return r;
		if (index_open(&next, f->files) == -1) {
			index_close(&next);
			return -1;
		}
		if (f->at == &f->ix) {
			f->old = f->ix;
			f->at = &f->old;
		} else
			index_close(&f->ix);
		f->ix = next;
	}
}

/* Begin to watch before anything is looked at, anew when events were lost. */
static void
watch_again(struct folder *f)
{
	f->watched = false;
	if (f->watch == NULL || !f->watch->lost)
		return;
	watch_close(f->watch);
	free(f->watch);
	f->watch = NULL;
	(void)folder_wait(f);
}

/* Nothing is left of what the watch saw: see events.c. */
static void
nothing_seen(struct folder *f)
{
	size_t n = index_count(&f->ix);

	f->touched.n = 0;
	f->came_from = n == 0 ? 1 : f->ix.r[n - 1].uid + 1;
}

/* The times of the directories, such that whatever the watch has seen when they
 * were taken was before, and nothing later can bring them. */
static int
stamps(struct merge *m)
{
	struct folder *f = m->f;
	struct scan *s = &m->s;

	if (scan_stamps(f->dir, s->stamp) == -1)
		return -1;
	s->settled = sync_known(f->ix.h, s->stamp) | scan_settled(s->stamp);
	/* what was noted before must not come true by it */
	index_begin(&f->ix);
	f->ix.h->settled &= s->settled;
	index_end(&f->ix);
	s->settled |=
	    settle_stamps(f->watch->dir, SCAN_BOTH & ~s->settled, s->stamp);
	return 0;
}

/* What the watch has seen is all there is: 0 merged; 1 list the folder. */
static int
watched(struct merge *m)
{
	struct folder *f = m->f;
	struct index *ix = &f->ix;
	struct stat st;
	int r;

	m->watch = f->watch;
	if (!f->watched || f->distrust || !sync_list_current(f, &st))
		return 1;
	uidlist_assume(&m->l, f->dir, ix->h->uidvalidity, ix->h->uidnext, &st);
	m->first = file_place(ix, f->came_from);
	/* times first: what happens later makes them differ */
	if (stamps(m) == -1)
		return -1;
	watch_barrier(f->watch);
	if (watch_settle(f->watch) == -1)
		return -1;
	r = merge_events(m);
	if (r == 0) {
		watch_reset(f->watch);
		nothing_seen(f);
	}
	return r;
}

static void
drop(struct merge *m)
{
	free(m->seen);
	names_free(&m->table);
	uidlist_free(&m->l);
	scan_free(&m->s);
	*m = (struct merge){ .f = m->f, .l.dir = -1 };
}

/* With the lock.  0; 1: make a new generation; -1. */
static int
update(struct folder *f)
{
	struct merge m = { .f = f, .l.dir = -1 };
	int r = watched(&m);

	drop(&m);
	if (r == 1) {
		watch_again(f);
		if (!f->distrust)
			r = sync_current(f) ? 0 : merge_new(&m);
		drop(&m);
	}
	if (r == 1) {
		r = merge_listing(&m);
		drop(&m);
	}
	return r;
}

/* None is in place, nor could be made: go on with that of the view. */
static void
fall_back(struct folder *f)
{
	if (f->at != &f->old)
		return;
	index_close(&f->ix);
	f->ix = f->old;
	f->old = (struct index){ .dir = -1, .main.fd = -1, .names.fd = -1 };
	f->at = &f->ix;
}

int
sync_lock(struct folder *f)
{
	int r = generation(f), e;
	bool none = r == 0;

	if (r == 1 && index_sound(&f->ix) && f->ix.writable &&
	    !wasteful(f->ix.h))
		r = update(f);
	else if (r != -1)
		r = 1;
	if (r == 1) {
		watch_again(f);
		r = sync_rebuild(f);
	}
	if (r == 0) {
		f->distrust = false;
		f->watched = f->watch != NULL && f->watch->fd != -1;
		if (f->watched && f->came_from == 0)
			nothing_seen(f);
		r = take_in(f);
	}
	if (r == 0)
		return 0;
	e = errno;
	index_unlock(&f->ix);
	if (none)
		fall_back(f);
	errno = e;
	return -1;
}

int
sync_hold(struct folder *f)
{
	int r = generation(f);

	if (r == 1 && !f->distrust && index_sound(&f->ix) && f->ix.writable)
		return 0;
	return r == -1 ? -1 : sync_lock(f);
}

int
sync_lock_known(struct folder *f)
{
	struct stat st;

	if (sync_hold(f) == -1)
		return -1;
	if (sync_list_current(f, &st) && !wasteful(f->ix.h))
		return 0;
	return sync_lock(f);
}

static bool
in_order(struct folder *f)
{
	return f->ix.h != NULL && !f->distrust && !index_replaced(&f->ix) &&
	    index_sound(&f->ix) && index_follow(&f->ix) != -1;
}

bool
sync_knows(struct folder *f, uint32_t uid)
{
	struct stat st;

	return in_order(f) && uid < f->ix.h->uidnext &&
	    sync_list_current(f, &st);
}

/* Nothing to do, and nothing to lock for? */
static bool
at_rest(struct folder *f)
{
	bool take = f->write && (f->store->options & STORE_KEEP_NEW) == 0;
	struct stat st;

	if (f->due != NULL)
		return !f->distrust; /* nobody else can have looked */
	if (!in_order(f) || (take && f->ix.h->in_new > 0))
		return false;
	if (f->watched)
		return watch_drain(f->watch) == 0 && !f->watch->lost &&
		    f->watch->events == 0 && sync_list_current(f, &st);
	if (!sync_current(f))
		return false;
	f->watched = f->watch != NULL && f->watch->fd != -1;
	if (f->watched && f->came_from == 0)
		nothing_seen(f);
	return true;
}

int
sync_disk(struct folder *f)
{
	if (at_rest(f))
		return 0;
	if (sync_lock(f) == -1)
		return -1;
	index_unlock(&f->ix);
	return 0;
}

void
sync_settle(struct folder *f)
{
	f->write = false; /* nobody would be told of what it takes in */
	if (f->ix.h != NULL && f->ix.writable && f->due == NULL && f->watched &&
	    !sync_current(f) && sync_lock(f) == 0)
		index_unlock(&f->ix);
}
