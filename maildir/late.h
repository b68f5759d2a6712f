/* Names that follow their records; internal to the store: see late.c. */
#ifndef MAILDIR_LATE_H
#define MAILDIR_LATE_H

#include <stdbool.h>

#include "maildir/sync.h"

/* May names of this folder follow later? */
bool late_may(const struct folder *);
/* Give the file of a record the name "to", and the record what it says.
 * 0; -1: errno (ENOENT: it is not there), fail_text(). */
int late_rename(struct folder *, struct record *, const char *to);
/* Take the file of a record away, into "hold" if that is not -1.  As above. */
int late_remove(struct folder *, int hold, struct record *);
/* All that are left, before a view is closed. */
void late_end(struct folder *);

#endif
