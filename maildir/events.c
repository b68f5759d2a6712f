/* The merge of a few watched names into an index of many records.
 *
 * The queue was emptied under the lock, so nothing in the index is younger than
 * the events; and an event that is in the index already (our own rename, or
 * one that another process has merged) finds it as it says and changes
 * nothing.
 *
 * Mostly it is our own, so those records are looked at first that this view
 * has touched, or that came, since the watch had last seen nothing.  There is
 * one record of a base, or several of which all but the last are dead; so only
 * when an event is of none of these, and not of a younger name, as a delivery
 * is, must the others be looked at. */
#include "maildir/merge.h"

#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

/* An event, as names_index wants it. */
struct seen {
	struct name_at file; /* in the text of the watch */
	int name; /* in the scan; -1: it went away */
	bool found; /* a record has that base */
};

struct table {
	struct seen *seen;
	size_t n;
	struct names *names;
	uint64_t newest; /* of the index, before */
};

/* Those that went first, so that of one base one that is here is found. */
static int
collect(struct merge *m, struct table *t)
{
	const struct watch *w = m->watch;

	for (int here = 0; here < 2; here++)
		for (size_t i = 0; i < w->events; i++) {
			const struct watch_event *e = &w->event[i];
			const char *name = w->text + e->at;
			size_t was = m->s.names;

			if (e->here != (here == 1))
				continue;
			if (e->here && scan_add(&m->s, name, e->in_new) == -1)
				return -1;
			if (e->here && m->s.names == was)
				continue;
			t->seen[t->n++] = (struct seen){
				.file = { .at = e->at,
				    .base = (uint16_t)name_base(name) },
				.name = e->here ? (int)was : -1,
			};
		}
	return names_index(t->names, w->text, t->seen, sizeof(*t->seen), t->n);
}

/* Two files of one base are a case for the listing. */
static bool
twice(const struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->seen[i].name != -1 &&
		    names_find(t->names, t->names->text + t->seen[i].file.at) !=
			(ptrdiff_t)i)
			return true;
	return false;
}

/* The name in the scan that the record's file has now, by base, else by stem;
 * -1: none was seen. */
static int
name_now(const struct merge *m, const struct table *t, const char *text,
    ptrdiff_t k)
{
	size_t at = 0;
	ptrdiff_t i;

	if (t->seen[k].name != -1)
		return t->seen[k].name;
	while ((i = names_like(t->names, text, &at)) != -1)
		if (t->seen[i].name != -1 && !m->s.name[t->seen[i].name].known)
			return t->seen[i].name;
	return -1;
}

static bool
went(const struct merge *m, const struct record *r)
{
	const struct watch_event *e;
	char path[FLAGS_NAME];

	file_path(&m->f->ix, r, path);
	e = watch_find(m->watch, path + strlen("cur/"),
	    (r->flags & REC_NEW) != 0);
	return e != NULL && !e->here;
}

/* Is that name of the scan the file of the record, or has the file that it had
 * gone?  Else there are two files of one base. */
static bool
instead(const struct merge *m, const struct record *r, int name)
{
	return file_same(&m->f->ix, r, scan_text(&m->s, (size_t)name),
		   m->s.name[name].in_new) ||
	    went(m, r);
}

/* What the events say of record k.  "own": its file was touched by this view,
 * which may be all that they say. */
static int
merge_record(struct merge *m, struct table *t, size_t k, bool own)
{
	struct index *ix = &m->f->ix;
	const char *text;
	struct record r;
	ptrdiff_t e;
	int name, done = 0;
	bool dead;

	if (!index_get(ix, k, &r))
		return 1;
	dead = (r.flags & (REC_DEAD | REC_LATE)) == REC_DEAD;
	text = index_text(ix, &r);
	if ((dead && !own) || (e = names_find(t->names, text)) == -1)
		return 0;
	if (dead) {
		if (t->seen[e].name == -1)
			t->seen[e].found = true;
		return 0;
	}
	name = name_now(m, t, text, e);
	if (name != -1)
		done =
		    instead(m, &r, name) ? merge_known(m, (size_t)name, k) : 1;
	else if (went(m, &r))
		done = merge_bury(m, k);
	t->seen[e].found = true;
	return done;
}

/* Records from .. to - 1. */
static int
merge_some(struct merge *m, struct table *t, size_t from, size_t to)
{
	int r = 0;

	for (size_t k = from; k < to && r == 0; k++)
		r = merge_record(m, t, k, false);
	return r;
}

static int
merge_touched(struct merge *m, struct table *t)
{
	const struct ranges *touched = &m->f->touched;
	int r = 0;

	for (size_t i = 0; i < touched->n && r == 0; i++) {
		uint32_t uid = touched->p[2 * i];

		for (; uid <= touched->p[2 * i + 1] && r == 0; uid++) {
			ptrdiff_t k = view_current(m->f, uid);

			if (k != -1)
				r = merge_record(m, t, (size_t)k, true);
		}
	}
	return r;
}

/* A name that is younger than all of the index is of none of its records. */
static bool
all_found(const struct table *t)
{
	const struct names *names = t->names;

	for (size_t i = 0; i < t->n; i++) {
		const char *name = names->text + t->seen[i].file.at;

		if (!t->seen[names_find(names, name)].found &&
		    name_time(name) <= t->newest)
			return false;
	}
	return true;
}

/* Between index_begin and index_end. */
static int
merge_all(struct merge *m, struct table *t)
{
	size_t records = m->f->ix.h->records;
	int r = 0;

	if (m->watch->lost || collect(m, t) == -1 || twice(t))
		r = 1;
	if (r == 0)
		r = merge_some(m, t, m->first, records);
	if (r == 0)
		r = merge_touched(m, t);
	if (r == 0 && !all_found(t))
		r = merge_some(m, t, 0, m->first);
	if (r == 0)
		r = merge_fresh(m);
	return r;
}

int
merge_events(struct merge *m)
{
	struct index *ix = &m->f->ix;
	struct names names = { .slot = NULL };
	struct table t = { .names = &names, .newest = ix->h->newest };
	int r = 0;

	t.seen = calloc(m->watch->events + 1, sizeof(*t.seen));
	if (t.seen == NULL)
		return fail("events");
	m->news.modseq = index_modseq(ix);
	m->s.exact = true;
	index_begin(ix);
	if (m->watch->events > 0 || m->watch->lost)
		r = merge_all(m, &t);
	if (r == 0)
		sync_stamp(ix, &m->s, &m->l);
	sync_news(ix, &m->news);
	index_end(ix);
	names_free(t.names);
	free(t.seen);
	return r;
}
