/* How long a message is, as stored and as it goes over the wire. */
#ifndef MAILDIR_MEASURE_H
#define MAILDIR_MEASURE_H

#include <stdint.h>

struct measure {
	uint64_t size; /* octets as stored */
	uint64_t wire; /* with every line end as CRLF */
	int64_t mtime; /* seconds */
	uint64_t inode;
};

/* Open a message of the folder: regular files only, no symbolic link, nothing
 * that could block.  A descriptor; -1: errno (ENOENT, ELOOP, EINVAL: no
 * message), fail_text(). */
int measure_open(int dir, const char *path);

/* Measure the message "path" of the folder ("cur/NAME").  ",S=" and ",W=" of
 * the name, or else "wire" (0: unknown), are believed when the size on disk
 * bears them out; otherwise the line ends are counted.
 * 1: *m set; 0: no regular file; -1: errno, fail_text() (ENOENT: gone). */
int measure(int dir, const char *path, uint64_t wire, struct measure *m);

#endif
