#include "message/thread-links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

enum { WALK = 256 }; /* ancestors that are looked at */

static uint32_t
set_of(const struct forest *f, uint32_t n)
{
	while (f->set[n] != n) {
		f->set[n] = f->set[f->set[n]];
		n = f->set[n];
	}
	return n;
}

/* Would "child" become an ancestor of itself? */
static bool
loops(const struct forest *f, uint32_t parent, uint32_t child)
{
	uint32_t n = parent;

	if (set_of(f, parent) != set_of(f, child))
		return false;
	for (int i = 0; i < WALK && n != child; i++) {
		n = f->node[n].parent;
		if (n == THREAD_NONE)
			return false;
	}
	return true; /* or too far to tell */
}

static void
link_nodes(struct forest *f, uint32_t parent, uint32_t child)
{
	f->node[child].parent = parent;
	f->set[set_of(f, child)] = set_of(f, parent);
}

static uint32_t
add(struct forest *f, uint32_t message)
{
	uint32_t n = f->nodes++;

	f->node[n] = (struct thread_node){ message, THREAD_NONE, THREAD_NONE,
		THREAD_NONE };
	f->set[n] = n;
	return n;
}

/* The node of an id, made when there is none. */
static uint32_t
node_of(struct forest *f, uint64_t id)
{
	uint32_t at = (uint32_t)(id ^ id >> 32) & (f->slots - 1);

	for (; f->slot[at] != THREAD_NONE; at = (at + 1) & (f->slots - 1))
		if (f->id[f->slot[at]] == id)
			return f->slot[at];
	f->slot[at] = add(f, THREAD_NONE);
	f->id[f->slot[at]] = id;
	return f->slot[at];
}

static uint64_t
reference(const struct thread_message *m, uint32_t i)
{
	uint64_t id;

	(void)memcpy(&id, m->references + (size_t)i * sizeof(id), sizeof(id));
	return id;
}

/* One message: its own node, and the chain of what it refers to. */
static void
thread(struct forest *f, uint32_t i)
{
	const struct thread_message *m = &f->message[i];
	uint32_t own, last = THREAD_NONE;

	own = m->id != 0 ? node_of(f, m->id) : add(f, i);
	if (f->node[own].message == THREAD_NONE)
		f->node[own].message = i;
	else if (m->id != 0) /* a second one of that id is on its own */
		own = add(f, i);
	for (uint32_t k = 0; k < m->references_count; k++) {
		uint32_t n = node_of(f, reference(m, k));

		if (last != THREAD_NONE && f->node[n].parent == THREAD_NONE &&
		    !loops(f, last, n))
			link_nodes(f, last, n);
		last = n;
	}
	if (f->node[own].parent == last)
		return;
	if (last == THREAD_NONE)
		f->node[own].parent = THREAD_NONE;
	else if (!loops(f, last, own))
		link_nodes(f, last, own);
}

static int
allocate(struct forest *f)
{
	size_t n = (size_t)f->count + 1;

	for (uint32_t i = 0; i < f->count; i++)
		n += f->message[i].references_count;
	if (n > UINT32_MAX / 4)
		return fail_as(ENOMEM, "too many messages");
	f->room = (uint32_t)n;
	for (f->slots = 16; f->slots < 2 * f->room;)
		f->slots *= 2;
	f->node = malloc(n * sizeof(*f->node));
	f->set = malloc(n * sizeof(*f->set));
	f->id = calloc(n, sizeof(*f->id));
	f->slot = malloc(f->slots * sizeof(*f->slot));
	if (f->node == NULL || f->set == NULL || f->id == NULL ||
	    f->slot == NULL)
		return fail("threads");
	(void)memset(f->slot, 0xff, f->slots * sizeof(*f->slot));
	return 0;
}

int
links_make(struct forest *f)
{
	if (allocate(f) == -1)
		return -1;
	for (uint32_t i = 0; i < f->count; i++)
		thread(f, i);
	return 0;
}

int
links_dummy(struct forest *f, uint32_t *node)
{
	if (f->nodes == f->room) {
		uint32_t room = f->room * 2;
		void *p = reallocarray(f->node, room, sizeof(*f->node));

		if (p == NULL)
			return fail("threads");
		f->node = p;
		f->room = room;
	}
	*node = f->nodes++;
	f->node[*node] = (struct thread_node){ THREAD_NONE, THREAD_NONE,
		THREAD_NONE, THREAD_NONE };
	return 0;
}

/* The next ancestor that has a message, else the top, which a dummy is: with
 * shorter ways for those that ask later. */
static uint32_t
parent_of(struct forest *f, uint32_t n)
{
	uint32_t p = f->node[n].parent, at, next;

	while (p != THREAD_NONE && f->node[p].message == THREAD_NONE &&
	    f->node[p].parent != THREAD_NONE)
		p = f->node[p].parent;
	for (at = f->node[n].parent; at != p; at = next) {
		next = f->node[at].parent;
		f->node[at].parent = p;
	}
	return p;
}

int
links_prune(struct forest *f)
{
	f->root = malloc(((size_t)f->count + 1) * sizeof(*f->root));
	if (f->root == NULL)
		return fail("threads");
	for (uint32_t n = f->nodes; n-- > 0;) {
		uint32_t p;

		if (f->node[n].message == THREAD_NONE)
			continue;
		p = parent_of(f, n);
		f->node[n].parent = p;
		if (p == THREAD_NONE)
			continue;
		f->node[n].next = f->node[p].child;
		f->node[p].child = n;
	}
	for (uint32_t n = 0; n < f->nodes; n++) {
		uint32_t only = f->node[n].child;

		if (f->node[n].message == THREAD_NONE &&
		    f->node[n].parent == THREAD_NONE && only != THREAD_NONE &&
		    f->node[only].next == THREAD_NONE) {
			f->node[only].parent = THREAD_NONE;
			f->node[n].child = THREAD_NONE;
		}
	}
	for (uint32_t n = 0; n < f->nodes; n++)
		if (f->node[n].parent == THREAD_NONE &&
		    (f->node[n].message != THREAD_NONE ||
			f->node[n].child != THREAD_NONE))
			f->root[f->roots++] = n;
	return 0;
}
