/* Sizes and dates that nobody has asked for yet; internal to the store. */
#ifndef MAILDIR_DATE_H
#define MAILDIR_DATE_H

#include "maildir/sync.h"

/* Look at all files of which size and date are not known (REC_UNDATED), and
 * keep it in the index. */
void date_all(struct folder *);
/* A record of "at" gets its size, date and, when it is cheap, wire. */
void date_one(struct folder *, struct record *);

#endif
