/* Text with soft line ends (RFC 3676). */
#ifndef MESSAGE_FLOWED_H
#define MESSAGE_FLOWED_H

#include <stdbool.h>
#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

/* Append the text of a part with format=flowed, LF line ends: paragraphs are
 * put together and folded to at most "width" columns (longer words stay whole),
 * fixed lines stay as they are; quoted ones have ">" for each level and a blank
 * before them, and are not folded where that takes half of the width.
 * delsp: that parameter is "yes" (s. 4.3). */
void flowed_text(struct buf *, struct span text, bool delsp, size_t width);

#endif
