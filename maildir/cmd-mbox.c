/* maildir import, export: mbox of the form mboxrd.
 *
 * Before each message stands a line "From SENDER DATE", behind it an empty
 * one; lines of the message that begin with "From ", ">From " and so on have
 * one ">" more, so all of it can be taken back. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"

enum { TOGETHER = 200 /* messages that are appended in one step */ };

/* "From ", behind any number of ">". */
static bool
from_line(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == '>')
		n++;
	return s.len - n >= 5 && memcmp(s.p + n, "From ", 5) == 0;
}

/* ---- export */

/* The address of Return-Path, when it has no blank. */
static void
put_sender(struct buf *out, const struct letter *l)
{
	struct buf scratch;
	struct mailbox m;
	struct field f;
	struct list list;
	size_t from = out->len;

	buf_init(&scratch, 64 * 1024);
	if (header_find(l->header, "Return-Path", &f)) {
		list_begin(&list, f.value);
		if (list_next(&list, &scratch, &m) == LIST_MAILBOX &&
		    m.local.len > 0 && m.domain.len > 0) {
			buf_span(out, m.local);
			buf_char(out, '@');
			buf_span(out, m.domain);
		}
	}
	for (size_t i = from; i < out->len; i++)
		if ((unsigned char)out->p[i] <= ' ' || out->p[i] == 0x7f) {
			buf_cut(out, from);
			break;
		}
	if (out->len == from)
		buf_str(out, "MAILER-DAEMON");
	buf_free(&scratch);
}

static void
export_one(struct cmd *c, const struct letter *l, int64_t date)
{
	struct span rest = span_n(l->p, l->len);
	struct buf *out = &c->out;
	time_t when = (time_t)date;
	struct tm tm = { 0 };
	char text[64];

	(void)gmtime_r(&when, &tm);
	(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	buf_str(out, "From ");
	put_sender(out, l);
	buf_printf(out, " %s\n", text);
	while (rest.len > 0) {
		size_t n = span_find(rest, '\n');
		struct span line = span_n(rest.p, n < rest.len ? n + 1 : n);

		if (from_line(line))
			buf_char(out, '>');
		buf_span(out, line);
		rest = span_from(rest, line.len);
	}
	if (out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
	buf_char(out, '\n');
	cmd_flush(c);
}

void
cmd_export(struct cmd *c)
{
	struct message m;
	struct letter l;

	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_ALL);
	for (size_t i = 0; i < c->n; i++) {
		if (folder_get(c->folder, c->number[i], &m) == -1)
			continue;
		if (letter_load(&l, c->folder, c->number[i]) == -1)
			cmd_complain(c, "%u: %s", m.uid, fail_text());
		else
			export_one(c, &l, m.date);
		letter_free(&l);
	}
}

/* ---- import */

struct import {
	struct cmd *c;
	const char *path;
	struct append *append;
	unsigned begun; /* messages in "append" */
	bool held; /* an empty line, which may be the one between messages */
	bool blank; /* the line before was empty, or there was none */
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
	for (size_t i = 0; i < done.n; i++)
		cmd_done(in->c, done.to[i], "import");
	copied_free(&done);
}

static void
begin(struct import *in, struct span line)
{
	struct date d;
	int64_t when = 0;
	struct span sender;

	line = span_trim(span_from(line, 5));
	sender = span_word(&line);
	if (sender.len > 0 && date_read(span_trim(line), &d) == 0)
		when = d.when;
	if (in->begun == TOGETHER)
		commit(in);
	if (in->append == NULL)
		in->append = append_new(in->c->store, in->c->folder_name);
	if (in->append == NULL ||
	    append_begin(in->append, in->c->unread ? 0 : FLAG_SEEN, NULL, 0,
		when) == -1)
		give_up(in);
	in->begun++;
	in->held = false;
}

static void
add_line(struct import *in, struct span line)
{
	if (in->held && append_add(in->append, span("\n")) == -1)
		give_up(in);
	in->held = line.len == 1 && line.p[0] == '\n';
	if (in->held)
		return;
	if (line.p[0] == '>' && from_line(line))
		line = span_from(line, 1);
	if (append_add(in->append, line) == -1)
		give_up(in);
}

static void
import_file(struct cmd *c, const char *path, FILE *file)
{
	struct import in = { .c = c, .path = path, .blank = true };
	char *text = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&text, &room, file)) > 0) {
		struct span line = span_n(text, (size_t)n);

		if (in.blank && n >= 5 && memcmp(text, "From ", 5) == 0)
			begin(&in, line);
		else if (in.append == NULL)
			errx(EX_DATAERR, "%s: this is no mbox", path);
		else
			add_line(&in, line);
		in.blank = n == 1 && text[0] == '\n';
	}
	if (ferror(file))
		err(EX_IOERR, "%s", path);
	commit(&in);
	free(text);
	if (isatty(STDERR_FILENO))
		warnx("%s: %ju messages", path, (uintmax_t)in.done);
}

void
cmd_import(struct cmd *c)
{
	FILE *file;

	if (c->argc == 0)
		import_file(c, "standard input", stdin);
	for (int i = 0; i < c->argc; i++) {
		if (strcmp(c->argv[i], "-") == 0) {
			import_file(c, "standard input", stdin);
			continue;
		}
		file = fopen(c->argv[i], "re");
		if (file != NULL) {
			import_file(c, c->argv[i], file);
			(void)fclose(file);
		} else
			err(EX_NOINPUT, "%s", c->argv[i]);
	}
}
