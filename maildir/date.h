/* Sizes and dates that nobody has asked for yet; internal to the store. */
#ifndef MAILDIR_DATE_H
#define MAILDIR_DATE_H

#include <time.h>

#include "maildir/sync.h"

/* INTERNALDATE is the time of the file, SAVEDATE that of the delivery as the
 * name has it (0: it has none), each in place of the other when it cannot be. */
void date_set(struct record *, time_t now);
/* The size and date of a record of the index, and wire when it is cheap: now,
 * for this copy of it alone.  0; -1 ENOENT: its file is not there. */
int date_look(const struct folder *, const struct index *, struct record *);
/* The same for a record of "at", and for all that lack them, too, which is kept
 * in the index. */
void date_one(struct folder *, struct record *);

#endif
