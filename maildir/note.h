/* Notes beside an index; internal to the store. */
#ifndef MAILDIR_NOTE_H
#define MAILDIR_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/arrive.h"
#include "maildir/view.h"

/* A file beside the index, regular and this user's own; -1. */
int note_open(int dir, const char *name, int flags);
/* To write to it, made if there is none, under flock(2); -1: also when somebody
 * else has the lock or the file is not in its place any more, since nobody
 * waits for the sake of a cache. */
int note_lock(int dir, const char *name);
/* Have the first "need" octets of that file mapped, of the generation in
 * place. */
bool note_mapped(struct folder *, struct region *, const char *name,
    size_t need);
/* The number of the message with that UID; 0: none.  UIDs ascend, mostly: *next
 * is where it would be, for the first one 1, and is set for the one behind. */
uint32_t note_number(struct folder *, uint32_t uid, uint32_t *next);
/* The record of a message in the generation in place; -1. */
ptrdiff_t note_record(struct folder *, uint32_t number, struct record *);
/* The first octets of a file that belongs to UIDs and outlives generations. */
struct note_head {
	char magic[8];
	uint32_t uidvalidity, version;
};
/* Is it this one, which lacks the UIDVALIDITY, of that folder? */
bool note_has_head(const void *p, const struct note_head *,
    const struct folder *);
/* Make the file begin so, and be empty else. */
bool note_put_head(int fd, const struct note_head *, const struct folder *);
/* Faster than mix.h for much: four words at a time, since one multiplication
 * would wait for the other. */
uint64_t note_sum(const void *p, size_t n);

/* Under the lock of "to": what is known of messages "uid" of "from" is known
 * of their copies, too. */
void note_follow(struct folder *from, struct folder *to, const uint32_t *uid,
    const struct arrival *, size_t n);

/* Is most of the cache not used any more? */
bool note_wasteful(const struct header *);
/* For a generation that is about to be published in place of f->ix: the cache
 * without its waste. */
void note_carry(struct index *new);

#endif
