/* The merge of a few watched names into an index of many records.
 *
 * The queue was emptied under the lock, so nothing in the index is younger than
 * the events; and an event that is in the index already (our own rename, or
 * one that another process has merged) finds it as it says and changes
 * nothing. */
#include "maildir/merge.h"

#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

/* An event, as names_index wants it. */
struct seen {
	struct name_at file; /* in the text of the watch */
	int name; /* in the scan; -1: it went away */
};

struct table {
	struct seen *seen;
	size_t n;
	struct names *names;
};

/* Those that went first, so that of one base one that is here is found. */
static int
collect(struct merge *m, struct table *t)
{
	const struct watch *w = m->f->watch;

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
	e = watch_find(m->f->watch, path + strlen("cur/"),
	    (r->flags & REC_NEW) != 0);
	return e != NULL && !e->here;
}

int
merge_events(struct merge *m)
{
	struct index *ix = &m->f->ix;
	struct names names = { .slot = NULL };
	struct table t = { .names = &names };
	size_t records = ix->h->records;
	int r = 0;

	t.seen = calloc(m->f->watch->events + 1, sizeof(*t.seen));
	if (t.seen == NULL)
		return fail("events");
	m->s.exact = true;
	if (m->f->watch->lost || collect(m, &t) == -1 || twice(&t))
		r = 1;
	for (size_t k = 0; k < records && r == 0; k++) {
		struct record rec;
		ptrdiff_t e;
		int name;

		if (!index_get(ix, k, &rec)) {
			r = 1;
			break;
		}
		if ((rec.flags & (REC_DEAD | REC_LATE)) == REC_DEAD ||
		    (e = names_find(t.names, index_text(ix, &rec))) == -1)
			continue;
		name = name_now(m, &t, index_text(ix, &rec), e);
		if (name != -1)
			r = merge_known(m, (size_t)name, k);
		else if (went(m, &rec))
			r = merge_bury(m, k);
	}
	if (r == 0)
		r = merge_fresh(m);
	names_free(t.names);
	free(t.seen);
	return r;
}
