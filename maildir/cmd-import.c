/* maildir import: mbox files, Maildirs, what other servers have left. */
#include <bsd/string.h>
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-mbox.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/header.h"

enum { HEADER_MAX = 256 * 1024 };

struct import {
	struct cmd *c;
	const char *path, *folder;
	struct append *append;
	unsigned begun; /* messages in "append" */
	struct span
	    held; /* an empty line, which may be the one between messages */
	bool blank; /* the line before was empty */
	bool in_header;
	struct buf header; /* until its flags are known */
	int64_t when;
	bool unended, line_end; /* the LF of the last line waits */
	uint64_t done;
};

static __attribute__((noreturn)) void
give_up(struct import *in)
{
	const char *why = fail_text();

	if (in->append != NULL)
		append_free(in->append);
	errx(errno == ENOENT ? EX_NOINPUT : EX_TEMPFAIL,
	    "%s: %s; %ju messages were imported", in->path, why,
	    (uintmax_t)in->done);
}

void
import_done(struct cmd *c, const struct copied *done)
{
	for (size_t i = 0; i < done->n; i++)
		cmd_done(c, done->to[i], "import");
}

static void
commit(struct import *in)
{
	struct copied done = { 0 };

	if (in->append == NULL)
		return;
	if (append_commit(in->append, &done) == -1)
		give_up(in);
	append_free(in->append);
	in->append = NULL;
	in->begun = 0;
	in->done += done.n;
	import_done(in->c, &done);
	copied_free(&done);
}

/* ---- flags */

void
mbox_flags(struct mbox_flags *m, struct span name, struct span value)
{
	static const struct {
		const char *field;
		char letter;
		uint32_t flag;
	} letters[] = { { "Status", 'R', FLAG_SEEN },
		{ "X-Status", 'A', FLAG_ANSWERED },
		{ "X-Status", 'F', FLAG_FLAGGED },
		{ "X-Status", 'T', FLAG_DRAFT },
		{ "X-Status", 'D', FLAG_DELETED } };
	struct span word;
	size_t used = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (span_same(name, span(letters[i].field)) &&
		    memchr(value.p, letters[i].letter, value.len) != NULL)
			m->flags |= letters[i].flag;
	if (!span_same(name, span("X-Keywords")))
		return;
	while ((word = span_word(&value)).len > 0 && m->keywords < 32) {
		if (word.p[word.len - 1] == ',')
			word.len--;
		if (span_same(word, span("$Forwarded")))
			m->flags |= FLAG_FORWARDED;
		else if (word.len > 0 &&
		    used + word.len + 1 < sizeof(m->text)) {
			m->keyword[m->keywords++] = m->text + used;
			(void)memcpy(m->text + used, word.p, word.len);
			used += word.len;
			m->text[used++] = '\0';
		}
	}
}

/* What export has written before the message; what is left is the message. */
static struct span
take_mark(struct import *in, struct mbox_flags *m)
{
	struct span rest = buf_all(&in->header), value, word;
	struct field f;
	uint64_t lines = 0;

	if (header_next(&rest, &f) != 1 || !span_same(f.name, span(MBOX_MARK)))
		return buf_all(&in->header);
	value = f.value;
	word = span_word(&value);
	if (span_number(word, 8, &lines) == -1)
		return buf_all(&in->header);
	in->unended = span_same(span_trim(value), span("unended"));
	m->flags = 0;
	for (; lines > 0 && header_next(&rest, &f) == 1; lines--)
		mbox_flags(m, f.name, f.value);
	return rest;
}

/* The fields of other programs stay in the message. */
static struct span
know_flags(struct import *in, struct mbox_flags *m)
{
	struct span all = buf_all(&in->header), rest;
	struct field f;
	bool known = false;

	*m = (struct mbox_flags){ .flags = in->c->unread ? 0 : FLAG_SEEN };
	rest = take_mark(in, m);
	if (rest.p != all.p)
		return rest;
	while (header_next(&all, &f) == 1)
		if (span_same(f.name, span("Status")) ||
		    span_same(f.name, span("X-Status")) ||
		    span_same(f.name, span("X-Keywords"))) {
			if (!known && !in->c->unread)
				m->flags = 0;
			known = true;
			mbox_flags(m, f.name, f.value);
		}
	return rest;
}

static void
add(struct import *in, struct span s)
{
	if (in->line_end && append_add(in->append, span("\n")) == -1)
		give_up(in);
	in->line_end = in->unended && s.len > 0 && s.p[s.len - 1] == '\n';
	s.len -= in->line_end;
	if (append_add(in->append, s) == -1)
		give_up(in);
}

/* The header is complete: the message begins. */
static void
open_message(struct import *in)
{
	struct mbox_flags m;
	struct span rest;

	if (!in->in_header)
		return;
	in->in_header = false;
	if (in->begun == TOGETHER)
		commit(in);
	if (in->append == NULL)
		in->append = append_new(in->c->store, in->folder);
	rest = know_flags(in, &m);
	if (in->append == NULL ||
	    append_begin(in->append, m.flags, m.keyword, m.keywords,
		in->when) == -1)
		give_up(in);
	in->begun++;
	add(in, rest);
	buf_reset(&in->header);
}

static void
begin(struct import *in, struct span line)
{
	struct date d;
	struct span sender;

	open_message(in);
	in->when = 0;
	line = span_trim(span_from(line, 5));
	sender = span_word(&line);
	if (sender.len > 0 && date_read(span_trim(line), &d) == 0)
		in->when = d.when;
	in->in_header = true;
	in->held.len = 0;
	in->unended = in->line_end = false;
	buf_reset(&in->header);
}

/* With the line ends of either kind of system. */
static bool
is_empty(struct span line)
{
	return span_eq(line, span("\n")) || span_eq(line, span("\r\n"));
}

/* Not all programs quote lines that begin so: one between messages has a time
 * of day (RFC 4155, appendix A). */
static bool
is_between(struct span line)
{
	if (line.len < 5 || memcmp(line.p, "From ", 5) != 0)
		return false;
	for (size_t i = 5; i + 2 < line.len; i++)
		if (line.p[i] == ':' && isdigit((unsigned char)line.p[i - 1]) &&
		    isdigit((unsigned char)line.p[i + 1]) &&
		    isdigit((unsigned char)line.p[i + 2]))
			return true;
	return false;
}

static void
put_line(struct import *in, struct span line)
{
	if (!in->in_header) {
		add(in, line);
		return;
	}
	buf_span(&in->header, line);
	if (in->header.over)
		errx(EX_TEMPFAIL, "%s: no memory", in->path);
	if (is_empty(line) || in->header.len > HEADER_MAX)
		open_message(in);
}

static void
take_line(struct import *in, struct span line)
{
	if (in->held.len > 0)
		put_line(in, in->held);
	in->held.len = 0;
	if (is_empty(line)) {
		in->held = span(line.len == 1 ? "\n" : "\r\n");
		return;
	}
	if (line.p[0] == '>' && mbox_from(line))
		line = span_from(line, 1);
	put_line(in, line);
}

static void
import_file(struct import *in, FILE *file, uint64_t all)
{
	char *text = NULL;
	size_t room = 0;
	uint64_t read = 0;
	bool begun = false;
	ssize_t n;

	buf_init(&in->header, 512u << 20);
	while ((n = getline(&text, &room, file)) > 0) {
		struct span line = span_n(text, (size_t)n);

		progress(in->path, read, all);
		read += (uint64_t)n;
		if (begun ? in->blank && is_between(line) :
			    n >= 5 && memcmp(text, "From ", 5) == 0) {
			begin(in, line);
			begun = true;
		} else if (!begun)
			errx(EX_DATAERR, "%s: this is no mbox", in->path);
		else
			take_line(in, line);
		in->blank = is_empty(line);
	}
	if (ferror(file))
		err(EX_IOERR, "%s", in->path);
	open_message(in);
	commit(in);
	progress(in->path, 1, 1);
	free(text);
	buf_free(&in->header);
}

void
import_mbox(struct cmd *c, const char *path, const char *folder)
{
	struct import in = { .c = c, .path = path, .folder = folder };
	bool input = strcmp(path, "-") == 0;
	FILE *file = input ? stdin : fopen(path, "re");
	struct stat st = { .st_size = 0 };

	if (file == NULL)
		err(EX_NOINPUT, "%s", path);
	(void)fstat(fileno(file), &st);
	if (input)
		in.path = "standard input";
	import_file(&in, file, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	if (isatty(STDERR_FILENO))
		warnx("%s: %ju messages", in.path, (uintmax_t)in.done);
	if (!input)
		(void)fclose(file);
}

/* ---- the verb */

/* Each file of a directory becomes a folder. */
static void
import_files(struct cmd *c, const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	char file[4096], disk[256];

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.' || stat(file, &st) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (cmd_disk_name(disk, e->d_name) == -1 ||
		    (store_create(c->store, disk) == -1 && errno != EEXIST)) {
			cmd_complain(c, "%s: %s", file, fail_text());
			continue;
		}
		(void)store_subscribe(c->store, disk, true);
		import_mbox(c, file, disk);
	}
	if (d != NULL)
		(void)closedir(d);
}

static void
import_path(struct cmd *c, const char *path)
{
	char cur[4096];
	struct stat st;

	(void)snprintf(cur, sizeof(cur), "%s/cur", path);
	if (strcmp(path, "-") == 0 || stat(path, &st) == -1 ||
	    !S_ISDIR(st.st_mode))
		import_mbox(c, path, c->folder_name);
	else if (stat(cur, &st) == 0)
		import_maildir(c, path);
	else if (c->from != NULL && strcmp(c->from, "mbox") == 0)
		import_files(c, path);
	else
		errx(EX_DATAERR, "%s: this is no Maildir", path);
}

void
cmd_import(struct cmd *c)
{
	if (c->from != NULL && strcmp(c->from, "mbox") != 0 && c->argc == 0)
		import_here(c, c->from);
	else if (c->argc == 0)
		import_mbox(c, "-", c->folder_name);
	for (int i = 0; i < c->argc; i++)
		import_path(c, c->argv[i]);
}
