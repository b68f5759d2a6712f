/* Changing a recipient of a waiting message. */
#ifndef MAILQ_RUN_EDIT_H
#define MAILQ_RUN_EDIT_H

#include "mailq-run/entry.h"

/* In a taken entry send to "to" what was meant for "from": a new file of the
 * same name replaces the old one at once, so a crash leaves either.  The
 * recipient starts anew (state T, due now); its ORCPT stays, or becomes the
 * old address (RFC 3461 s. 5.2.3).  "who" did it, for the log.
 * 0; -1: ENOENT (no such recipient, or it was delivered), EINVAL ("to" is no
 * address with a domain), or errno of the disk.  Close the entry after it:
 * its file is another one. */
int edit_rcpt(struct entry *, const char *from, const char *to, const char *who,
    time_t now);

#endif
