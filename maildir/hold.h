/* The holding place for expunged messages; internal to the store.
 *
 *	expunged/20261121/INBOX/NAME,U=UID:2,FLAGS
 *
 * below the Maildir: a directory per day, in it one per folder.  No program
 * takes it for a folder, as its name has no dot. */
#ifndef MAILDIR_HOLD_H
#define MAILDIR_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "maildir/view.h"

/* The place of today for that folder, made when missing: a descriptor; -1. */
int hold_today(const struct store *, const char *folder);
/* Put the UID into "cur/NAME:2,FLAGS", behind the "base" octets of the name,
 * where there is room for it. */
void hold_name(char path[FLAGS_NAME], size_t base, uint32_t uid);
/* Open a held message by the first "base" octets of its name, of today or
 * yesterday.  A descriptor; -1 with ENOENT. */
int hold_open(const struct folder *, const char *name, size_t base);

#endif
