/* What was made of a message once and is kept by the store: ENVELOPE,
 * BODYSTRUCTURE, PREVIEW and the ids of OBJECTID. */
#ifndef IMAP_SESSION_NOTES_H
#define IMAP_SESSION_NOTES_H

#include <stdbool.h>

#include "imap-session/objectid.h"
#include "imap-session/reading.h"
#include "maildir/maildir.h"
#include "message/buf.h"

/* What is noted: true, and the octets as the client gets them. */
bool notes_envelope(struct folder *, uint32_t number, struct span *);
bool notes_structure(struct folder *, uint32_t number, struct span *);

/* The fields of its header for which notes_common is true, as they stand in
 * it. */
bool notes_fields(struct folder *, uint32_t number, struct span *);
bool notes_common(struct span name);

/* Append it to "out" and have it noted; BODY alone (not "extended") is not.
 * Each 0; -1: errno, fail_text(). */
int notes_make_envelope(struct reading *, struct buf *out);
int notes_make_fields(struct reading *, struct buf *out);
int notes_make_structure(struct reading *, bool extended, struct buf *out);

/* Append the preview as a string, noted now if it was not; with "lazy" NIL
 * then (RFC 8970).  0; -1. */
int notes_put_preview(struct reading *, bool lazy, bool utf8, struct buf *out);

/* EMAILID, or THREADID: as text, and appended in its parentheses.  0; -1. */
int notes_id(struct reading *, bool thread, char id[OBJECTID]);
int notes_put_id(struct reading *, bool thread, struct buf *out);

#endif
