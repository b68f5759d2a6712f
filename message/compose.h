/* A message made from what a person wrote (RFC 5322, 2045-2047, 2231, 3676). */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

struct compose_file {
	struct span name; /* UTF-8, without directories */
	struct span data;
};

struct compose {
	struct span header; /* fields as typed: UTF-8, LF; folds are allowed */
	struct span body; /* UTF-8, LF */
	const struct compose_file *file;
	size_t files;
	const char *boundary; /* not in any of the texts */
};

/* Append the whole message, LF line ends.  Fields: addresses with encoded
 * names, text with encoded words, all folded; what is no field is an error.
 * Body: format=flowed, whose long lines are folded with soft ends; 7bit,
 * quoted-printable or base64, whichever is shortest.  Files: their type is
 * known by name and content.
 * 0; -1: fail_text() says which line of the header is no field, or that
 * there is no memory. */
int compose_put(struct buf *, const struct compose *);

/* Append one field, encoded and folded. */
void compose_field(struct buf *, struct span name, struct span utf8);

/* "image/png" for a file of that name and content. */
const char *compose_type(struct span name, struct span data);

#endif
