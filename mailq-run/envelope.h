/* The text form of an envelope, see spool(5). */
#ifndef MAILQ_RUN_ENVELOPE_H
#define MAILQ_RUN_ENVELOPE_H

#include "mailq-run/spool.h"

/* Append the envelope with its empty line.
 * 0; -1: EINVAL (a field that would not be read back), E2BIG. */
int spool_envelope_put(struct buf *, const struct spool_envelope *);

/* Read one back from "text" (the head of a file, at least up to the empty
 * line), which is cut into C strings in place and must outlive *e.  *e->rcpt
 * is allocated: spool_envelope_free.  *message is where the content begins.
 * 0; -1: EBADMSG and fail_text() says what is wrong in which line. */
int spool_envelope_parse(struct spool_envelope *e, char *text, size_t len,
    off_t *message);
void spool_envelope_free(struct spool_envelope *);

#endif
