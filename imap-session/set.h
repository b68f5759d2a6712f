/* Sequence sets: "1:3,7,10:*" and "$" (RFC 9051 s. 9, "sequence-set"). */
#ifndef IMAP_SESSION_SET_H
#define IMAP_SESSION_SET_H

#include "imap-session/parse.h"
#include "message/buf.h"

#define SET_STAR 0u /* "*" in a set that is not yet resolved */

struct range {
	uint32_t low, high; /* both in it */
};

struct set {
	struct range *range;
	size_t ranges;
	bool saved; /* "$": the result of the last SEARCH (RFC 5182) */
};

/* Read one; its ranges lie in the arena, as they were written. */
int parse_set(struct parse *, struct set *);

/* Let "*" be that number and bring the set into order: ascending, overlaps
 * and neighbours made one. */
void set_resolve(struct set *, uint32_t star);

/* One of its own, to be resolved otherwise.  0; -1: the arena is used up. */
int set_copy(struct set *to, const struct set *from, struct arena *);

/* Of a resolved set: is n in it; how many numbers; append as text. */
bool set_has(const struct set *, uint32_t n);
uint64_t set_count(const struct set *);
void set_put(struct buf *, const struct set *);

#endif
