/* What clients may be sent that know no UTF-8 in headers. */
#ifndef IMAP_SESSION_DOWNGRADE_H
#define IMAP_SESSION_DOWNGRADE_H

#include "message/buf.h"

/* An ENVELOPE or BODYSTRUCTURE that begins at "from" and ends the buffer: let
 * its strings with octets above 127, which are literals, be ASCII with encoded
 * words (RFC 2047).  The text of a header field may not be sent raw to those
 * who have not said UTF8=ACCEPT (RFC 9755 s. 8). */
void downgrade(struct buf *, size_t from);

#endif
