/* What a mail program of our users leaves to us (RFC 6409 s. 8): fields that
 * are missing, that are for nobody else's eyes, and names without a domain. */
#ifndef SMTP_SESSION_COMPLETE_H
#define SMTP_SESSION_COMPLETE_H

#include <stdbool.h>

#include "message/header.h"
#include "smtp-session/data.h"

/* Does that field go?  Of strangers' mail only Return-Path. */
bool complete_drops(const struct data *, struct span name);

/* Give the addresses of a field a domain.  True: *f is another one, in "out"
 * (reset first). */
bool complete_field(const struct data *, struct field *f, struct buf *out);

/* Append what is missing. */
void complete_add(struct buf *, const struct data *);

#endif
