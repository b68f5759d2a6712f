/* A place for content that nobody but us sees: in memory while it is small,
 * beyond that in a file of the spool, which has no name and so is gone with
 * us. */
#ifndef SMTP_SESSION_STOW_H
#define SMTP_SESSION_STOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "smtp-session/deliver.h"

struct stow {
	int fd; /* -1: never used */
	bool on_disk;
	uint64_t size; /* octets written */
};

/* Empty, for writing from the start; a memory file is used again. */
int stow_open(struct stow *); /* 0 / -1 */

/* Append; the spool agent is asked for a file when memory is not for it any
 * more.  0 / -1. */
int stow_write(struct stow *, struct deliver *, const void *, size_t);

/* Append what is in "fd" from there on.  0 / -1. */
int stow_copy(struct stow *, struct deliver *, int fd, off_t from);

void stow_close(struct stow *);

#endif
