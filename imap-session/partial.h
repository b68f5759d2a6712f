/* PARTIAL: some of many, by their place from the first or from the last (RFC
 * 9394). */
#ifndef IMAP_SESSION_PARTIAL_H
#define IMAP_SESSION_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap-session/parse.h"
#include "message/buf.h"

struct partial {
	bool wanted;
	bool last; /* counted from the last one */
	uint32_t low, high; /* from 1 */
};

/* Read "1:100" or "-1:-100".  0 / -1. */
int partial_read(struct parse *, struct partial *);

/* Append it as it was asked for. */
void partial_put(struct buf *, const struct partial *);

/* Which of n things, that are in order, are meant: the first of them, and
 * *count.  All, when nothing is wanted. */
size_t partial_of(const struct partial *, size_t n, size_t *count);

#endif
