/* Modified UTF-7, the form of mailbox names in IMAP4rev1 (RFC 3501 s. 5.1.3)
 * and in the names of Maildir folders. */
#ifndef MESSAGE_MUTF7_H
#define MESSAGE_MUTF7_H

#include "message/buf.h"
#include "message/span.h"

/* To UTF-8.  0; -1: not in the one canonical form (a raw octet outside
 * printable ASCII, an ASCII character in base64, bits left over, half a
 * surrogate pair, two runs that should be one ...), or a control character;
 * what was appended is taken back. */
int mutf7_decode(struct buf *, struct span);

/* From UTF-8.  0; -1: not UTF-8, or a control character; nothing appended. */
int mutf7_encode(struct buf *, struct span);

#endif
