/* The octets of a message's file as IMAP sends them, piece by piece, so that a
 * large message needs no memory: every line end is CRLF, and 0x80 stands for
 * NUL, which no literal may hold (RFC 9051 s. 9, CHAR8). */
#ifndef IMAP_SESSION_WIRE_H
#define IMAP_SESSION_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"
#include "session/conn.h"

/* A part of the file open at "fd": octets from "from" to "to" as they are
 * stored, where "from" stands behind a line end. */
struct extent {
	int fd;
	uint64_t from, to;
};

/* Call "take" for each piece.  "nul": as it is.  0; -1: reading failed, the
 * file is shorter, or take gave -1: errno, fail_text(). */
int wire_each(const struct extent *, bool nul,
    int (*take)(void *ctx, struct span), void *ctx);

/* How many octets there will be.  0; -1. */
int wire_size(const struct extent *, uint64_t *);

/* Append them.  0; -1. */
int wire_get(const struct extent *, struct buf *);

/* Of all that is put into it what shows are "count" octets after "skip", which
 * go to the client; both become less. */
struct window {
	struct conn *conn;
	uint64_t skip, count;
};

void window_put(struct window *, struct span);

/* Send "count" of them, after "skip".  0; -1: fewer were sent. */
int wire_send(const struct extent *, struct conn *, uint64_t skip,
    uint64_t count);

#endif
