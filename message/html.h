/* The text of an HTML page, for a terminal. */
#ifndef MESSAGE_HTML_H
#define MESSAGE_HTML_H

#include "message/buf.h"
#include "message/span.h"

/* Append the text of UTF-8 HTML in lines of at most "width" columns (longer
 * words stay whole): tags, comments, scripts and styles are left out, blocks
 * begin a line, entities are characters, a link has its address behind it.
 * Never recurses and reads each octet once. */
void html_text(struct buf *, struct span html, size_t width);

/* The same for a reader: quoted blocks have ">" before their lines, items of
 * lists their number or "*" and are indented, a rule is a line of hyphens, and
 * a picture is its alternative text. */
void html_page(struct buf *, struct span html, size_t width);

#endif
