/* ENVELOPE and BODYSTRUCTURE, kept by the store once they were made. */
#ifndef IMAP_SESSION_NOTES_H
#define IMAP_SESSION_NOTES_H

#include <stdbool.h>

#include "imap-session/text.h"
#include "maildir/maildir.h"
#include "message/buf.h"
#include "message/mime.h"

/* What is noted: true, and the octets as the client gets them. */
bool notes_envelope(struct folder *, uint32_t number, struct span *);
bool notes_structure(struct folder *, uint32_t number, struct span *);

/* Append it to "out", from the text (its header is enough for an envelope),
 * and have it noted; BODY alone (not "extended") is not.  0; -1. */
int notes_make_envelope(struct folder *, uint32_t number, const struct text *,
    struct buf *out);
int notes_make_structure(struct folder *, uint32_t number, const struct text *,
    const struct mime *, bool extended, struct buf *out);

#endif
