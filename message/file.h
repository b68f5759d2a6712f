/* What every writer of files needs. */
#ifndef MESSAGE_FILE_H
#define MESSAGE_FILE_H

#include <sys/types.h>

#include "message/span.h"

/* Write all of it, however often write(2) is interrupted or stops short.
 * 0; -1: errno, and nobody knows how much was written. */
int file_write(int fd, struct span);

/* Read n octets from "at" on, fewer only at the end of the file.  How many; -1:
 * errno. */
ssize_t file_read(int fd, void *, size_t n, off_t at);

/* Make the names within directory "sub" of "dir" durable ("." for itself).
 * 0; -1: errno and fail_text(). */
int file_sync_names(int dir, const char *sub);

#endif
