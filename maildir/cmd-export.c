/* maildir export: to an mbox on standard output, or into another Maildir. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-mbox.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"

bool
mbox_from(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == '>')
		n++;
	return s.len - n >= 5 && memcmp(s.p + n, "From ", 5) == 0;
}

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

/* The keywords of a message as one line; how many. */
static unsigned
put_keywords(struct buf *out, struct cmd *c, const struct message *m)
{
	const char *const *word = folder_keywords(c->folder);
	unsigned n = 0;

	for (int i = 0; word != NULL && i < KEYWORDS; i++)
		if ((m->keywords >> i & 1) != 0 && word[i] != NULL)
			buf_printf(out, "%s%s", n++ > 0 ? " " : "", word[i]);
	if ((m->flags & FLAG_FORWARDED) != 0)
		buf_printf(out, "%s$Forwarded", n++ > 0 ? " " : "");
	return n;
}

static void
put_flags(struct buf *out, struct cmd *c, const struct message *m, bool ended)
{
	static const struct {
		uint32_t flag;
		char letter;
	} letters[] = { { FLAG_ANSWERED, 'A' }, { FLAG_FLAGGED, 'F' },
		{ FLAG_DRAFT, 'T' }, { FLAG_DELETED, 'D' } };
	char status[8] = "";
	struct buf words;
	size_t n = 0;
	unsigned lines = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if ((m->flags & letters[i].flag) != 0)
			status[n++] = letters[i].letter;
	buf_init(&words, 64 * 1024);
	(void)put_keywords(&words, c, m);
	lines += (m->flags & FLAG_SEEN) != 0;
	lines += n > 0;
	lines += words.len > 0;
	buf_printf(out, "%s: %u%s\n", MBOX_MARK, lines,
	    ended ? "" : " unended");
	if ((m->flags & FLAG_SEEN) != 0)
		buf_str(out, "Status: RO\n");
	if (n > 0)
		buf_printf(out, "X-Status: %s\n", status);
	if (words.len > 0)
		buf_printf(out, "X-Keywords: %s\n", words.p);
	buf_free(&words);
}

static void
put_mbox(struct buf *out, struct cmd *c, const struct letter *l,
    const struct message *m)
{
	struct span rest = span_n(l->p, l->len);
	bool ended = l->len > 0 && l->p[l->len - 1] == '\n';
	time_t when = (time_t)m->date;
	struct tm tm = { 0 };
	char text[64];

	(void)gmtime_r(&when, &tm);
	(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	buf_str(out, "From ");
	put_sender(out, l);
	buf_printf(out, " %s\n", text);
	put_flags(out, c, m, ended);
	while (rest.len > 0) {
		size_t n = span_find(rest, '\n');
		struct span line = span_n(rest.p, n < rest.len ? n + 1 : n);

		if (mbox_from(line))
			buf_char(out, '>');
		buf_span(out, line);
		rest = span_from(rest, line.len);
	}
	buf_str(out, ended ? "\n" : "\n\n");
}

static void
to_mbox(struct cmd *c)
{
	struct message m;
	struct letter l;
	struct buf text;

	buf_init(&text, 1u << 30);
	for (size_t i = 0; i < c->n; i++) {
		progress("export", i, c->n);
		if (folder_get(c->folder, c->number[i], &m) == -1)
			continue;
		buf_reset(&text);
		if (letter_load(&l, c->folder, c->number[i]) == -1)
			cmd_complain(c, "%u: %s", m.uid, fail_text());
		else
			put_mbox(c->json ? &text : &c->out, c, &l, &m);
		letter_free(&l);
		if (text.len > 0) {
			buf_printf(&c->out, "{\"uid\":%u,\"mbox\":", m.uid);
			json_string(&c->out, buf_all(&text));
			buf_str(&c->out, "}\n");
		}
		cmd_flush(c);
	}
	progress("export", c->n, c->n > 0 ? c->n : 1);
	buf_free(&text);
}

/* ---- into a Maildir */

/* Up to TOGETHER messages from c->number[i] on; how many. */
static size_t
some(struct cmd *c, struct store *to, size_t i)
{
	struct append *a = append_new(to, c->folder_name);
	struct copied done = { 0 };
	size_t n = 0;

	if (a == NULL && errno == ENOENT &&
	    store_create(to, c->folder_name) == 0)
		a = append_new(to, c->folder_name);
	for (; a != NULL && i + n < c->n && n < TOGETHER; n++)
		if (import_one(a, c->folder, c->number[i + n]) == -1)
			errx(EX_TEMPFAIL, "%s", fail_text());
	if (a == NULL || append_commit(a, &done) == -1)
		errx(EX_CANTCREAT, "%s: %s", c->into, fail_text());
	copied_free(&done);
	append_free(a);
	return n;
}

static void
to_maildir(struct cmd *c)
{
	struct store *to = store_open(c->into, NULL, STORE_NO_INDEX);
	struct message m;
	size_t n;

	if (to == NULL)
		errx(EX_CANTCREAT, "%s", fail_text());
	for (size_t i = 0; i < c->n; i += n) {
		progress("export", i, c->n);
		n = some(c, to, i);
		for (size_t k = i; k < i + n; k++)
			if (folder_get(c->folder, c->number[k], &m) == 0)
				cmd_done(c, m.uid, "export");
	}
	progress("export", c->n, c->n > 0 ? c->n : 1);
	store_close(to);
}

void
cmd_export(struct cmd *c)
{
	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_ALL);
	if (c->into != NULL)
		to_maildir(c);
	else
		to_mbox(c);
}
