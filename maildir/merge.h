/* One merge of what the disk has into the index; internal to the store. */
#ifndef MAILDIR_MERGE_H
#define MAILDIR_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/sync.h"

struct merge {
	struct folder *f;
	struct watch *watch; /* of merge_events, as the next */
	size_t first; /* records from here on are looked at first */
	struct scan s;
	struct uidlist l;
	bool listed; /* l was read */
	struct news news;
	struct names table;
	uint8_t *seen; /* per record */
};

/* All return 0; 1: only a new generation can hold this; -1. */

/* Name i of the listing is the file of record k. */
int merge_known(struct merge *, size_t i, size_t k);
/* Record k has no file any more. */
int merge_bury(struct merge *, size_t k);
/* The names that are not known are new messages. */
int merge_fresh(struct merge *);

/* The whole: list the folder and bring it in. */
int merge_listing(struct merge *);
/* Instead of a listing, these two; also 1 when one is needed.  Only what the watch
 * has seen since the index was as the disk; s.stamp was taken before (events.c). */
int merge_events(struct merge *);
/* Only new/, when cur/ is as the index has it (new.c). */
int merge_new(struct merge *);

#endif
