/* Owned octets that grow up to a cap.
 *
 * Invariants: p is never NULL and p[len] is always NUL, so a buf of text can
 * be given to printf.  An append that would pass the cap, or for which there
 * is no memory, changes nothing and sets "over", which stays set until
 * buf_reset: a writer appends as it likes and tests once, at the end. */
#ifndef MESSAGE_BUF_H
#define MESSAGE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "message/span.h"

struct buf {
	char *p;
	size_t len;
	size_t size; /* octets allocated; 0 while p is the shared empty one */
	size_t cap; /* len never passes it */
	bool over;
};

void buf_init(struct buf *, size_t cap);
void buf_free(struct buf *); /* leaves an empty buf of the same cap */
void buf_reset(struct buf *); /* empty and not over, memory kept */

/* Room for "len" octets in all, so that p does not move until there are more
 * (or buf_free).  "over" when there is no memory or len passes the cap. */
void buf_reserve(struct buf *, size_t len);

void buf_add(struct buf *, const void *, size_t);
void buf_span(struct buf *, struct span);
void buf_str(struct buf *, const char *);
void buf_char(struct buf *, char);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

/* Drop all but the first "len" octets. */
void buf_cut(struct buf *, size_t len);

static inline struct span
buf_all(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}

#endif
