/* All of a message that a search looks into, as one text to be looked through
 * once for each needle: the fields of its header, names and decoded values;
 * then of each part its header, the names of files, and, when it is text, its
 * text, decoded, without the tags of HTML.  All of it is folded (fold_text),
 * and between any two pieces stands NUL, which no needle holds. */
#ifndef MESSAGE_HAYSTACK_H
#define MESSAGE_HAYSTACK_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

enum { HAYSTACK_MAX = 192 << 20 };

struct haystack {
	struct buf text;
	size_t body; /* where the header of the message ends */
	struct buf raw, utf8, page; /* private */
};

void haystack_init(struct haystack *);
void haystack_free(struct haystack *);

/* From a message with line ends of either form, in place of what was there.
 * 0; -1 ENOMEM: too much of it. */
int haystack_fill(struct haystack *, struct span message);
/* Give back the memory of an unusually large one. */
void haystack_trim(struct haystack *);

/* Does it hold the folded needle; "body": outside of the header. */
bool haystack_has(const struct haystack *, struct span needle, bool body);

#endif
