/* SASLprep (RFC 4013): the one form of a password that can be typed in many. */
#ifndef SESSION_SASLPREP_H
#define SESSION_SASLPREP_H

#include <stddef.h>

#include "message/span.h"

/* The prepared form of "in" into out[size], NUL-terminated; the caller clears
 * it.  1: it differs from "in".  0: it is the same, *out is not set (so for
 * all of ASCII).  -1: there is none (no UTF-8, something prohibited, nothing
 * left, too long). */
int saslprep(char *out, size_t size, struct span in);

#endif
