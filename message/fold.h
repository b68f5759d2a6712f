/* Text with case and form taken away, so that what looks alike to a reader is
 * the same to memmem(3): the collation i;unicode-casemap (RFC 5051). */
#ifndef MESSAGE_FOLD_H
#define MESSAGE_FOLD_H

#include "message/buf.h"
#include "message/span.h"

/* Append UTF-8 folded: every character in lower case and taken apart ("É" is
 * "e" and an accent, a ligature its letters).  Octets that are no UTF-8 stay,
 * and so does what was folded before.  CR before LF is left out. */
void fold_text(struct buf *, struct span utf8);

#endif
