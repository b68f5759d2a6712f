#include "maildir/cmd-files.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-send.h"
#include "maildir/maildir.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/word.h"

enum { FILE_MAX = 256 << 20 };

/* What was just read, by that name: octets that are no UTF-8 are none. */
static void
add_named(struct files *a, const char *name)
{
	char *own = a->name[a->n];
	struct buf line;

	buf_init(&line, FILES_NAME);
	word_line(&line, span(name));
	(void)strlcpy(own, line.over ? "file" : line.p, FILES_NAME);
	buf_free(&line);
	a->file[a->n] = (struct compose_file){ .name = span(own),
		.data = buf_all(&a->body[a->n]) };
	a->n++;
}

static int
add_file(struct files *a, struct span value)
{
	char path[PATH_MAX];
	const char *slash, *home = getenv("HOME");
	struct buf *b = &a->body[a->n];
	size_t n = 0;

	value = span_trim(value);
	if (value.len > 1 && value.p[0] == '~' && value.p[1] == '/' &&
	    home != NULL) {
		n = strlcpy(path, home, sizeof(path));
		value = span_from(value, 1);
	}
	if (n + value.len >= sizeof(path))
		return fail_as(ENAMETOOLONG, "%.*s", (int)value.len, value.p);
	(void)memcpy(path + n, value.p, value.len);
	path[n + value.len] = '\0';
	buf_init(b, FILE_MAX);
	if (send_read(b, open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return fail("%s", path);
	slash = strrchr(path, '/');
	add_named(a, slash == NULL ? path : slash + 1);
	return 0;
}

/* "UID FOLDER": that message, open for reading; -1. */
static int
open_message(struct store *store, struct span value)
{
	struct span word = span_word(&value), folder = span_trim(value);
	char name[256];
	struct folder *f;
	struct message m;
	uint64_t uid;
	uint32_t number;
	int fd = -1;

	if (folder.len >= sizeof(name) ||
	    span_number(word, UINT32_MAX, &uid) == -1)
		return fail_as(EINVAL, "no message and folder: %.*s",
		    (int)value.len, value.p);
	(void)memcpy(name, folder.p, folder.len);
	name[folder.len] = '\0';
	f = folder_open(store, name, false);
	if (f == NULL)
		return -1;
	number = folder_number(f, (uint32_t)uid);
	if (number <= folder_count(f) && folder_get(f, number, &m) == 0 &&
	    m.uid == uid)
		fd = folder_read(f, number);
	else
		(void)fail_as(ENOENT, "%s has no message %ju", name,
		    (uintmax_t)uid);
	folder_close(f);
	return fd;
}

/* The message itself, as it is when the draft is sent. */
static int
add_message(struct files *a, struct store *store, struct span value)
{
	struct buf *b = &a->body[a->n];
	int fd = open_message(store, value);

	if (fd == -1)
		return -1;
	buf_init(b, FILE_MAX);
	if (send_read(b, fd) == -1)
		return -1;
	add_named(a, "forwarded.eml");
	return 0;
}

/* "N UID FOLDER": a part of a message. */
static int
add_part(struct files *a, struct store *store, struct span value)
{
	struct span word = span_word(&value);
	struct buf *b = &a->body[a->n];
	int fd = open_message(store, value), r;
	struct letter l;
	uint64_t n;

	if (fd == -1)
		return -1;
	r = letter_read(&l, fd);
	if (r == 0 && (span_number(word, l.n, &n) == -1 || n == 0))
		r = fail_as(EINVAL, "the message has no part %.*s",
		    (int)word.len, word.p);
	if (r == 0) {
		const struct piece *p = &l.piece[n - 1];
		char name[32];

		(void)snprintf(name, sizeof(name), "part-%ju%s", (uintmax_t)n,
		    p->kind == PIECE_MESSAGE ? ".eml" : "");
		buf_init(b, FILE_MAX);
		piece_put(b, p, false);
		add_named(a, p->name[0] != '\0' ? p->name : name);
	}
	letter_free(&l);
	return r;
}

int
files_add(struct files *a, struct store *store, const struct field *f)
{
	struct span value = span_trim(f->value);
	int r;

	if (value.len == 0 ||
	    (!span_same(f->name, span("Attach")) &&
		!span_same(f->name, span("Forward")) &&
		!span_same(f->name, span("Part"))))
		return 0;
	if (a->n == FILES_MAX)
		return fail_as(E2BIG, "more than %d files", FILES_MAX);
	if (span_same(f->name, span("Attach")))
		r = add_file(a, value);
	else if (span_same(f->name, span("Forward")))
		r = add_message(a, store, value);
	else
		r = add_part(a, store, value);
	return r == -1 ? -1 : 1;
}

void
files_free(struct files *a)
{
	for (size_t i = 0; i < a->n; i++)
		buf_free(&a->body[i]);
	a->n = 0;
}
