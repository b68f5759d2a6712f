/* What makes threads of linked messages: order, and merging by subject. */
#include "message/thread.h"

#include <stdlib.h>
#include <string.h>

#include "message/fail.h"
#include "message/thread-links.h"

uint64_t
thread_hash(struct span id)
{
	uint64_t h = 14695981039346656037u;

	id = span_trim(id);
	if (id.len > 1 && id.p[0] == '<' && id.p[id.len - 1] == '>')
		id = span_n(id.p + 1, id.len - 2);
	for (size_t i = 0; i < id.len; i++)
		if (id.p[i] == '\0' || strchr("\"\\ \t\r\n", id.p[i]) == NULL)
			h = (h ^ (unsigned char)id.p[i]) * 1099511628211u;
	return h != 0 ? h : 1;
}

/* ---- order: a node, and what it stands by */

struct place {
	int64_t date;
	uint32_t tie; /* number of the message */
	uint32_t node;
};

static int
by_date(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->tie < y->tie ? -1 : x->tie > y->tie;
}

/* The message that speaks for a node: for a dummy its first child's. */
static uint32_t
speaker(const struct forest *f, uint32_t n)
{
	while (f->node[n].message == THREAD_NONE)
		n = f->node[n].child;
	return f->node[n].message;
}

static struct place
place(const struct forest *f, uint32_t n)
{
	uint32_t m = speaker(f, n);

	return (struct place){ f->message[m].sent, m, n };
}

/* Sort the children of a node.  "room" holds as many as there are nodes. */
static void
sort_children(struct forest *f, uint32_t parent, struct place *room)
{
	uint32_t c = f->node[parent].child;
	size_t n = 0;

	if (c == THREAD_NONE || f->node[c].next == THREAD_NONE)
		return;
	for (; c != THREAD_NONE; c = f->node[c].next)
		room[n++] = place(f, c);
	qsort(room, n, sizeof(*room), by_date);
	f->node[parent].child = room[0].node;
	for (size_t i = 0; i < n; i++)
		f->node[room[i].node].next =
		    i + 1 < n ? room[i + 1].node : THREAD_NONE;
}

/* Sort the roots, of which THREAD_NONE are left out, by the message that
 * speaks for each; with "newest" by the last arrival in each thread. */
static void
sort_roots(struct forest *f, struct place *room, const int64_t *newest)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->roots; i++) {
		if (f->root[i] == THREAD_NONE)
			continue;
		room[n] = place(f, f->root[i]);
		if (newest != NULL)
			room[n].date = newest[f->root[i]];
		n++;
	}
	qsort(room, n, sizeof(*room), by_date);
	for (uint32_t i = 0; i < n; i++)
		f->root[i] = room[i].node;
	f->roots = n;
}

/* ---- merging by subject (step 5) */

struct subjects {
	uint32_t *slot; /* index of the root that stands for it + 1 */
	uint32_t *of; /* slot of each root; THREAD_NONE: no subject */
	size_t slots;
};

static struct span
subject(const struct forest *f, uint32_t n)
{
	return f->message[speaker(f, n)].subject;
}

static bool
is_reply(const struct forest *f, uint32_t n)
{
	return f->node[n].message != THREAD_NONE &&
	    f->message[f->node[n].message].reply;
}

static bool
is_dummy(const struct forest *f, uint32_t n)
{
	return f->node[n].message == THREAD_NONE;
}

/* Before anything is merged: then each root speaks for itself. */
static uint32_t
subject_slot(const struct forest *f, const struct subjects *t, struct span s)
{
	size_t at = (size_t)thread_hash(s);

	for (at ^= at >> 32;; at++) {
		uint32_t slot = (uint32_t)(at & (t->slots - 1));

		if (t->slot[slot] == 0 ||
		    span_eq(subject(f, f->root[t->slot[slot] - 1]), s))
			return slot;
	}
}

static void
gather(const struct forest *f, struct subjects *t)
{
	for (uint32_t i = 0; i < f->roots; i++) {
		struct span s = subject(f, f->root[i]);
		uint32_t n = f->root[i], *slot, old;

		t->of[i] = THREAD_NONE;
		if (s.len == 0)
			continue;
		t->of[i] = subject_slot(f, t, s);
		slot = &t->slot[t->of[i]];
		old = *slot == 0 ? THREAD_NONE : f->root[*slot - 1];
		if (old == THREAD_NONE ||
		    (!is_dummy(f, old) &&
			(is_dummy(f, n) ||
			    (is_reply(f, old) && !is_reply(f, n)))))
			*slot = i + 1;
	}
}

static void
add_child(struct forest *f, uint32_t parent, uint32_t n)
{
	f->node[n].parent = parent;
	f->node[n].next = f->node[parent].child;
	f->node[parent].child = n;
}

/* Root i into the root that has its subject.  0; -1. */
static int
merge(struct forest *f, uint32_t i, uint32_t into)
{
	uint32_t n = f->root[i], old = f->root[into], both, next;

	f->root[i] = THREAD_NONE;
	if (is_dummy(f, n) && is_dummy(f, old)) {
		for (uint32_t c = f->node[n].child; c != THREAD_NONE;
		     c = next) {
			next = f->node[c].next;
			add_child(f, old, c);
		}
		f->node[n].child = THREAD_NONE;
	} else if (is_dummy(f, old) || (is_reply(f, n) && !is_reply(f, old)))
		add_child(f, old, n);
	else {
		if (links_dummy(f, &both) == -1)
			return -1;
		add_child(f, both, n);
		add_child(f, both, old);
		f->root[into] = both;
	}
	return 0;
}

static int
merge_all(struct forest *f, struct subjects *t)
{
	gather(f, t);
	for (uint32_t i = 0; i < f->roots; i++) {
		uint32_t slot = t->of[i] == THREAD_NONE ? 0 : t->slot[t->of[i]];

		if (slot != 0 && slot - 1 != i && merge(f, i, slot - 1) == -1)
			return -1;
	}
	return 0;
}

static int
merge_subjects(struct forest *f)
{
	struct subjects t = { .slots = 16 };
	int r;

	while (t.slots < 2 * (size_t)f->roots)
		t.slots *= 2;
	t.slot = calloc(t.slots, sizeof(*t.slot));
	t.of = calloc((size_t)f->roots + 1, sizeof(*t.of));
	if (t.slot == NULL || t.of == NULL)
		r = fail("threads");
	else
		r = merge_all(f, &t);
	free(t.slot);
	free(t.of);
	return r;
}

/* ---- ORDEREDSUBJECT: all of one subject below the first of them */

struct titled {
	const struct thread_message *message;
	uint32_t number;
};

static int
by_subject(const void *a, const void *b)
{
	const struct titled *x = a, *y = b;
	struct span s = x->message->subject, t = y->message->subject;
	size_t n = s.len < t.len ? s.len : t.len;
	int r = n == 0 ? 0 : memcmp(s.p, t.p, n);

	if (r != 0)
		return r;
	if (s.len != t.len)
		return s.len < t.len ? -1 : 1;
	if (x->message->sent != y->message->sent)
		return x->message->sent < y->message->sent ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
ordered_subject(struct forest *f)
{
	struct titled *t = malloc((size_t)f->count * sizeof(*t) + 1);
	uint32_t first = THREAD_NONE, last = THREAD_NONE;

	f->node = malloc((size_t)f->count * sizeof(*f->node) + 1);
	f->root = malloc((size_t)f->count * sizeof(*f->root) + 1);
	if (t == NULL || f->node == NULL || f->root == NULL) {
		free(t);
		return fail("threads");
	}
	f->nodes = f->count;
	for (uint32_t i = 0; i < f->count; i++)
		t[i] = (struct titled){ &f->message[i], i };
	qsort(t, f->count, sizeof(*t), by_subject);
	for (uint32_t i = 0; i < f->count; i++) {
		uint32_t n = t[i].number;
		struct thread_node *o = &f->node[n];

		*o = (struct thread_node){ n, THREAD_NONE, THREAD_NONE,
			THREAD_NONE };
		if (first == THREAD_NONE ||
		    !span_eq(f->message[first].subject,
			t[i].message->subject)) {
			f->root[f->roots++] = first = n;
			last = THREAD_NONE;
			continue;
		}
		o->parent = first;
		*(last == THREAD_NONE ? &f->node[first].child :
					&f->node[last].next) = n;
		last = n;
	}
	free(t);
	return 0;
}

/* ---- */

/* Date of the last arrival in each tree, at its root. */
static int64_t *
newest(const struct forest *f)
{
	int64_t *date = malloc((size_t)f->nodes * sizeof(*date) + 1);
	struct threads t = { .node = f->node, .nodes = f->nodes };
	uint32_t depth;

	if (date == NULL) {
		(void)fail("threads");
		return NULL;
	}
	for (uint32_t i = 0; i < f->roots; i++) {
		uint32_t root = f->root[i];

		date[root] = INT64_MIN;
		depth = 0;
		for (uint32_t n = root; n != THREAD_NONE;
		     n = threads_next(&t, n, &depth)) {
			uint32_t m = f->node[n].message;

			if (m != THREAD_NONE &&
			    f->message[m].arrived > date[root])
				date[root] = f->message[m].arrived;
		}
	}
	return date;
}

static int
finish(struct forest *f, enum thread_algorithm how, struct place **room)
{
	int64_t *dates = NULL;

	*room = malloc(((size_t)f->nodes + f->count + 1) * sizeof(**room));
	if (*room == NULL)
		return fail("threads");
	for (uint32_t n = 0; n < f->nodes; n++)
		sort_children(f, n, *room);
	if (how == THREAD_REFS && (dates = newest(f)) == NULL)
		return -1;
	sort_roots(f, *room, dates);
	free(dates);
	if (how != THREAD_REFERENCES)
		return 0;
	if (merge_subjects(f) == -1)
		return -1;
	for (uint32_t i = 0; i < f->roots; i++)
		if (f->root[i] != THREAD_NONE)
			sort_children(f, f->root[i], *room);
	sort_roots(f, *room, NULL);
	return 0;
}

int
threads_build(struct threads *t, enum thread_algorithm how,
    const struct thread_message *m, uint32_t count)
{
	struct forest f = { .message = m, .count = count };
	struct place *room = NULL;
	int r;

	if (how == THREAD_ORDEREDSUBJECT)
		r = ordered_subject(&f);
	else
		r = links_make(&f) == -1 ? -1 : links_prune(&f);
	if (r == 0)
		r = finish(&f, how, &room);
	for (uint32_t i = 0; r == 0 && i < f.roots; i++)
		f.node[f.root[i]].next =
		    i + 1 < f.roots ? f.root[i + 1] : THREAD_NONE;
	*t = (struct threads){ f.node, f.roots > 0 ? f.root[0] : THREAD_NONE,
		f.nodes };
	free(room);
	free(f.set);
	free(f.id);
	free(f.slot);
	free(f.root);
	return r;
}

void
threads_free(struct threads *t)
{
	free(t->node);
	*t = (struct threads){ .first = THREAD_NONE };
}

uint32_t
threads_next(const struct threads *t, uint32_t at, uint32_t *depth)
{
	if (t->node[at].child != THREAD_NONE) {
		++*depth;
		return t->node[at].child;
	}
	while (at != THREAD_NONE && t->node[at].next == THREAD_NONE) {
		at = t->node[at].parent;
		*depth -= at != THREAD_NONE;
	}
	return at == THREAD_NONE ? at : t->node[at].next;
}
