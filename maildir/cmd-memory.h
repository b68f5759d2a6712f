/* What was done lately, in a file of the Maildir: a line "TIME KEY" each.  It
 * is locked while it is open, so that two who ask about one key do not both
 * hear that nothing was done. */
#ifndef MAILDIR_CMD_MEMORY_H
#define MAILDIR_CMD_MEMORY_H

#include <stdint.h>

#include "message/buf.h"

struct cmd;

struct memory {
	int fd; /* -1: not open */
	int64_t now;
	struct buf text;
};

/* 0; -1: errno, fail_text().  memory_close in either case. */
int memory_open(struct memory *, const struct cmd *, const char *name);
void memory_close(struct memory *);

/* When the key, which has no control characters, was noted last; 0: never. */
int64_t memory_when(const struct memory *, const char *key);

/* Note it now, and forget at times what is older than "keep" seconds.
 * 0; -1. */
int memory_note(struct memory *, const char *key, int64_t keep);

#endif
