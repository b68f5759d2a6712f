/* A listing of new/ alone.
 *
 * A delivery changes new/, where few files are, and leaves cur/ as it is, where
 * all the others may be.  So when the times of cur/ are those that the index
 * has noted, only new/ is listed: a watch is begun before they are looked at,
 * and what is in new/ counts as if it had been seen to come, and what the
 * index has there and is not, to go. */
#include "maildir/merge.h"

#include <string.h>
#include <sys/stat.h>

#include "maildir/maildir.h"
#include "message/fail.h"

/* Every name that new/ has. */
static int
came(struct merge *m)
{
	struct scan s = { .name = NULL };
	int r = scan_new(&s, m->watch);

	for (size_t i = 0; i < s.names && r == 0; i++)
		r = watch_assume(m->watch, scan_text(&s, i), true, true);
	scan_free(&s);
	return r;
}

/* Every name there that the index has. */
static int
went(struct merge *m)
{
	const struct index *ix = &m->f->ix;
	uint32_t left = ix->h->in_new;
	int r = 0;

	m->first = index_count(ix);
	for (size_t i = m->first; i-- > 0 && left > 0 && r == 0;) {
		char path[FLAGS_NAME];
		struct record rec;

		if ((ix->r[i].flags & (REC_NEW | REC_DEAD)) != REC_NEW)
			continue;
		if (!index_get(ix, i, &rec))
			return 1;
		left--;
		m->first = i;
		file_path(ix, &rec, path);
		r = watch_assume(m->watch, path + strlen("new/"), true, false);
	}
	return r;
}

static int
listed(struct merge *m)
{
	struct folder *f = m->f;
	struct stat st;
	int r;

	if (!sync_list_current(f, &st))
		return 1;
	if (scan_stamps(f->dir, m->s.stamp) == -1)
		return -1;
	m->s.settled =
	    sync_known(f->ix.h, m->s.stamp) | scan_settled(m->s.stamp);
	if ((sync_known(f->ix.h, m->s.stamp) & SCAN_CUR) == 0)
		return 1;
	uidlist_assume(&m->l, f->dir, f->ix.h->uidvalidity, f->ix.h->uidnext,
	    &st);
	r = came(m);
	if (r == 0)
		r = went(m);
	return r == 0 ? merge_events(m) : r;
}

int
merge_new(struct merge *m)
{
	struct watch w;
	int r = watch_open(&w, m->f->dir);

	m->watch = &w;
	if (r == 0)
		r = w.fd == -1 ? 1 : listed(m);
	watch_close(&w);
	m->watch = NULL;
	return r;
}
