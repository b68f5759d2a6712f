/* What check and repair share. */
#ifndef MAILDIR_CMD_CHECK_H
#define MAILDIR_CMD_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "maildir/cmd.h"

struct check {
	struct cmd *c;
	bool repair;
	const char *folder; /* on disk */
	int dir, files; /* of it, and of its index files (-1: none) */
	unsigned faults; /* that are there still */
	unsigned mended;
};

/* Tell of a fault; "mended": it is one no more.  "uid" 0: of no message. */
void check_fault(struct check *, bool mended, uint32_t uid, const char *, ...)
    __attribute__((format(printf, 4, 5)));

/* The files below cur/, new/ and tmp/: kinds, rights, sizes, age. */
void check_files(struct check *);
/* dovecot-uidlist: damaged lines, and UIDs that only the index knows. */
void check_uids(struct check *);
/* The index against what files and lists say. */
void check_index(struct check *);

#endif
