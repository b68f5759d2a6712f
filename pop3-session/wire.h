/* A stored message as POP3 sends it (RFC 1939 s. 3, 5 "RETR" and "TOP"). */
#ifndef POP3_SESSION_WIRE_H
#define POP3_SESSION_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

#define WIRE_ALL UINT64_MAX

struct wire {
	uint64_t lines; /* body lines still wanted */
	uint64_t octets; /* of the message so far: no stuffed dots, no CRLF
			  * of wire_end */
	uint64_t column; /* octets of the line that is not ended yet */
	bool header; /* no empty line so far */
	bool cr; /* the last octet of that line is a CR */
	bool done; /* nothing more is wanted */
};

/* Begin a message: its header and "lines" lines of its body (WIRE_ALL: the
 * whole of it). */
void wire_init(struct wire *, uint64_t lines);

/* Write the next stored octets to "out", which has room for 2 * in.len: each
 * LF is sent as CRLF unless a CR stands before it, a "." that begins a line is
 * doubled; all else, a bare CR or NUL too, is sent as it is.  How the input
 * is cut into calls makes no difference.  Returns the octets written. */
size_t wire_put(struct wire *, struct span in, char *out);

/* Write the final "." line, behind a CRLF if the message's last line has no
 * end: at most 5 octets. */
size_t wire_end(struct wire *, char *out);

#endif
