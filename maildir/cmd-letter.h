/* A message with its parts, for commands. */
#ifndef MAILDIR_CMD_LETTER_H
#define MAILDIR_CMD_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/codec.h"
#include "message/mime.h"
#include "message/span.h"

struct folder;

enum piece_kind { PIECE_TEXT, PIECE_HTML, PIECE_FILE, PIECE_MESSAGE };

/* What can be shown or saved: a leaf of the MIME tree, a message in the
 * message, or what stands between the lines of a text: uuencoded files and
 * the text around them. */
struct piece {
	enum piece_kind kind;
	bool attachment; /* counts as one */
	bool hidden; /* another form of the same is shown */
	bool uu;
	bool flowed, delsp; /* RFC 3676 */
	struct span data; /* coded, see codec */
	enum codec_kind codec;
	char type[128]; /* "image/png" */
	char charset[64];
	char name[512]; /* UTF-8, as the sender has it; "" none */
};

struct letter {
	char *p;
	size_t len;
	struct span header;
	struct mime mime;
	struct piece *piece; /* piece[i] is part i + 1 for the user */
	size_t n, room;
	char **text; /* decoded texts that pieces point to */
	size_t texts;
};

/* Read message "number" of the view.  0; -1.  letter_free in either case. */
int letter_load(struct letter *, struct folder *, uint32_t number);
/* The same of a descriptor, which is closed. */
int letter_read(struct letter *, int fd);
void letter_free(struct letter *);

unsigned letter_attachments(const struct letter *);

/* Append what the piece holds, its encoding removed; with "text" as UTF-8. */
void piece_put(struct buf *, const struct piece *, bool text);
/* Is it a text or a page of HTML that stands between the others? */
bool piece_shown(const struct piece *);
/* The same of a text or a page of HTML, for people: in lines of at most "width"
 * columns, but for those whose length the sender chose. */
void piece_page(struct buf *, const struct piece *, size_t width);

/* What the first field of that name has, as it stands there; "" when there is
 * none, and of no letter. */
struct span letter_value(const struct letter *, const char *name);
/* The first field of that name as one line of UTF-8; "" when there is none. */
void letter_field(struct buf *, const struct letter *, const char *name);

#endif
