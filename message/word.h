/* Encoded words: header text that is not ASCII (RFC 2047). */
#ifndef MESSAGE_WORD_H
#define MESSAGE_WORD_H

#include "message/buf.h"
#include "message/span.h"

enum { WORD_MANY = 1000 }; /* of one field; the rest stays as it is */

/* Append the text of a field's value as one line of UTF-8: folds removed,
 * encoded words decoded (also those inside quotes or glued to other text,
 * which are common), raw 8-bit read as UTF-8.  A control character becomes a
 * blank, so that no line end and no terminal code can come in; U+FFFD stands
 * for what cannot be decoded.  What only looks like an encoded word stays. */
void word_decode(struct buf *, struct span value);

/* Append UTF-8 with a blank for each control character, as word_decode does. */
void word_line(struct buf *, struct span utf8);

/* Append UTF-8 as the value of an unstructured field (Subject), which begins
 * at "column" of its line: folded at 78 columns, parts of it as encoded words
 * where it is not printable ASCII.  LF line ends. */
void word_encode(struct buf *, struct span utf8, size_t column);

/* The same as a display name: atoms, a quoted string or encoded words. */
void word_encode_name(struct buf *, struct span utf8, size_t column);

#endif
