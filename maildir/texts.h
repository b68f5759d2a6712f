/* What searches looked into, kept in mailroom-index.text so that the next one
 * need not open, decode and fold a file per message.
 *
 *	magic 8, UIDVALIDITY 4, version 4, then blocks:
 *	check 8, octets 4, messages 4, of each its UID 4, place 4, octets 4,
 *	body 4 and check 8; then the texts (haystack.h)
 *
 * It is appended to, and belongs to UIDs, so that it outlives generations of
 * the index.  Of a message that stands twice the last counts; a text that does
 * not check is none, and behind the first block that does not check the file
 * is cut off.  Writers hold flock(2) on it; who does not get it writes
 * nothing. */
#ifndef MAILDIR_TEXTS_H
#define MAILDIR_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/haystack.h"
#include "message/span.h"

struct folder;
struct texts;

/* Of a view that is not synced meanwhile.  NULL: no memory. */
struct texts *texts_new(struct folder *);
/* Writes what was put, when that can be. */
void texts_free(struct texts *);

/* Is the text of that message kept?  It, good until the next call, and where
 * its header ends. */
bool texts_get(struct texts *, uint32_t number, struct span *text,
    size_t *body);
/* The message was read: keep its text, unless it is large. */
void texts_put(struct texts *, uint32_t number, const struct haystack *);

#endif
