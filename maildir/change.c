/* Changing flags and removing messages. */
#include "maildir/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maildir/date.h"
#include "maildir/hold.h"
#include "maildir/late.h"
#include "maildir/maildir.h"
#include "maildir/quota.h"
#include "maildir/settle.h"
#include "maildir/sync.h"
#include "message/fail.h"

enum {
	ROUNDS = 5,
	DRAIN_EVERY = 1024,
	AT_ONCE = 64, /* names that come or go, of those that may be late */
};

static const uint64_t letters = ((uint64_t)1 << KEYWORD_LETTERS) - 1;

int
folder_keyword(struct folder *f, const char *name, bool make)
{
	int bit;

	f->words_sure = false;
	(void)folder_keywords(f);
	bit = keywords_find(&f->words, name);
	if (bit != -1 || !make)
		return bit != -1 ? bit : fail_as(ENOENT, "keyword %s", name);
	return sync_due(f) == -1 ? -1 : keywords_make(&f->words, f->dir, name);
}

/* What one of the two does under the lock, record by record. */
struct work {
	struct folder *f;
	struct news news;
	enum journal_op op;
	const struct change *change; /* NULL: expunge */
	bool force;
	bool late; /* see late.c */
	int hold; /* -1: none */
	int64_t octets; /* freed */
	int64_t messages;
	size_t names; /* that were changed */
	struct settle settle;
};

/* Most of many may follow when the client has its answer. */
static bool
at_once(const struct work *w)
{
	return !w->late || w->names < AT_ONCE;
}

/* 0 done, 1 not to be done, 2 gone, 3 look again, -1. */
static int
change_one(struct work *w, size_t i, struct record *r)
{
	struct index *ix = &w->f->ix;
	const struct change *c = w->change;
	char to[FLAGS_NAME];
	uint32_t flags = r->flags & FLAG_STORED, set = c->flags & FLAG_STORED;
	uint64_t words = r->keywords;

	if (r->modseq > c->unchanged_since)
		return 1;
	if (c->mode == CHANGE_ADD) {
		flags |= set;
		words |= c->keywords;
	} else if (c->mode == CHANGE_REMOVE) {
		flags &= ~set;
		words &= ~c->keywords;
	} else {
		flags = set;
		words = c->keywords;
	}
	if (flags == (r->flags & FLAG_STORED) && words == r->keywords)
		return 0;
	if (at_once(w) || ((words ^ r->keywords) & letters) != 0) {
		bool was_new = (r->flags & REC_NEW) != 0, moves;
		char from[FLAGS_NAME];

		file_path(ix, r, from);
		flags_put(to, index_text(ix, r), r->file.base, flags,
		    words & letters);
		moves = strcmp(from, to) != 0;
		if (late_rename(w->f, r, to) == -1)
			return errno == ENOENT ? 3 : -1;
		if (moves) {
			settle_names(&w->settle, was_new, 1);
			settle_names(&w->settle, false, 1);
			w->names += 2;
		}
	} else
		file_late(r, file_flags(r), flags, flags != file_flags(r));
	r->keywords = words;
	r->modseq = w->news.modseq;
	file_put(ix, i, r);
	return 0;
}

static int
expunge_one(struct work *w, size_t i, struct record *r)
{
	if ((r->flags & FLAG_DELETED) == 0 && !w->force)
		return 1;
	(void)date_look(w->f, &w->f->ix, r); /* its size */
	if (!at_once(w))
		file_late(r, file_flags(r), r->flags & FLAG_STORED, true);
	else if (late_remove(w->f, w->hold, r) == -1)
		return errno == ENOENT ? 3 : -1;
	else {
		settle_names(&w->settle, (r->flags & REC_NEW) != 0, 1);
		w->names++;
	}
	w->octets += r->size;
	w->messages++;
	r->flags |= REC_DEAD;
	r->modseq = w->news.modseq;
	file_put(&w->f->ix, i, r);
	return 0;
}

/* One message, looked for again when another program has just renamed it. */
static int
one(struct work *w, uint32_t uid)
{
	struct folder *f = w->f;

	for (int round = 0; round < ROUNDS; round++) {
		struct record r;
		ptrdiff_t i = view_current(f, uid);
		int done;

		if (i == -1 || !index_get(&f->ix, (size_t)i, &r) ||
		    (r.flags & REC_DEAD) != 0)
			return 2;
		done = w->change != NULL ? change_one(w, (size_t)i, &r) :
					   expunge_one(w, (size_t)i, &r);
		if (done != 3) {
			if (done == 0 && r.modseq == w->news.modseq &&
			    ranges_add(&w->news.op[w->op], uid, uid) == -1)
				return -1;
			return done;
		}
		sync_news(&f->ix, &w->news);
		index_end(&f->ix);
		settle_drop(&w->settle);
		f->distrust = true;
		done = sync_lock(f);
		if (done == -1)
			return -1;
		w->news.modseq = index_modseq(&f->ix);
		index_begin(&f->ix);
	}
	return 2;
}

static int
all(struct work *w, const uint32_t *number, size_t n, uint8_t *result)
{
	struct folder *f = w->f;
	int r = 0;

	if ((f->store->options & STORE_WATCH) == 0 || folder_wait(f) == -1)
		settle_begin(&w->settle, f, n);
	if ((f->unlisted ? sync_lock_known(f) : sync_lock(f)) == -1) {
		settle_drop(&w->settle);
		return -1;
	}
	if (view_catch(f) == -1) {
		settle_drop(&w->settle);
		index_unlock(&f->ix);
		return -1;
	}
	settle_sure(&w->settle, f);
	w->news.modseq = index_modseq(&f->ix);
	index_begin(&f->ix);
	for (size_t i = 0; i < n && r != -1; i++) {
		struct record told;

		if (view_look(f, number[i], &told) == 0)
			r = one(w, told.uid);
		else
			r = errno == ENOENT ? 2 : -1;
		f->distrust |= r == -1 && errno == EIO;
		if (result != NULL)
			result[i] = (uint8_t)r;
		if (f->watched && i % DRAIN_EVERY == DRAIN_EVERY - 1)
			(void)watch_drain(f->watch);
	}
	if (f->ix.locked) {
		settle_end(&w->settle, f);
		sync_news(&f->ix, &w->news);
		index_end(&f->ix);
		view_skip(f);
		index_unlock(&f->ix);
	}
	settle_drop(&w->settle);
	return r == -1 ? -1 : 0;
}

int
folder_change(struct folder *f, const uint32_t *number, size_t n,
    const struct change *c, uint8_t *result)
{
	struct work w = { .f = f,
		.op = JOURNAL_CHANGE,
		.change = c,
		.late = late_may(f),
		.hold = -1 };

	return n == 0 ? 0 : all(&w, number, n, result);
}

int
folder_expunge(struct folder *f, const uint32_t *number, size_t n, bool force,
    uint8_t *result)
{
	struct work w = { .f = f,
		.op = JOURNAL_EXPUNGE,
		.force = force,
		.late = late_may(f),
		.hold = -1 };
	int e, r;

	if (n == 0)
		return 0;
	if ((f->store->options & STORE_NO_HOLD) == 0)
		w.hold = hold_today(f->store, f->name);
	r = all(&w, number, n, result);
	e = errno;
	if (w.hold != -1)
		(void)close(w.hold);
	quota_add(f->store, -w.octets, -w.messages);
	errno = e;
	return r;
}

int
view_remove(struct folder *f, const uint32_t *number, size_t n)
{
	struct work w = { .f = f,
		.op = JOURNAL_EXPUNGE,
		.force = true,
		.hold = -1 };

	return n == 0 ? 0 : all(&w, number, n, NULL);
}
