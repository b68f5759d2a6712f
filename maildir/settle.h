/* After a change of ours the next one to open the folder need not list it;
 * internal to the store, for stores with STORE_SETTLE. */
#ifndef MAILDIR_SETTLE_H
#define MAILDIR_SETTLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "maildir/scan.h"

struct folder;

struct settle {
	bool on;
	int dir[2]; /* cur/ and new/ */
	int queue; /* signalfd */
	sigset_t before;
	unsigned sure; /* bits: those that the index had as they were */
	unsigned wanted[2]; /* names that we made come or go */
	unsigned seen[2]; /* those that the kernel has told of */
};

/* Begin to count, before the index is looked at, unless "n" messages are too
 * many. */
void settle_begin(struct settle *, const struct folder *, size_t n);
/* Under the lock, before the first change: was the index as the disk is? */
void settle_sure(struct settle *, const struct folder *);
/* So many names have come to cur/ or new/, or gone from there. */
static inline void
settle_names(struct settle *s, bool in_new, size_t n)
{
	s->wanted[in_new] += (unsigned)n;
}
/* Under the lock and index_begin, after the last change: note the times of each
 * directory where all that happened was ours. */
void settle_end(struct settle *, struct folder *);
/* Put the times of "which" (bits) of cur/ and new/, open at "dir", back: what the
 * kernel has told of by then was before, and no later change can bring the time
 * that "stamp" then has.  Bits: those where it is so. */
unsigned settle_stamps(const int dir[2], unsigned which,
    struct scan_stamp stamp[2]);
/* In any case, at last. */
void settle_drop(struct settle *);

#endif
