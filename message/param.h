/* Values of Content-Type and Content-Disposition with their parameters
 * (RFC 2045 s. 5.1, RFC 2183, RFC 2231). */
#ifndef MESSAGE_PARAM_H
#define MESSAGE_PARAM_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

/* Parameters beyond these are left out. */
enum { PARAM_MANY = 64, PARAM_SECTIONS = 128 };

struct param {
	struct span name; /* as written, without "*" and section numbers */
	struct span value; /* without quotes; sections put together */
	bool extended; /* value is charset'language'%-coded text */
};

struct content {
	struct span type; /* "text", or a disposition */
	struct span subtype; /* "plain"; empty for a disposition */
	struct param param[PARAM_MANY];
	size_t params;
	struct buf text; /* what the spans point to */
};

/* Read a field's value.  The spans stay good until content_free.
 * 0; -1: no type, or a type without subtype; the parameters are read all the
 * same.  content_free in either case. */
int content_read(struct content *, struct span value);
void content_free(struct content *);

/* The parameter of that name, case ignored; of two forms the extended one.
 * NULL: there is none. */
const struct param *content_param(const struct content *, const char *name);

/* The value as one line of UTF-8, append: extended ones decoded (RFC 2231),
 * encoded words too, as much mail has them here.  No control character. */
void param_text(struct buf *, const struct param *);

/* Append "; name=value" in the best form for a header of our own: token,
 * quoted string, or RFC 2231 with utf-8, in sections where it is long.  Each
 * stands on a line of its own, behind LF and a tab. */
void param_put(struct buf *, const char *name, struct span utf8);

/* Without blanks, folds and comments at its front. */
struct span param_skip(struct span);

#endif
