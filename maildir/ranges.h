/* Sets of UIDs as ranges first-last, added in any order of growth. */
#ifndef MAILDIR_RANGES_H
#define MAILDIR_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranges {
	uint32_t *p; /* first, last, first, last ... */
	size_t n; /* pairs */
	size_t room;
};

/* Add first .. last; joined to the pair before it when it follows that.
 * 0; -1 no memory, fail_text(). */
int ranges_add(struct ranges *, uint32_t first, uint32_t last);
/* Ascending and without overlaps. */
void ranges_sort(struct ranges *);
/* Is x in one of n pairs at p, which are sorted so? */
bool ranges_have(const uint32_t *p, size_t n, uint32_t x);
void ranges_free(struct ranges *);

#endif
