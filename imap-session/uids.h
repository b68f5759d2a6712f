/* UIDs in the codes COPYUID and APPENDUID (RFC 4315). */
#ifndef IMAP_SESSION_UIDS_H
#define IMAP_SESSION_UIDS_H

#include "maildir/maildir.h"
#include "message/buf.h"

/* Append "1:3,7", in the order that they have: where it is not ascending a
 * range would say something else. */
void uids_put(struct buf *, const uint32_t *uid, size_t n);

/* "VALIDITY FROM TO" and "VALIDITY TO". */
void uids_put_copied(struct buf *, const struct copied *);
void uids_put_appended(struct buf *, const struct copied *);

#endif
