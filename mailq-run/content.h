/* A stored message as it goes over the wire (RFC 5321 s. 2.3.8, 4.5.2). */
#ifndef MAILQ_RUN_CONTENT_H
#define MAILQ_RUN_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "message/span.h"

/* Where the conversion stands between two blocks. */
struct content {
	bool inside; /* of a line */
	bool cr; /* a CR was held back */
};

/* Octets that content_put may need for n octets of input. */
static inline size_t
content_room(size_t n)
{
	return 2 * n + 2;
}

/* Convert one block into "out", which has content_room(in.len) octets: line
 * ends (LF, CRLF) become CRLF, any other CR becomes a space so that no line
 * ending of anybody's reading can be smuggled out, a dot that begins a line
 * is doubled.  Octets written. */
size_t content_put(struct content *, struct span in, char *out);

/* The end of data, with the line end before it when that is missing; at most
 * 6 octets.  Octets written. */
size_t content_end(struct content *, char *out);

#endif
