/* Mailbox names: as clients say them, and as folders are called on disk
 * (maildir/maildir.h). */
#ifndef IMAP_SESSION_NAME_H
#define IMAP_SESSION_NAME_H

#include <stdbool.h>

#include "imap-session/imap.h"

/* From now on as Courier has them: below INBOX, "INBOX.a.b".  Else "a/b". */
void name_as_courier(void);
const char *name_prefix(void);
char name_separator(void);

/* To the disk's form in "disk": "a/b" to "a.b", INBOX in capitals, from UTF-8
 * ("utf8") or modified UTF-7.  A separator at the end is dropped.
 * 0; -1: no folder can be called so. */
int name_to_disk(char disk[NAME_DISK], struct span wire, bool utf8);

/* Back, append; a name that is no modified UTF-7 stays as it is. */
void name_to_wire(struct buf *, const char *disk, bool utf8);

/* Read a name: NULL and disk is set, or the reply that says what is wrong. */
const struct reply *name_read(struct imap *, struct parse *,
    char disk[NAME_DISK]);

/* The same; *said is the name as the client wrote it. */
const struct reply *name_read_said(struct imap *, struct parse *,
    char disk[NAME_DISK], struct span *said);

/* Where IMAP4rev2 is enabled and the client called it otherwise, or "always":
 * "* LIST (attributes) ..." with the name as it is and OLDNAME (RFC 9051
 * s. 6.3.9.7). */
void name_tell(struct imap *, const char *attributes, const char *disk,
    struct span said, bool always);

/* Append the name as an astring. */
void name_put(struct imap *, const char *disk);

/* Does the whole of "name" match a LIST pattern ("*", and "%" that stops at
 * separators)?  INBOX in any case.  Linear in the product of the lengths. */
bool name_match(struct span pattern, struct span name);

#endif
