/* Notes and signatures beside an index; internal to the store. */
#ifndef MAILDIR_NOTE_H
#define MAILDIR_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/arrive.h"
#include "maildir/signature.h"
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
/* The record of a message in the generation in place; -1. */
ptrdiff_t note_record(struct folder *, uint32_t number, struct record *);
uint64_t note_mix(uint64_t h, const void *p, size_t n);
/* Faster than that for much: four words at a time, since one multiplication
 * would wait for the other. */
uint64_t note_sum(const void *p, size_t n);

/* Under the lock of "to": what is known of messages "uid" of "from" is known
 * of their copies, too. */
void note_follow(struct folder *from, struct folder *to, const uint32_t *uid,
    const struct arrival *, size_t n);

/* What is in mailroom-index.tri of one message. */
struct signature {
	uint64_t check;
	uint8_t bits[SIGNATURE];
	uint32_t text, octets; /* its entry (texts.h), in units of 8; 0 octets:
				* it is not kept */
};

/* The file for the generation in place; -1. */
int signature_open(const struct folder *);
/* Write that of record i there, which is signed then. */
bool signature_put(int fd, size_t i, struct record *, struct signature *);
/* Is there one of that record in a file? */
bool signature_read(int fd, size_t i, const struct record *,
    struct signature *);
/* Is there one of that message?  It and *uid. */
bool signature_get(struct folder *, uint32_t number, struct signature *,
    uint32_t *uid);
/* Can its message hold the text? */
bool signature_allows(const struct signature *, struct span text);

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
