/* How many recipients wait, by destination and by reason. */
#ifndef MAILQ_RUN_COUNTS_H
#define MAILQ_RUN_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "mailq-run/entry.h"

enum { COUNTS_KEY = 128 };

struct count {
	char key[COUNTS_KEY];
	size_t n;
};

struct table {
	struct count *row; /* open hashing; n == 0: free */
	size_t size; /* a power of 2 */
	size_t used;
};

struct counts {
	struct table destination, reason;
	size_t messages, recipients, due, held;
	time_t earliest; /* next try of what is not due; 0 none */
};

void counts_init(struct counts *);
void counts_free(struct counts *);

/* Add what waits in this entry (looked at with its history). 0 / -1. */
int counts_add(struct counts *, const struct entry *, time_t now);

/* To another process, and what one counted to ours; "fd" is closed.  0 / -1. */
int counts_send(int fd, const struct counts *);
int counts_receive(int fd, struct counts *);

/* Largest first, at most "most" of each (0: all). */
void counts_put(struct buf *, struct counts *, size_t most, time_t now);
void counts_json(struct buf *, struct counts *);

#endif
