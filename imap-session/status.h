/* The items of STATUS. */
#ifndef IMAP_SESSION_STATUS_H
#define IMAP_SESSION_STATUS_H

#include "imap-session/imap.h"

/* Read "(MESSAGES UNSEEN ...)" as bits for status_put. */
int status_items(struct parse *, unsigned *wanted);

/* Write the STATUS line of a folder.  0; -1: errno. */
int status_put(struct imap *, const char *disk, unsigned wanted);

#endif
