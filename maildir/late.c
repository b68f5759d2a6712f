/* Names that follow their records.
 *
 * A flag is in the name of the file, so to change all messages is as many
 * renames, and to expunge them, too, as they are held.  That is most of the
 * time of such a change, and a client need not wait for it.  With STORE_LATE
 * only the first of many are done at once; the records of the others say what
 * is wanted and, with REC_LATE, which flags the name still has, or that the
 * file of a dead one is still there.  The names follow when the answer is out
 * and the client is silent, or the view is closed.
 *
 * Whoever has the index finds each file by the name it has, and answers with
 * what is wanted.  What another program does to a name meanwhile is merged flag
 * by flag (file_name), and a file of a dead record is no new message.
 *
 *	death before or while they follow	the records are there: the next
 *						one who may write goes on
 *	death within a change of the index	a new generation takes over
 *						what is late (rebuild.c)
 *	the index is deleted before		what the names say is true
 *	a name cannot follow (disk full)	it is tried again
 */
#include "maildir/late.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maildir/hold.h"
#include "maildir/maildir.h"
#include "message/fail.h"

enum {
	SHARE = 64, /* about a millisecond */
	ROUNDS = 5, /* without a file where it should be */
};

static const uint64_t letters = ((uint64_t)1 << KEYWORD_LETTERS) - 1;

bool
late_may(const struct folder *f)
{
	return (f->store->options & STORE_LATE) != 0 &&
	    (f->ix.dir != -1 || f->due != NULL) && f->ix.writable;
}

int
late_rename(struct folder *f, struct record *r, const char *to)
{
	char from[FLAGS_NAME];

	file_path(&f->ix, r, from);
	if (strcmp(from, to) != 0 &&
	    renameat2(f->dir, from, f->dir, to, RENAME_NOREPLACE) == -1)
		return fail("rename %s", from);
	view_touched(f, r->uid);
	file_late(r, 0, 0, false);
	return file_name(&f->ix, r, to + strlen("cur/"), false);
}

int
late_remove(struct folder *f, int hold, struct record *r)
{
	char from[FLAGS_NAME], to[FLAGS_NAME];
	int done = -1;

	file_path(&f->ix, r, from);
	flags_put(to, index_text(&f->ix, r), r->file.base, r->flags,
	    r->keywords & letters);
	hold_name(to, r->file.base, r->uid);
	if (hold != -1)
		done = renameat(f->dir, from, hold, to + strlen("cur/"));
	if (done == -1 && (hold == -1 || errno != ENOENT))
		done = unlinkat(f->dir, from, 0);
	if (done == -1)
		return fail("remove %s", from);
	view_touched(f, r->uid);
	file_late(r, 0, r->flags & FLAG_STORED, false);
	return 0;
}

struct share {
	struct folder *f;
	int hold; /* -1: none, or not asked for yet */
	size_t tried, done;
	bool astray; /* a file is not where it should be */
};

static void
follow(struct share *s, size_t i)
{
	struct folder *f = s->f;
	char to[FLAGS_NAME];
	struct record r;
	int done;

	if (!index_get(&f->ix, i, &r) || (r.flags & REC_LATE) == 0)
		return;
	s->tried++;
	if ((r.flags & REC_DEAD) != 0) {
		if (s->hold == -1 && (f->store->options & STORE_NO_HOLD) == 0)
			s->hold = hold_today(f->store, f->name);
		done = late_remove(f, s->hold, &r);
	} else {
		flags_put(to, index_text(&f->ix, &r), r.file.base, r.flags,
		    r.keywords & letters);
		done = late_rename(f, &r, to);
	}
	if (done == 0) {
		file_put(&f->ix, i, &r);
		s->done++;
	} else if (errno == ENOENT)
		s->astray = true;
}

/* Under the lock, from where the last share has ended. */
static void
share(struct share *s)
{
	struct folder *f = s->f;
	size_t n = f->ix.h->records;

	index_begin(&f->ix);
	for (size_t k = 0; k < n && s->tried < SHARE; k++) {
		if (f->late_at >= n)
			f->late_at = 0;
		if ((f->ix.r[f->late_at].flags & REC_LATE) != 0)
			follow(s, f->late_at);
		f->late_at++;
	}
	if (s->tried == 0)
		f->ix.h->late = 0; /* it was damaged */
	index_end(&f->ix);
	if (s->hold != -1)
		(void)close(s->hold);
}

bool
folder_is_late(const struct folder *f)
{
	return f->due != NULL ||
	    (f->write && f->ix.h != NULL && f->ix.h->late > 0);
}

int
folder_listed(struct folder *f)
{
	return sync_due(f);
}

int
folder_late(struct folder *f)
{
	struct share s = { .f = f, .hold = -1 };
	int r;

	if (sync_due(f) == -1)
		return -1;
	if (!folder_is_late(f))
		return 0;
	if (sync_hold(f) == -1)
		return -1;
	share(&s);
	r = f->ix.h->late > 0;
	index_unlock(&f->ix);
	if (f->watched)
		(void)watch_drain(f->watch);
	f->distrust = f->distrust || s.astray;
	return r == 1 && s.done == 0 ? -1 : r;
}

void
late_end(struct folder *f)
{
	int r = 1;

	for (int misses = 0; r != 0 && misses < ROUNDS; misses += r == -1)
		r = folder_late(f);
}
