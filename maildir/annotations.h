/* Annotations: texts that clients keep with a folder, or with the whole store
 * (RFC 5464).
 *
 *	/private/comment 5
 *	hello
 *
 * One file, mailroom-metadata of the folder or mailroom-annotations of the
 * store: entry, octets of its value, LF, the value, LF; each entry once.  It is
 * replaced as a whole. */
#ifndef MAILDIR_ANNOTATIONS_H
#define MAILDIR_ANNOTATIONS_H

#include "message/buf.h"
#include "message/span.h"

struct store;

#define ANNOTATIONS_OF_STORE "mailroom-annotations" /* the second file */

enum {
	ANNOTATIONS_MANY = 100, /* of one folder */
	ANNOTATION_NAME = 200, /* octets of an entry's name */
	ANNOTATION_VALUE = 64 * 1024,
};

/* All of a folder, or with NULL those of the store, as the file has them,
 * append.  0; -1. */
int annotations_read(struct store *, const char *folder, struct buf *);

/* Take the next one off; false at the end, or where it is damaged. */
bool annotations_next(struct span *rest, struct span *entry,
    struct span *value);

/* Set entries of lower case; a value with p == NULL removes it.  All or none.
 * 0; -1: E2BIG too many, or the disk. */
struct annotation {
	struct span entry, value;
};
int annotations_set(struct store *, const char *folder,
    const struct annotation *, size_t n);

#endif
