/* maildir threads: messages in the order of their conversations.
 *
 * The parent of a message is the last one of its References that is among the
 * messages.  No loop can come of it: a message gets a parent only while it is
 * the root of its own tree and the parent stands in another one. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"

enum { REFERENCES = 100 };

static const uint32_t none = UINT32_MAX;

struct forest {
	struct cmd *c;
	struct buf ids; /* all ids, a NUL behind each */
	size_t *id; /* of each message in ids */
	uint32_t *slot; /* hash of ids, open addressing */
	size_t slots;
	uint32_t *parent, *top, *child, *next, *newest, *root;
	size_t roots;
};

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		err(EX_TEMPFAIL, "threads");
	return p;
}

static size_t
hash(struct span s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* The slot of that id, or the empty one where it belongs. */
static uint32_t *
slot(const struct forest *f, struct span id)
{
	size_t i = hash(id) & (f->slots - 1);

	while (f->slot[i] != none &&
	    !span_eq(span(f->ids.p + f->id[f->slot[i]]), id))
		i = (i + 1) & (f->slots - 1);
	return &f->slot[i];
}

/* The root of the tree, with shorter ways for the next time. */
static uint32_t
top(const struct forest *f, uint32_t i)
{
	while (f->top[i] != i) {
		f->top[i] = f->top[f->top[i]];
		i = f->top[i];
	}
	return i;
}

static void
find_parent(struct forest *f, uint32_t i, struct span references)
{
	for (int k = 0; k < REFERENCES && references.len > 0; k++) {
		const char *blank = memrchr(references.p, ' ', references.len);
		struct span id = references;
		uint32_t p;

		if (blank != NULL)
			id = span_from(references,
			    (size_t)(blank + 1 - references.p));
		references.len -= id.len + (blank != NULL);
		if (id.len == 0)
			continue;
		p = *slot(f, id);
		if (p == none || top(f, p) == i)
			continue;
		f->parent[i] = p;
		f->top[i] = top(f, p);
		return;
	}
}

static void
read_ids(struct forest *f)
{
	struct cmd *c = f->c;
	struct brief b;

	brief_init(&b);
	for (uint32_t i = 0; i < c->n; i++) {
		f->id[i] = f->ids.len;
		if (brief_get(&b, c->folder, c->number[i]) == 0)
			buf_span(&f->ids, b.field[BRIEF_ID]);
		buf_char(&f->ids, '\0');
	}
	if (f->ids.over)
		errx(EX_TEMPFAIL, "too many messages");
	for (uint32_t i = 0; i < c->n; i++) {
		struct span id = span(f->ids.p + f->id[i]);
		uint32_t *at = id.len > 0 ? slot(f, id) : NULL;

		if (at != NULL && *at == none)
			*at = i;
	}
	for (uint32_t i = 0; i < c->n; i++)
		if (brief_get(&b, c->folder, c->number[i]) == 0)
			find_parent(f, i, b.field[BRIEF_REFERENCES]);
	brief_free(&b);
}

static const uint32_t *sort_by;

static int
by_newest(const void *a, const void *b)
{
	uint32_t x = sort_by[*(const uint32_t *)a];
	uint32_t y = sort_by[*(const uint32_t *)b];

	return x < y ? -1 : x > y;
}

/* Children in the order of arrival, roots by the newest of their tree. */
static void
order(struct forest *f)
{
	for (uint32_t i = (uint32_t)f->c->n; i-- > 0;) {
		uint32_t p = f->parent[i], r = top(f, i);

		if (f->newest[r] < i)
			f->newest[r] = i;
		if (p == none)
			f->root[f->roots++] = i;
		else {
			f->next[i] = f->child[p];
			f->child[p] = i;
		}
	}
	sort_by = f->newest;
	qsort(f->root, f->roots, sizeof(*f->root), by_newest);
}

/* Each tree from its root on, without recursion. */
static void
flatten(struct forest *f, uint32_t *number, uint32_t *depth)
{
	size_t n = 0;

	for (size_t k = 0; k < f->roots; k++) {
		uint32_t at = f->root[k], deep = 0;

		while (at != none) {
			number[n] = f->c->number[at];
			depth[n++] = deep;
			if (f->child[at] != none) {
				at = f->child[at];
				deep++;
				continue;
			}
			while (at != none && f->next[at] == none) {
				at = f->parent[at];
				deep -= at != none;
			}
			if (at != none)
				at = f->next[at];
		}
	}
}

void
cmd_threads(struct cmd *c)
{
	struct forest f = { .c = c, .slots = 16 };
	uint32_t *number;

	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_ALL);
	while (f.slots < c->n * 2)
		f.slots *= 2;
	buf_init(&f.ids, 1u << 30);
	f.id = array(c->n, sizeof(*f.id));
	f.slot = array(f.slots, sizeof(*f.slot));
	f.parent = array(c->n, sizeof(*f.parent));
	f.top = array(c->n, sizeof(*f.top));
	f.child = array(c->n, sizeof(*f.child));
	f.next = array(c->n, sizeof(*f.next));
	f.newest = array(c->n, sizeof(*f.newest));
	f.root = array(c->n, sizeof(*f.root));
	memset(f.slot, 0xff, f.slots * sizeof(*f.slot));
	for (uint32_t i = 0; i < c->n; i++) {
		f.parent[i] = f.child[i] = f.next[i] = none;
		f.top[i] = i;
	}
	read_ids(&f);
	order(&f);
	number = array(c->n, sizeof(*number));
	c->depth = array(c->n, sizeof(*c->depth));
	flatten(&f, number, c->depth);
	free(c->number);
	c->number = number;
	cmd_list_picked(c);
	buf_free(&f.ids);
	free(f.id);
	free(f.slot);
	free(f.parent);
	free(f.top);
	free(f.child);
	free(f.next);
	free(f.newest);
	free(f.root);
}
