/* Writing that is still there after a power cut. */
#ifndef MAILDIR_DISK_H
#define MAILDIR_DISK_H

#include <stdbool.h>

#include "message/span.h"

/* All return 0, or -1 with errno and fail_text().  After a failed fsync
 * nothing may be repeated on the same file. */

/* Does this kernel hear of all that happens in "dir"?  It does not where other
 * machines may write, too. */
bool disk_is_local(int dir);

/* Make the names within directory "sub" of "dir" durable ("." for itself).
 * Where it cannot be read or fsynced, the file system writes everything. */
int disk_sync(int dir, const char *sub);

/* Add the octets to the end of an existing file of "dir".  On -1 the file is
 * as long as before, unless even that failed. */
int disk_append(int dir, const char *name, struct span);

/* Make the octets the content of the file "name", at once or not at all: by
 * way of NAME.tmp, which a crash may leave. */
int disk_replace(int dir, const char *name, struct span);

/* What is made in a directory with the setgid bit is for its group and others as
 * the directory is itself: a shared folder.  Else it is the user's alone. */
int disk_mkdir(int dir, const char *name); /* 0; -1: as of mkdirat */
/* The same of a file that was made in "dir". */
void disk_share(int dir, int fd);

#endif
