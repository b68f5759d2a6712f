/* What happened since a view was told last.
 *
 * Expunges are found in the records themselves: those that are dead and not
 * hidden, or, when another generation is in place, those that it lacks.
 * Changes come from the journal, or, when that does not reach, from every
 * record's modseq.
 *
 * Others go on meanwhile, for nobody holds the lock: a record that dies behind
 * the search for the dead is still a message of the view until the next time,
 * and so only those are hidden that were found, and told. */
#include "maildir/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/maildir.h"
#include "message/fail.h"

enum { GONE, GONE_UID, CHANGED };

/* Room for so many more hidden places. */
static int
hidden_room(struct folder *f, size_t more)
{
	size_t room = (f->hiddens + more) * 2 + 64;
	void *p;

	if (f->hiddens + more <= f->hidden_room)
		return 0;
	p = reallocarray(f->hidden, room, sizeof(*f->hidden));
	if (p == NULL)
		return fail("folder");
	f->hidden = p;
	f->hidden_room = room;
	return 0;
}

static int
hide_dead(struct folder *f, size_t from)
{
	for (size_t i = from; i < f->known; i++) {
		struct record r;

		if ((f->at->r[i].flags & REC_DEAD) == 0 ||
		    !index_get(f->at, i, &r))
			continue; /* damaged: who looks at it is told */
		if (hidden_room(f, 1) == -1)
			return -1;
		f->hidden[f->hiddens++] = (uint32_t)i;
	}
	return 0;
}

/* Those that are told as gone, whose numbers descend. */
static int
hide_gone(struct folder *f, const uint32_t *gone, size_t gones)
{
	size_t h = f->hiddens, to = h + gones;

	if (hidden_room(f, gones) == -1)
		return -1;
	f->hiddens = to;
	for (size_t i = 0; i < gones; i++) {
		/* the hidden ones that stand behind the message */
		for (; h > 0 && f->hidden[h - 1] - (h - 1) >= gone[i]; h--)
			f->hidden[--to] = f->hidden[h - 1];
		f->hidden[--to] = (uint32_t)(gone[i] - 1 + h);
	}
	return 0;
}

int
view_reset(struct folder *f)
{
	if (f->at != &f->ix)
		index_close(&f->old);
	f->at = &f->ix;
	f->uidvalidity = f->ix.h->uidvalidity;
	f->told = f->ix.h->modseq; /* no younger than what follows */
	f->known = index_count(&f->ix);
	f->hiddens = 0;
	if (f->looked == 0) {
		f->looked = f->told;
		journal_end(&f->journal, &f->ix);
	}
	return f->ix.h->dead == 0 ? 0 : hide_dead(f, 0);
}

int
view_catch(struct folder *f)
{
	struct ranges op[JOURNAL_OPS] = { { .p = NULL } };
	uint64_t now = f->ix.h->modseq;
	int r = 0;

	if (now == f->looked)
		return 0;
	if (journal_read(&f->journal, &f->ix, op) == 1) {
		const struct ranges *c = &op[JOURNAL_CHANGE];

		for (size_t i = 0; i < c->n && r == 0; i++)
			r = ranges_add(&f->changed, c->p[2 * i],
			    c->p[2 * i + 1]);
	} else
		for (size_t i = 0; i < index_count(&f->ix) && r == 0; i++)
			if (f->ix.r[i].modseq > f->looked)
				r = ranges_add(&f->changed, f->ix.r[i].uid,
				    f->ix.r[i].uid);
	for (int k = 1; k < JOURNAL_OPS; k++)
		ranges_free(&op[k]);
	f->looked = now;
	return r;
}

void
view_skip(struct folder *f)
{
	journal_end(&f->journal, &f->ix);
	f->looked = f->ix.h->modseq;
}

static int
push(struct folder *f, int list, size_t n, uint32_t value)
{
	if (n == f->list_room[list]) {
		size_t room = n * 2 + 64;
		void *p = reallocarray(f->list[list], room, sizeof(value));

		if (p == NULL)
			return fail("news");
		f->list[list] = p;
		f->list_room[list] = room;
	}
	f->list[list][n] = value;
	return 0;
}

static void
reverse(uint32_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t t = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = t;
	}
}

/* Is the message at that place of "at" gone?  *k walks through the generation
 * in place when that is another one. */
static bool
is_gone(const struct folder *f, size_t place, size_t *k, uint64_t *modseq)
{
	const struct record *r = &f->at->r[place];
	const struct index *ix = &f->ix;

	if (f->at == ix) {
		*modseq = r->modseq;
		return (r->flags & REC_DEAD) != 0;
	}
	while (*k < ix->h->records && ix->r[*k].uid < r->uid)
		++*k;
	*modseq = f->looked;
	return *k == ix->h->records || ix->r[*k].uid != r->uid ||
	    (ix->r[*k].flags & REC_DEAD) != 0;
}

/* The numbers of those that are gone.  *first is the lowest modseq of them. */
static ptrdiff_t
find_gone(struct folder *f, uint64_t *first)
{
	size_t h = 0, k = 0, n = 0;
	struct record r;

	if (f->at == &f->ix && f->ix.h->dead == f->hiddens)
		return 0;
	for (size_t i = 0; i < f->known; i++) {
		uint64_t modseq = 0;

		if (h < f->hiddens && f->hidden[h] == i) {
			h++;
			continue;
		}
		if ((f->at != &f->ix || (f->at->r[i].flags & REC_DEAD) != 0) &&
		    !index_get(f->at, i, &r))
			return fail_as(ESTALE, "index of %s was damaged",
			    f->name);
		if (!is_gone(f, i, &k, &modseq))
			continue;
		if (push(f, GONE, n, (uint32_t)(i - h) + 1) == -1 ||
		    push(f, GONE_UID, n, f->at->r[i].uid) == -1)
			return -1;
		if (modseq < *first)
			*first = modseq;
		n++;
	}
	if (n > 0) {
		reverse(f->list[GONE], n);
		reverse(f->list[GONE_UID], n);
	}
	return (ptrdiff_t)n;
}

/* Numbers of the changed ones up to the UID that was last known before. */
static ptrdiff_t
find_changed(struct folder *f, uint32_t last)
{
	size_t n = 0;

	ranges_sort(&f->changed);
	for (size_t i = 0; i < f->changed.n; i++) {
		const uint32_t *p = f->changed.p + 2 * i;
		size_t at = file_place(f->at, p[0]);

		for (; at < f->known && f->at->r[at].uid <= p[1] &&
		     f->at->r[at].uid <= last;
		     at++)
			if ((f->at->r[at].flags & REC_DEAD) == 0 &&
			    push(f, CHANGED, n++, view_number(f, at)) == -1)
				return -1;
	}
	f->changed.n = 0;
	return (ptrdiff_t)n;
}

static int
advance(struct folder *f, bool expunge, size_t gones, uint64_t first)
{
	size_t was = f->known;

	if (f->at != &f->ix && (expunge || gones == 0))
		return view_reset(f);
	if (expunge || gones == 0)
		f->told = f->looked;
	else if (first - 1 > f->told)
		f->told = first - 1;
	if (f->at != &f->ix)
		return 0;
	if (expunge && hide_gone(f, f->list[GONE], gones) == -1)
		return -1;
	f->known = index_count(&f->ix);
	return hide_dead(f, was);
}

/* From the index to the view: how many are gone; -1. */
static ptrdiff_t
move_on(struct folder *f, bool expunge)
{
	uint64_t first = UINT64_MAX;
	ptrdiff_t gones;

	if (f->ix.h->uidvalidity != f->uidvalidity)
		return fail_as(ESTALE, "%s is another folder now", f->name);
	if (view_catch(f) == -1)
		return -1;
	gones = find_gone(f, &first);
	if (gones == -1 || advance(f, expunge, (size_t)gones, first) == -1)
		return -1;
	return gones;
}

int
folder_sync(struct folder *f, bool expunge, struct folder_news *news)
{
	uint32_t before = folder_count(f);
	uint32_t last = f->known == 0 ? 0 : f->at->r[f->known - 1].uid;
	ptrdiff_t gones, changes;

	*news = (struct folder_news){ .count = before };
	if (store_lost(f))
		return fail_as(ESTALE, "%s was removed", f->name);
	if (sync_disk(f) == -1)
		return -1;
	/* Two generations cannot be compared while one of them moves. */
	if (f->at != &f->ix && sync_lock(f) == -1)
		return -1;
	gones = move_on(f, expunge);
	index_unlock(&f->ix);
	if (gones == -1)
		return -1;
	changes = find_changed(f, last);
	if (changes == -1)
		return -1;
	news->gone = f->list[GONE];
	news->gone_uid = f->list[GONE_UID];
	news->gones = expunge ? (size_t)gones : 0;
	news->changed = f->list[CHANGED];
	news->changes = (size_t)changes;
	news->count = folder_count(f);
	f->words_sure = false;
	if (f->words_read && keywords_changed(&f->words, f->dir)) {
		(void)folder_keywords(f);
		news->keywords = true;
	}
	return news->gones > 0 || news->changes > 0 || news->keywords ||
	    news->count != before;
}

int
folder_vanished(struct folder *f, uint64_t modseq, const uint32_t **out,
    size_t *n)
{
	struct ranges *v = &f->vanished;
	uint32_t next = 1;

	v->n = 0;
	if (index_follow(&f->ix) == -1)
		return -1;
	if (journal_expunged(&f->ix, modseq, v) == 0) {
		v->n = 0; /* then everything that is not there */
		for (size_t i = 0; i < index_count(&f->ix); i++) {
			const struct record *r = &f->ix.r[i];

			if ((r->flags & REC_DEAD) != 0)
				continue;
			if (r->uid > next &&
			    ranges_add(v, next, r->uid - 1) == -1)
				return -1;
			next = r->uid + 1;
		}
		if (next < f->ix.h->uidnext &&
		    ranges_add(v, next, f->ix.h->uidnext - 1) == -1)
			return -1;
	}
	ranges_sort(v);
	*out = v->p;
	*n = v->n;
	return 0;
}
