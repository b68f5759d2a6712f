/* Notes and signatures beside an index; internal to the store. */
#ifndef MAILDIR_NOTE_H
#define MAILDIR_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/arrive.h"
#include "maildir/view.h"

/* A file beside the index, regular and this user's own; -1. */
int note_open(int dir, const char *name, int flags);
/* Have the first "need" octets of that file mapped, of the generation in
 * place. */
bool note_mapped(struct folder *, struct region *, const char *name,
    size_t need);
/* The record of a message in the generation in place; -1. */
ptrdiff_t note_record(struct folder *, uint32_t number, struct record *);
uint64_t note_mix(uint64_t h, const void *p, size_t n);

/* Under the lock of "to": what is known of messages "uid" of "from" is known
 * of their copies, too. */
void note_follow(struct folder *from, struct folder *to, const uint32_t *uid,
    const struct arrival *, size_t n);

/* The same of the signature of one, with its records and their places. */
void signature_follow(struct folder *from, size_t, const struct record *,
    struct folder *to, size_t, struct record *);

/* Is most of the cache not used any more? */
bool note_wasteful(const struct header *);
/* For a generation that is about to be published in place of f->ix: the cache
 * without its waste; the signatures at their new places. */
void note_carry(struct index *new);
void signature_carry(struct folder *, struct index *new);

#endif
