/* The octets of a message in memory that serves one after the other. */
#ifndef MAILDIR_LOAD_H
#define MAILDIR_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

struct folder;

struct load {
	char *p;
	size_t len, room;
	uint32_t number; /* which it is; 0: none */
	bool whole; /* else at least the header is there */
};

/* Have that message of the view, or only its header.  0; -1: errno (ENOENT: it
 * is gone; EFBIG: too large for memory), fail_text(). */
int load_message(struct load *, struct folder *, uint32_t number, bool whole);
void load_free(struct load *);

static inline struct span
load_span(const struct load *l)
{
	return span_n(l->p, l->len);
}

/* The header with the empty line behind it. */
struct span load_header(const struct load *);

#endif
