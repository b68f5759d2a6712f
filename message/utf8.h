/* UTF-8 as RFC 3629 has it: shortest forms only, no surrogates. */
#ifndef MESSAGE_UTF8_H
#define MESSAGE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

/* The first character of "s".  Its length, 1 to 4, with *code set; 0 when
 * there is none: s is empty, or what stands there is not UTF-8. */
size_t utf8_get(struct span s, uint32_t *code);

/* Append one character; U+FFFD for what is no character. */
void utf8_put(struct buf *, uint32_t code);

/* All of it is UTF-8 (US-ASCII included). */
bool utf8_ok(struct span);

#endif
