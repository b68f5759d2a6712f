/* The items of STATUS. */
#ifndef IMAP_SESSION_STATUS_H
#define IMAP_SESSION_STATUS_H

#include "imap-session/imap.h"

/* Read "(MESSAGES UNSEEN ...)" as bits for status_put. */
int status_items(struct parse *, unsigned *wanted);

/* Before the first of them is written: who asks for modseqs hears of them
 * (RFC 7162 s. 3.1). */
void status_begin(struct imap *, unsigned wanted);

/* Write the STATUS line of a folder.  0; -1: errno. */
int status_put(struct imap *, const char *disk, unsigned wanted);

#endif
