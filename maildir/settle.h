/* After a change of ours the next one to open the folder need not list it;
 * internal to the store, for stores with STORE_SETTLE. */
#ifndef MAILDIR_SETTLE_H
#define MAILDIR_SETTLE_H

#include <signal.h>
#include <stdbool.h>

#include "maildir/scan.h"

struct folder;

struct settle {
	bool on;
	int dir[2]; /* cur/ and new/ */
	int queue; /* signalfd */
	sigset_t before;
	unsigned wanted; /* names that we made come or go */
	unsigned seen; /* those that the kernel has told of */
};

/* Begin to count, before the index is looked at, unless "n" messages are too
 * many. */
void settle_begin(struct settle *, const struct folder *, size_t n);
/* Under the lock, before the first change: was the index as the disk is? */
void settle_sure(struct settle *, const struct folder *);
/* Under the lock and index_begin, after the last change: if all that happened
 * was ours, note the times of the directories. */
void settle_end(struct settle *, struct folder *);
/* cur/ and new/, open at "dir", get times that no later change can bring, which
 * "stamp" then has.  False: somebody was quicker, or the file system keeps no
 * nanoseconds. */
bool settle_back(const struct folder *, const int dir[2],
    struct scan_stamp stamp[2]);
/* In any case, at last. */
void settle_drop(struct settle *);

#endif
