/* Character sets of one octet, for charset.c. */
#ifndef MESSAGE_CHARSET_TABLE_H
#define MESSAGE_CHARSET_TABLE_H

#include <stdint.h>

#include "message/span.h"

/* What the octets from 0x80 on mean in the set of that name, which is folded
 * (see names); NULL: not one of these. */
const uint16_t *charset_table(struct span name);

#endif
