/* What a draft has attached. */
#ifndef MAILDIR_CMD_FILES_H
#define MAILDIR_CMD_FILES_H

#include <stddef.h>

#include "message/buf.h"
#include "message/compose.h"

struct field;
struct store;

enum { FILES_MAX = 256, FILES_NAME = 1024 };

/* All 0 at first. */
struct files {
	struct compose_file file[FILES_MAX];
	size_t n;
	struct buf body[FILES_MAX];
	char name[FILES_MAX][FILES_NAME];
};

/* Read what that field of a draft names:
 *	Attach: FILE
 *	Forward: UID FOLDER	a message
 *	Part: N UID FOLDER	a part of a message, as maildir-show has it
 * 1; 0: it is another field, or empty; -1: fail_text(). */
int files_add(struct files *, struct store *, const struct field *);
void files_free(struct files *);

#endif
