/* BODY[section]: naming and finding a piece of a message (RFC 9051
 * s. 6.4.5.1). */
#ifndef IMAP_SESSION_SECTION_H
#define IMAP_SESSION_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/parse.h"
#include "message/buf.h"
#include "message/mime.h"
#include "message/span.h"

enum section_kind {
	SECTION_ALL,
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_NOT_FIELDS,
	SECTION_TEXT,
	SECTION_MIME,
};

struct section {
	enum section_kind kind;
	uint32_t *number; /* "1.2"; lies in the arena */
	size_t numbers;
	struct span *field; /* of HEADER.FIELDS; in the arena */
	size_t fields;
	bool partial; /* <first.count> */
	uint32_t first, count;
};

/* Read "[...]" and perhaps "<0.1000>". */
int section_read(struct parse *, struct section *);

/* Append its name as the answer repeats it: "[1.HEADER.FIELDS (DATE)]<0>". */
void section_put(struct buf *, const struct section *);

/* Is the header of the message enough? */
bool section_in_header(const struct section *);

/* Find it in a message with CRLF line ends; "m" may be NULL when there are no
 * part numbers.  A piece that is put together lies in "scratch".
 * True; false: there is none (NIL). */
bool section_find(const struct section *, struct span message,
    const struct mime *m, struct buf *scratch, struct span *piece);

#endif
