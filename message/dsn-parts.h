/* What the files of a notification share (dsn.h): dsn-words.c is the part for
 * a person, dsn.c all else. */
#ifndef MESSAGE_DSN_PARTS_H
#define MESSAGE_DSN_PARTS_H

#include "message/dsn.h"

enum { DSN_BOUNDARY_MAX = 70 };

/* What one notification needs beside its input. */
struct dsn_report {
	const struct dsn *dsn;
	struct span header; /* of the original, as far as it is returned */
	bool full;
	bool utf8; /* RFC 6533: an address is not ASCII */
	bool eight; /* 8-bit octets somewhere: says so in each part */
	char boundary[DSN_BOUNDARY_MAX + 1];
};

bool dsn_ascii(struct span);

/* One line of printable ASCII, or UTF-8 where that is allowed: "?" for each
 * octet that is neither. */
void dsn_plain(struct buf *, struct span, bool utf8);

/* Text of somebody else, wrapped, the first line behind "first", the others
 * behind "indent"; a line that is empty is left out, because it would end a
 * header or a field. */
void dsn_lines(struct buf *, const char *first, const char *indent, struct span,
    bool utf8);

/* The text of the first part. */
void dsn_words(struct buf *, const struct dsn_report *);

#endif
