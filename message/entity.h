/* The characters that have names in HTML. */
#ifndef MESSAGE_ENTITY_H
#define MESSAGE_ENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

/* The character that "&...;" at the front of s stands for, and the length of
 * that; 0: it is none.  Blanks of any width are ' '. */
size_t entity_get(struct span s, uint32_t *code);

#endif
