/* The parts of a message (RFC 2045, 2046), found in one pass over it.
 *
 * The message comes in pieces of any size and is not kept.  What is kept are
 * the places of each part in it and its Content- fields; the header of a
 * message within the message is read again, by its place, when it is wanted.
 * Nothing is ever refused: what is no MIME is one part of text. */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/header.h"
#include "message/param.h"
#include "message/span.h"

/* Beyond these a part is not looked into: octets (application/octet-stream),
 * or its content goes to the last part. */
enum {
	MIME_DEPTH = 50,
	MIME_PARTS = 1000,
	MIME_BOUNDARY = 200, /* RFC 2046: 70 */
	MIME_LINE = 65536, /* of a header; the rest of a longer line is lost */
	MIME_FIELDS = 1 << 20 /* of all parts */
};

static const uint32_t MIME_NONE = UINT32_MAX;

enum mime_kind { MIME_LEAF, MIME_MULTIPART, MIME_MESSAGE };

/* What a part is when not what its Content-Type says, or when it has none. */
enum mime_as {
	MIME_AS_SAID,
	MIME_AS_TEXT, /* text/plain */
	MIME_AS_MESSAGE, /* message/rfc822: in multipart/digest */
	MIME_AS_OCTETS, /* application/octet-stream */
};

/* A place in the message: octets as they are stored, as they would be with
 * CRLF line ends, and line ends before it. */
struct mime_at {
	uint64_t octet;
	uint64_t wire;
	uint64_t line;
};

/* Sizes are differences: body with CRLF is end.wire - body.wire. */
struct mime_part {
	enum mime_kind kind;
	enum mime_as as;
	uint32_t parent;
	uint32_t child; /* first part of a multipart, the message of a
			 * message part; a multipart always has one */
	uint32_t next; /* part of the same multipart */
	struct mime_at header;
	struct mime_at body; /* behind the empty line */
	struct mime_at end; /* the line end before a boundary is not part of
			     * the part */
	size_t fields; /* see mime_field */
	size_t fields_len;
};

struct mime_level;

struct mime {
	struct mime_part *part; /* part[0] is the message itself */
	uint32_t parts;
	bool cut; /* a cap was reached */
	bool open; /* a multipart had no end */
	bool failed; /* no memory */
	/* private */
	uint32_t room;
	struct buf fields;
	struct buf line;
	struct mime_level *level;
	unsigned levels;
	bool in_header;
	bool in_field; /* some field: a line that begins blank continues it */
	bool keeping; /* and it is one to keep */
	bool cr; /* the last octet was one */
	unsigned eol; /* octets of the last line end */
	struct mime_at now, start; /* read so far; beginning of the line */
};

/* 0; -1: no memory.  mime_free in either case. */
int mime_begin(struct mime *);
void mime_put(struct mime *, struct span);
int mime_end(struct mime *); /* 0; -1: no memory at some time */
void mime_free(struct mime *);

/* A Content- field of a part; false: it has none of that name. */
bool mime_field(const struct mime *, const struct mime_part *, const char *name,
    struct field *);

/* Type and parameters of a part, whatever they come from, so there always is
 * a type.  0; -1: no memory.  content_free in either case. */
int mime_content(const struct mime *, const struct mime_part *,
    struct content *);

/* The part that IMAP numbers so (RFC 9051 s. 6.4.5.1), "count" at least 1;
 * NULL: there is none. */
const struct mime_part *mime_section(const struct mime *,
    const uint32_t *number, size_t count);

#endif
