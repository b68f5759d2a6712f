/* Does a message match a search key? */
#ifndef IMAP_SESSION_MATCH_H
#define IMAP_SESSION_MATCH_H

#include <stdbool.h>

#include "imap-session/search.h"
#include "message/buf.h"

/* Append text so that what differs only in case becomes the same. */
void match_fold(struct buf *, struct span utf8);

struct match;

/* One for the whole search.  NULL: no memory. */
struct match *match_new(struct imap *);
void match_free(struct match *);

/* 1, 0; -1: errno, fail_text(). */
int match_key(struct match *, const struct key *, uint32_t number);

#endif
