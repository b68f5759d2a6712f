/* The forest while it is built; internal to the threading. */
#ifndef MESSAGE_THREAD_LINKS_H
#define MESSAGE_THREAD_LINKS_H

#include "message/thread.h"

struct forest {
	const struct thread_message *message;
	uint32_t count;
	struct thread_node *node;
	uint32_t nodes, room;
	uint32_t *set; /* union-find over nodes: never more sets than trees */
	uint64_t *id; /* of a node; 0: of none that is referred to */
	uint32_t *slot; /* hash of ids to nodes, open addressing */
	uint32_t slots; /* a power of two */
	uint32_t *root;
	uint32_t roots;
};

/* Nodes for all messages and what they refer to, linked by parent (steps 1
 * and 2 of REFERENCES).  0; -1. */
int links_make(struct forest *);
/* Without nodes that have no message, but for roots with several children;
 * then root[] holds the roots, and child and next are set (step 3).  0; -1. */
int links_prune(struct forest *);

/* Another node without a message, with room for one more root.  -1. */
int links_dummy(struct forest *, uint32_t *node);

#endif
