/* A mapped file, or memory where there can be no file, that grows. */
#ifndef MAILDIR_REGION_H
#define MAILDIR_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct region {
	int fd; /* -1: memory only */
	char *p; /* NULL: nothing is mapped */
	size_t mapped;
};

/* Map the first "size" octets of the file, in place of what was mapped.
 * 0; -1. */
int region_map(struct region *, size_t size, bool writable);

/* Have at least "size" octets, for writing, on disk before they are written
 * to: a full disk is an error here and not a SIGBUS later.  0; -1. */
int region_grow(struct region *, size_t size);

void region_close(struct region *);

/* From now on a page that is not there any more, because the file was cut
 * short by somebody, reads as zeros, which no checksum agrees with, instead
 * of ending the process. */
void region_guard(void);

#endif
