/* Base64 as SASL wants it (RFC 4648 s. 4): one line, exact padding, nothing
 * else in it.  The one for mail, which takes what it can, is
 * message/codec.h. */
#ifndef SESSION_BASE64_H
#define SESSION_BASE64_H

#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

/* Append the text of these octets. */
void base64_put(struct buf *, struct span);

/* Octets of the text, into "out" of "size".  Their number; -1: not exactly
 * base64, or more than "size". */
int base64_get(void *out, size_t size, struct span text);

#endif
