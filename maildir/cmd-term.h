/* Text of strangers for a terminal, a line of a table, or JSON. */
#ifndef MAILDIR_CMD_TERM_H
#define MAILDIR_CMD_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

/* Append with every control character made visible: ^[ for escape, <9b> for
 * those of C1, <202e> for those that turn the direction of writing; U+FFFD
 * for octets that are no UTF-8.  "lines": line ends and tabs stay. */
void term_safe(struct buf *, struct span utf8, bool lines);

/* A C string made safe, for a complaint; good until the next call. */
const char *term_text(const char *);

/* Columns that it takes. */
size_t term_columns(struct span utf8);

/* Append safely as much as has room in "width" columns, blanks behind it. */
void term_cell(struct buf *, struct span utf8, size_t width);

/* Columns of the terminal; 0: none, so nothing is to be cut. */
size_t term_width(void);

/* May there be colour on standard output? */
bool term_colour(void);

/* A JSON string with its quotes.  Octets that are no UTF-8: U+FFFD. */
void json_string(struct buf *, struct span);

#endif
