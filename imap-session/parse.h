/* The words of an IMAP command (RFC 9051 s. 9), read off a whole command that
 * lies in memory: lines as they came, each literal behind its "{n}" CRLF.
 *
 * Every function takes its word off the front and gives 0, or -1 with
 * p->error set to what a BAD says (the first error stays).  Spans point into
 * the command or, when something had to be changed, into the arena. */
#ifndef IMAP_SESSION_PARSE_H
#define IMAP_SESSION_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "message/span.h"

/* Memory of one command, given back all at once. */
struct arena {
	char *p;
	size_t used, size;
};

/* 0: "size" octets of memory for "a", untouched pages cost nothing.  -1. */
int arena_init(struct arena *a, size_t size);
void arena_free(struct arena *);
/* Octets aligned for anything, zeroed; NULL when it is used up. */
void *arena_take(struct arena *, size_t);

/* Empty, and its memory goes back to the system. */
void arena_rest(struct arena *);

static inline void
arena_reset(struct arena *a)
{
	a->used = 0;
}

struct parse {
	struct span rest;
	struct arena *arena;
	const char *error;
};

void parse_init(struct parse *, struct span command, struct arena *);

int parse_fail(struct parse *, const char *error); /* always -1 */

int parse_char(struct parse *, char);
bool parse_try(struct parse *, char); /* taken if it is next */
bool parse_next(const struct parse *, char); /* it is next */
int parse_space(struct parse *);
int parse_end(struct parse *); /* nothing is left */

int parse_tag(struct parse *, struct span *);
int parse_atom(struct parse *, struct span *);
/* An atom that is compared without case, taken only if it is "word". */
bool parse_word(struct parse *, const char *word);

/* Quoted or literal; *binary (or NULL: refused) tells a literal8 from the
 * others, which may hold no NUL. */
int parse_string(struct parse *, struct span *, bool *binary);
int parse_astring(struct parse *, struct span *);
int parse_nstring(struct parse *, struct span *); /* NIL: p is NULL */
int parse_pattern(struct parse *, struct span *); /* list-mailbox */

int parse_number(struct parse *, uint64_t max, uint64_t *);
int parse_uint32(struct parse *, uint32_t *);
int parse_nz(struct parse *, uint32_t *); /* not zero */

/* "\Seen", "$Forwarded", "word": with its backslash. */
int parse_flag(struct parse *, struct span *);

/* A day as its number of days since 1970-01-01, and a moment (RFC 9051
 * "date", quoted or not, and "date-time"). */
int parse_date(struct parse *, int64_t *day);
int parse_date_time(struct parse *, time_t *);

#endif
