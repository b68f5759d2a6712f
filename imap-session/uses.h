/* What folders are for (RFC 6154). */
#ifndef IMAP_SESSION_USES_H
#define IMAP_SESSION_USES_H

#include "imap-session/imap.h"
#include "maildir/maildir.h"

/* The uses of an existing folder, as attributes with blanks between; NULL:
 * none.  "given": store_gives_uses; else only its name can tell.  May lie in
 * "text". */
const char *uses_of(struct imap *, const char *disk, bool given,
    char text[STORE_USE]);

/* Read "(\Drafts \Sent)" behind USE.  0; 1: a use that is not known; -1. */
int uses_read(struct parse *, char text[STORE_USE]);

#endif
