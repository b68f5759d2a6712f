/* The text of a message as IMAP counts and sends it: every line end is CRLF,
 * and 0x80 stands for NUL, which no literal may hold (RFC 9051 s. 9, CHAR8). */
#ifndef IMAP_SESSION_TEXT_H
#define IMAP_SESSION_TEXT_H

#include <stddef.h>

#include "message/span.h"

struct text {
	char *p; /* its own memory */
	size_t len;
	size_t stored; /* octets of it in the file */
};

/* Read the header of the file open at "fd", of that many octets, and the empty
 * line behind it.  0; -1: errno, fail_text().  text_free in either case. */
int text_load(struct text *, int fd, size_t size);
void text_free(struct text *);

/* Put 0x80 where NUL is. */
void text_hide_nul(char *, size_t);

static inline struct span
text_span(const struct text *t)
{
	return (struct span){ t->p, t->len };
}

/* Octets of the header, with the empty line that ends it; it also ends before
 * a line that is no field. */
size_t text_header(struct span message);

#endif
