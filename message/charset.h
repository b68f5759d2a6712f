/* Any character set to UTF-8, streaming.
 *
 * US-ASCII, UTF-8 and the sets of one octet need no files; the rest comes
 * from iconv(3), which loads a module at charset_begin; where files are out of
 * reach these are unknown, but for what charset_load has loaded, or
 * charset_elsewhere converts. */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

struct charset {
	enum {
		CHARSET_UTF8,
		CHARSET_TABLE,
		CHARSET_ICONV,
		CHARSET_ELSEWHERE
	} kind;
	const uint16_t *table;
	void *iconv;
	const char *name; /* for "elsewhere" */
	struct buf *all; /* the same: what came so far */
	char held[16]; /* the beginning of a character */
	size_t have;
};

/* Load all sets of iconv, so that charset_begin knows them in a sandbox too.
 * Costs about as much as starting a small program. */
void charset_load(void);

/* From now on let another process do what is iconv's: "convert" appends "in",
 * of the set that iconv has by that name, as UTF-8; 0, or -1: it cannot. */
typedef int charset_converter(struct buf *out, const char *name,
    struct span in);
void charset_elsewhere(charset_converter *);

/* From the set of that name in any case.  An empty name is US-ASCII, and as
 * US-ASCII mail often is UTF-8 in truth, that is what it is read as.
 * 0; -1: not known, and c reads US-ASCII, but can be used all the same. */
int charset_begin(struct charset *c, struct span name);

/* U+FFFD stands for each octet that means nothing. */
void charset_put(struct charset *, struct buf *out, struct span in);

/* The input ended: what is held is broken.  Frees what c has. */
void charset_end(struct charset *, struct buf *out);

/* All at once; the result of charset_begin. */
int charset_text(struct buf *out, struct span name, struct span in);

#endif
