/* Finding messages by the part of their file name that stays.
 *
 * The base is what stands before ":2,FLAGS"; the stem is the base without
 * ",S=1,W=2,U=3", which some programs add to a file that is already known. */
#ifndef MAILDIR_NAMES_H
#define MAILDIR_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* First member of each element of a list that can be searched. */
struct name_at {
	uint32_t at; /* offset of a NUL-terminated name in the list's text */
	uint16_t base; /* octets of its base */
	uint16_t spare; /* the list's own */
};

struct names {
	const char *text;
	const void *first; /* elements */
	size_t each; /* octets per element */
	size_t count;
	uint32_t *slot;
	size_t slots;
};

size_t name_base(const char *name);
size_t name_stem(const char *name);

/* Number at the end of the base behind ",S=" or ",W=": 0 and *out; -1. */
int name_size(const char *name, char key, uint64_t *out);

/* Microseconds of "SEC.Musec..."; 0 where there is no time. */
enum { NAME_SECOND = 1000000 };
uint64_t name_time(const char *name);
/* Delivery order: time, then octets.  As strcmp. */
int name_order(const char *a, const char *b);

/* A search table of "count" elements; of two with one base the later is
 * found.  0; -1 no memory.  names_free in either case. */
int names_index(struct names *, const char *text, const void *first,
    size_t each, size_t count);
void names_free(struct names *);

/* The element of the same base: its index, or -1. */
ptrdiff_t names_find(const struct names *, const char *name);
/* The next element of the same stem: *at is 0 at the first call; -1 at the
 * end. */
ptrdiff_t names_like(const struct names *, const char *name, size_t *at);

#endif
