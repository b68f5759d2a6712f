/* What searches looked into, kept in mailroom-index.text so that the next one
 * need not open, decode and fold a file per message.
 *
 *	magic 8, then entries at multiples of 8:
 *	check 8, UID 4, UIDVALIDITY 4, body 4, octets 4, text (haystack.h)
 *
 * It is appended to; beside the signature of a message stands where its entry
 * is, and an entry that is not that message's, or does not check, is none. */
#ifndef MAILDIR_TEXTS_H
#define MAILDIR_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/haystack.h"
#include "message/span.h"

struct folder;
struct index;
struct texts;

enum texts_known {
	TEXTS_OTHER, /* the message does not hold the needle */
	TEXTS_KEPT, /* *text and *body are set, good until the next call */
	TEXTS_READ, /* only reading it will tell */
};

/* Of a view that is not synced meanwhile.  NULL: no memory. */
struct texts *texts_new(struct folder *);
/* Writes what was put. */
void texts_free(struct texts *);

/* What is known of a message and a needle that is folded and not empty. */
enum texts_known texts_look(struct texts *, uint32_t number, struct span needle,
    struct span *text, size_t *body);

/* The message was read: keep its signature, and the text unless it is large. */
void texts_put(struct texts *, uint32_t number, const struct haystack *);
void texts_write(struct texts *);

/* For a generation that is about to be published, whose signatures are in the
 * file open at "tri": copy the "living" octets that these need, when they are
 * the lesser part of the file. */
void texts_carry(struct index *new, int tri, uint64_t living);

#endif
