/* Files of the configuration, read by line.
 *
 * One open, and one read for all but big files; no allocation.  A line keeps
 * its blanks; "\r" before the line end is dropped.  A last line without a
 * line end counts. */
#ifndef SESSION_LINES_H
#define SESSION_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "message/span.h"

enum { LINES_SIZE = 8192 };

struct lines {
	int fd; /* -1: closed */
	const char *path; /* borrowed */
	unsigned number; /* of the line that lines_next gave */
	size_t at, end;
	bool last; /* nothing more to read */
	char data[LINES_SIZE];
};

/* A file that others may write (everybody, or a group that is not our own) is
 * refused, and so is one that belongs to somebody else than root or us.
 * 1; 0: there is none; -1: fail_text() names it. */
int lines_open(struct lines *, const char *path);

/* 1: *line is set, until the next call.  0: end.  -1: fail_text() (read
 * error, NUL, a line over LINES_SIZE - 1). */
int lines_next(struct lines *, struct span *line);

/* The same without comments (#) and empty lines, blanks trimmed. */
int lines_word(struct lines *, struct span *line);

void lines_close(struct lines *);

/* return lines_bad(l, "unknown word %s", w): "PATH:NUMBER: ..." for
 * fail_text(), errno EINVAL.  Always -1. */
int lines_bad(const struct lines *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
