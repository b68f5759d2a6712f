/* Bringing one message into a Maildir, in two steps that a crash can divide.
 *
 * delivery_open .. delivery_seal write tmp/NAME and make its data durable;
 * delivery_commit renames it into new/ and makes the name durable.  Between
 * the two a caller can see whether every other recipient got as far.
 * See maildir(5) for the name and its S= and W= . */
#ifndef MAILDIR_DELIVERY_H
#define MAILDIR_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { DELIVERY_NAME = 256 };

struct delivery {
	int dir; /* the Maildir, borrowed */
	int fd; /* the file in tmp/; -1: none */
	uint64_t size; /* octets so far, as stored */
	uint64_t lines; /* LFs so far */
	uint64_t crlf; /* LFs that had a CR before them */
	bool cr; /* the last octet was a CR */
	bool visible; /* in new/ */
	char tmp[DELIVERY_NAME]; /* "tmp/..." */
	char name[DELIVERY_NAME]; /* "new/..." once sealed */
};

/* Open the Maildir "path" of the calling user, making it (0700, with cur, new
 * and tmp) when only it is missing.  A descriptor, or -1 with errno and
 * fail_text() (ENOENT: the directory above it is missing). */
int maildir_open(const char *path);

/* A base name that no other message of the world has. */
void delivery_name(char base[DELIVERY_NAME]);

int delivery_open(struct delivery *, int dir); /* 0 / -1 */
int delivery_add(struct delivery *, const void *, size_t); /* 0 / -1 */
/* Everything of "fd" from offset "from" to its end; fd's offset is not used.*/
int delivery_copy(struct delivery *, int fd, off_t from); /* 0 / -1 */
/* fsync the file and settle its name.  Never tried again after a failure. */
int delivery_seal(struct delivery *); /* 0 / -1 */
/* rename into new/ (never over another file) and fsync new/.  On -1 nothing
 * is left, visible is false. */
int delivery_commit(struct delivery *); /* 0 / -1 */
/* Take back whatever there is in tmp/. */
void delivery_abort(struct delivery *);

#endif
