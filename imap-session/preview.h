/* The beginning of a message in a line (RFC 8970). */
#ifndef IMAP_SESSION_PREVIEW_H
#define IMAP_SESSION_PREVIEW_H

#include "imap-session/reading.h"
#include "message/buf.h"

enum { PREVIEW_MAX = 200 }; /* characters */

/* Append it, UTF-8 without control characters: the first words of the first
 * part of text, or of HTML when there is no other.  Nothing, when there is
 * neither.  0; -1: errno, fail_text(). */
int preview_make(struct reading *, struct buf *);

#endif
