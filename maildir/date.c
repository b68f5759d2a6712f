/* Sizes and dates that nobody has asked for yet.
 *
 * A folder of many messages that is opened for the first time is listed, and
 * its messages get UIDs in the order of their names; that needs none of the
 * files.  To ask the system for the size and date of each takes longer than
 * all that.  So it is done when they are wanted, for all at once, as whoever
 * wants one mostly wants them all. */
#include "maildir/date.h"

#include <errno.h>
#include <time.h>

#include "maildir/maildir.h"

enum { ROUNDS = 5 }; /* while another program renames them */

void
date_set(struct record *r, time_t now)
{
	if (r->date <= 0 || r->date > now)
		r->date = r->saved != 0 ? r->saved : now;
	if (r->saved == 0)
		r->saved = (uint32_t)r->date;
}

int
date_look(const struct folder *f, const struct index *ix, struct record *r)
{
	char path[FLAGS_NAME];
	uint32_t guess = r->wire, flags = r->flags;
	int done;

	if ((flags & REC_UNDATED) == 0)
		return 0;
	file_path(ix, r, path);
	r->flags &= ~(uint32_t)(REC_UNDATED | REC_UNMEASURED);
	done = file_measure(f->dir, path, guess, false, r);
	if (done == -1)
		r->flags = flags;
	if (done == 1)
		date_set(r, time(NULL));
	return done == -1 ? -1 : 0;
}

/* Under the lock.  How many were not where they should be. */
static size_t
look_at_all(struct folder *f)
{
	struct index *ix = &f->ix;
	size_t astray = 0;

	index_begin(ix);
	for (size_t i = 0; i < ix->h->records; i++) {
		struct record r;

		if ((ix->r[i].flags & (REC_UNDATED | REC_DEAD)) !=
			REC_UNDATED ||
		    !index_get(ix, i, &r))
			continue;
		if (date_look(f, ix, &r) == -1)
			astray += errno == ENOENT;
		else
			file_put(ix, i, &r);
	}
	if (astray == 0)
		ix->h->undated = 0;
	index_end(ix);
	return astray;
}

/* Of all of which size and date are not known; it is kept in the index. */
static void
date_all(struct folder *f)
{
	size_t astray = 1;

	for (int i = 0; i < ROUNDS && astray > 0 && f->ix.h->undated > 0 &&
	     f->ix.writable && sync_hold(f) == 0;
	     i++) {
		astray = look_at_all(f);
		f->distrust = astray > 0;
		index_unlock(&f->ix);
	}
}

void
date_one(struct folder *f, struct record *r)
{
	struct record now;
	ptrdiff_t i;

	date_all(f);
	i = view_current(f, r->uid);
	if (i == -1 || !index_get(&f->ix, (size_t)i, &now)) {
		(void)date_look(f, f->at, r);
		return;
	}
	(void)date_look(f, &f->ix, &now); /* it could not be kept */
	r->flags = (r->flags & ~(uint32_t)(REC_UNDATED | REC_UNMEASURED)) |
	    (now.flags & (REC_UNDATED | REC_UNMEASURED));
	r->date = now.date;
	r->saved = now.saved;
	r->size = now.size;
	r->wire = now.wire;
}
