/* Reading aliases(5), as text, at each use: no database to rebuild.
 *
 * MAY HOLD ROOT: runs in a delivery agent before it becomes the user. */
#ifndef SMTP_SESSION_ALIAS_H
#define SMTP_SESSION_ALIAS_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

enum {
	ALIAS_FILE_MAX = 16 << 20,
	ALIAS_VALUES_MAX = 256 * 1024, /* of one name */
};

/* One file, read whole. */
struct alias_file {
	char path[256];
	struct buf text;
};

/* 1: read.  0: there is none.  -1: unreadable, fail_text(). */
int alias_open(struct alias_file *, const char *path);
void alias_close(struct alias_file *);

/* Find "name", ASCII case ignored.
 * 1: its values are in "values" (reset first), each ended by NUL, without
 * blanks around them; quotes are kept where a value begins with one (see
 * alias_plain), *line is where the entry begins.
 * 0: not there.  -1: the entry cannot be read, fail_text() is "FILE:LINE:
 * what". */
int alias_find(const struct alias_file *, const char *name, struct buf *values,
    unsigned *line);

/* All entries, one after another: */
struct alias_walk {
	struct span rest; /* begin with all of the file's text */
	unsigned next, line; /* of the entry; begin with next = 1 */
};

/* 1: the next one; "name" and "values" (as alias_find has them) are reset.
 * 0: that was all.  -1: it cannot be read, fail_text() is "FILE:LINE: what";
 * the walk can go on. */
int alias_next(const struct alias_file *, struct alias_walk *, struct buf *name,
    struct buf *values);

/* The file of an :include: : values, divided by commas and line ends, and an
 * empty one where a line ends.  0; -1: fail_text() is "FILE:LINE: what". */
int alias_list(const struct alias_file *, struct buf *values);

/* Take the next value from the front; the empty ones before it are added to
 * *line.  False: there is none. */
bool alias_value(struct span *values, struct span *value, unsigned *line);

/* Is there an entry for "@domain"?  (Not all mail shall pay for the question
 * whose mailbox it is before it is asked for good.) */
bool alias_has_catch_all(const struct alias_file *);

enum alias_kind {
	ALIAS_NAME, /* bob, bob+lists, bob@example.org */
	ALIAS_FINAL, /* \bob: that mailbox, whatever aliases there are */
	ALIAS_COMMAND, /* |program */
	ALIAS_FILE, /* /file or /dir/ */
	ALIAS_INCLUDE, /* :include:/file */
	ALIAS_FAIL, /* :fail: text, error:text */
};

/* What a value is; *rest is what stands behind the mark, without quotes
 * (into "plain", which is reset). */
enum alias_kind alias_kind(struct span value, struct buf *plain,
    struct span *rest);

#endif
