/* The base subject, by which messages are sorted and put into threads
 * (RFC 5256 s. 2.1). */
#ifndef MESSAGE_SUBJECT_H
#define MESSAGE_SUBJECT_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

/* Append the base of a subject that was decoded (word_decode) and folded
 * (fold_text).  true: it is one of a reply or a forwarded message. */
bool subject_base(struct buf *, struct span folded);

#endif
