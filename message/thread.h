/* Messages put into conversations (RFC 5256 s. 3; REFS of
 * draft-ietf-morg-inthread).
 *
 * The work grows with messages and references, n log n at most, whatever
 * these say: no loop can be made, and no walk is longer than a fixed length. */
#ifndef MESSAGE_THREAD_H
#define MESSAGE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

enum { THREAD_REFERENCES_MAX = 100 }; /* of one message */

enum thread_algorithm {
	THREAD_REFERENCES,
	THREAD_ORDEREDSUBJECT,
	THREAD_REFS, /* no merging by subject; the thread that had mail last
		      * comes last */
};

/* What is known of a message.  The order of the array breaks ties. */
struct thread_message {
	uint64_t id; /* hash of its Message-ID; 0: none */
	const unsigned char *references; /* hashes, 8 octets each, the oldest
					  * first */
	uint32_t references_count;
	bool reply; /* as subject_base says */
	struct span subject; /* base, folded */
	int64_t sent;
	int64_t arrived; /* what REFS orders threads by: the last in each */
};

static const uint32_t THREAD_NONE = UINT32_MAX;

struct thread_node {
	uint32_t message; /* in the array; THREAD_NONE: not among them, which
			   * only a root is, with two children at least */
	uint32_t parent, child, next; /* nodes, or THREAD_NONE */
};

struct threads {
	struct thread_node *node;
	uint32_t first; /* root; the others are its "next"s */
	uint32_t nodes;
};

/* 0; -1 no memory.  threads_free in either case. */
int threads_build(struct threads *, enum thread_algorithm,
    const struct thread_message *, uint32_t count);
void threads_free(struct threads *);

/* The node behind "at" in the order of a list, roots first to last, each
 * before its children; THREAD_NONE at the end.  *depth follows. */
uint32_t threads_next(const struct threads *, uint32_t at, uint32_t *depth);

/* Of a Message-ID with or without its brackets; quotes and folds in it do not
 * count.  Never 0. */
uint64_t thread_hash(struct span id);

#endif
