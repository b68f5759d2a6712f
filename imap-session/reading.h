/* One message that is read for a client: its file is opened once, and as much
 * of it looked at as is asked for. */
#ifndef IMAP_SESSION_READING_H
#define IMAP_SESSION_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/text.h"
#include "imap-session/wire.h"
#include "message/mime.h"

struct folder;

struct reading {
	struct folder *folder;
	uint32_t number;
	int fd; /* -1: not open */
	uint64_t size; /* octets in the file */
	struct text header; /* p NULL: not read */
	struct mime mime;
	bool parsed;
};

/* Begin with message "number"; reads nothing yet.  reading_end afterwards. */
void reading_begin(struct reading *, struct folder *, uint32_t number);
void reading_end(struct reading *);

/* Each 0; -1: errno, fail_text() (ENOENT: it is gone). */
int reading_open(struct reading *);
int reading_header(struct reading *); /* "header" is set */
int reading_parts(struct reading *); /* "mime" is set */

/* Of the opened file. */
static inline struct extent
reading_extent(const struct reading *r, uint64_t from, uint64_t to)
{
	return (struct extent){ r->fd, from, to };
}

#endif
