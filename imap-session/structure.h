/* BODY and BODYSTRUCTURE: the parts of a message (RFC 9051 s. 7.5.2). */
#ifndef IMAP_SESSION_STRUCTURE_H
#define IMAP_SESSION_STRUCTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/mime.h"

/* Where headers of messages within the message are read: append the octets
 * from "from" to "to" of it, as they are stored.  0 / -1. */
struct source {
	int (*get)(void *ctx, uint64_t from, uint64_t to, struct buf *);
	void *ctx;
};

/* Append the structure; with "extended" the BODYSTRUCTURE.
 * 0; -1: no memory or the source failed. */
int structure_put(struct buf *, const struct mime *, const struct source *,
    bool extended);

#endif
