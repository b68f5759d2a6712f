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

/* Does it name fields of the message's header, and only "known" ones? */
bool section_of_fields(const struct section *, bool (*known)(struct span name));

/* Read "[1.2]" of BINARY (RFC 3516), with "<0.1000>" if "partial". */
int section_read_binary(struct parse *, struct section *, bool partial);

enum section_is {
	SECTION_NONE, /* NIL */
	SECTION_OCTETS, /* those from "from" to "to" */
	SECTION_CHOSEN, /* section_choose, of the header there */
};

/* Where it lies in the message: of "size" octets, "header" of which are its
 * header, parsed as "m", which may be NULL when there are no part numbers. */
enum section_is section_find(const struct section *, const struct mime *m,
    uint64_t header, uint64_t size, uint64_t *from, uint64_t *to);

/* Append the fields of a header that are asked for, and an empty line. */
void section_choose(const struct section *, struct span header, struct buf *);

/* What <first.count> leaves of a piece of that size: skip, and how many. */
void section_partial(const struct section *, uint64_t size, uint64_t *skip,
    uint64_t *count);

#endif
