/* Walking over the header of a message (RFC 5322 s. 2.2). */
#ifndef MESSAGE_HEADER_H
#define MESSAGE_HEADER_H

#include <stdbool.h>

#include "message/span.h"

/* One field: "name" without blanks before the colon, "value" from behind the
 * colon to the last line end (excluded), folds still in it; "whole" is the
 * field with name, colon, folds and its last line end. */
struct field {
	struct span name;
	struct span value;
	struct span whole;
};

/* Take the next field off *rest.  Line ends may be LF or CRLF.
 * 1: *f is set, *rest stands behind it.
 * 0: no field here: *rest stands behind the empty line that ends the header,
 *    or where a line is no field (the body begins there without one), or is
 *    empty. */
int header_next(struct span *rest, struct field *f);

/* The first field of that name in a header block: true when there is one. */
bool header_find(struct span block, const char *name, struct field *f);

#endif
