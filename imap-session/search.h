/* Search programs: what SEARCH, SORT, THREAD and ESEARCH ask of messages
 * (RFC 9051 s. 6.4.4), read off the command for maildir/search.h. */
#ifndef IMAP_SESSION_SEARCH_H
#define IMAP_SESSION_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "maildir/search.h"

/* Read the name of a character set for the strings that follow.  NULL; or the
 * reply: BADCHARSET, or the parser's. */
const struct reply *search_charset(struct imap *, struct parse *,
    struct span *charset);

/* Read the keys up to the end of the command, as one SEARCH_AND in the arena,
 * for the folder that is selected; *modseq: MODSEQ is among them.  NULL and
 * *out; or the reply. */
const struct reply *search_read(struct imap *, struct parse *,
    struct span charset, struct search_key **out, bool *modseq);

/* The numbers that match, ascending, in the arena.  NULL, or the reply.
 * Tells the client of progress (RFC 9585). */
const struct reply *search_hits(struct imap *, struct search_key *,
    uint32_t **number, size_t *n);

#endif
