/* ENVELOPE: the header of a message as IMAP cuts it up (RFC 9051 s. 7.5.2). */
#ifndef IMAP_SESSION_ENVELOPE_H
#define IMAP_SESSION_ENVELOPE_H

#include "message/buf.h"
#include "message/span.h"

/* Append it, from a header block with or without the empty line behind it.
 * Encoded words stay encoded; raw octets beyond ASCII make literals. */
void envelope_put(struct buf *, struct span header);

#endif
