/* What the terms (terms.h) of a folder say of a search: for each message of the
 * view TERMS_YES, TERMS_NO or TERMS_UNKNOWN, which is to be looked into.
 *
 * Of texts the words are kept, which is what stands between blanks and
 * punctuation: a string without these is in a text if it is in one of its
 * words, and needs no look.  Of any other string each word must be there.
 * Characters of three octets and more begin a word each, so that scripts that
 * put no blanks do not make every sentence one.  Of the fields of the header
 * that are asked for most all of the value is kept. */
#ifndef MAILDIR_ANSWER_H
#define MAILDIR_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/summary.h"
#include "maildir/terms.h"
#include "message/span.h"

struct folder;

/* mailroom-index.words and mailroom-index.fields. */
extern const struct terms_kind answer_words, answer_fields;

/* Folded text of a message, of which the header ends at "body". */
void answer_put_text(struct terms *, uint32_t number, struct span text,
    size_t body);
/* Its fields. */
void answer_put_fields(struct terms *, uint32_t number,
    const struct summary_entry *);

/* For free(); NULL: no memory.  "body": not in the header. */
uint8_t *answer_text(struct terms *, uint32_t count, struct span needle,
    bool body);
/* In a field of that name of the header, of which "needle" may be empty: never
 * TERMS_YES. */
uint8_t *answer_header(struct terms *, uint32_t count, struct span name,
    struct span needle);
/* In one of the fields first-last. */
uint8_t *answer_field(struct terms *, uint32_t count, enum summary_text first,
    enum summary_text last, struct span needle);

#endif
