/* Sorting by eight octets at a time, by counting. */
#ifndef MAILDIR_DIGITS_H
#define MAILDIR_DIGITS_H

#include <stddef.h>
#include <stdint.h>

/* What is moved about: small, since it is moved often. */
struct digits {
	uint64_t key;
	uint32_t at, more; /* the caller's */
};

/* By the key, stably.  "room" has place for as many. */
void digits_sort(struct digits *, struct digits *room, size_t n);

#endif
