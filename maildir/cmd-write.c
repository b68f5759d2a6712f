/* maildir write, forward, bounce. */
#include <err.h>
#include <sysexits.h>

#include "maildir/cmd-draft.h"
#include "maildir/cmd-letter.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/compose.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/header.h"

void
cmd_write(struct cmd *c)
{
	struct buf draft, to;

	buf_init(&draft, DRAFT_MAX);
	buf_init(&to, 64 * 1024);
	if (c->to != NULL)
		buf_str(&to, c->to);
	for (int i = 0; i < c->argc; i++)
		buf_printf(&to, "%s%s", to.len > 0 ? ", " : "", c->argv[i]);
	draft_from(c, &draft, NULL);
	draft_field(&draft, "To", to.p);
	draft_field(&draft, "Cc", c->cc);
	draft_field(&draft, "Subject", c->subject);
	draft_files(c, &draft);
	buf_char(&draft, '\n');
	if (c->no_edit)
		draft_input(&draft);
	else
		draft_signature(&draft);
	draft_finish(c, &draft, c->attaches > 0);
	buf_free(&draft);
	buf_free(&to);
}

/* ---- forward */

/* What lies in a message that is attached goes with that. */
static bool
inside(const struct letter *l, const struct piece *p)
{
	for (const struct piece *m = l->piece; m < p; m++)
		if (m->kind == PIECE_MESSAGE && p->data.p >= m->data.p &&
		    p->data.p < m->data.p + m->data.len)
			return true;
	return false;
}

static void
put_parts(struct cmd *c, struct buf *out, const struct letter *l, uint32_t uid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->piece[i].attachment && !inside(l, &l->piece[i]))
			buf_printf(out, "Part: %zu %u %s\n", i + 1, uid,
			    c->folder_name);
}

/* Its header as it is shown, and its texts. */
static void
put_original(struct buf *out, const struct letter *l)
{
	static const char *const shown[] = { "From", "To", "Cc", "Date",
		"Subject" };
	struct buf text;

	buf_init(&text, DRAFT_MAX);
	buf_str(out, "\n---------- Forwarded message ----------\n");
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		buf_reset(&text);
		letter_field(&text, l, shown[i]);
		if (text.len > 0)
			draft_field(out, shown[i], text.p);
	}
	for (size_t i = 0; i < l->n; i++)
		if (piece_shown(&l->piece[i]) && !inside(l, &l->piece[i])) {
			buf_char(out, '\n');
			piece_page(out, &l->piece[i], DRAFT_WIDTH);
			if (out->p[out->len - 1] != '\n')
				buf_char(out, '\n');
		}
	buf_free(&text);
}

/* The original is attached, whole; or its text is part of the draft. */
void
cmd_forward(struct cmd *c)
{
	struct buf draft;
	struct letter l;
	uint32_t uid;

	if (c->argc < 1)
		errx(EX_USAGE, "to whom? see maildir help forward");
	uid = draft_original(c, &l, c->argv + 1, c->argc - 1);
	buf_init(&draft, DRAFT_MAX);
	draft_from(c, &draft, &l);
	draft_field(&draft, "To", c->argv[0]);
	draft_field(&draft, "Cc", c->cc);
	draft_subject(c, &draft, &l, "Fwd:");
	draft_files(c, &draft);
	if (c->within)
		put_parts(c, &draft, &l, uid);
	else
		buf_printf(&draft, "Forward: %u %s\n", uid, c->folder_name);
	buf_printf(&draft, "Original: forwarded %u %s\n\n", uid,
	    c->folder_name);
	if (c->no_edit)
		draft_input(&draft);
	if (c->within)
		put_original(&draft, &l);
	if (!c->no_edit)
		draft_signature(&draft);
	draft_finish(c, &draft, true);
	letter_free(&l);
	buf_free(&draft);
}

/* RFC 5322 s. 3.6.6: as it is, with Resent- fields before it. */
void
cmd_bounce(struct cmd *c)
{
	struct buf out, from;
	struct people to = { .n = 0 };
	char now[DATE_SIZE];
	struct letter l;
	struct span rest;
	struct field f;
	uint32_t uid;

	if (c->argc < 1)
		errx(EX_USAGE, "to whom? see maildir help bounce");
	uid = draft_original(c, &l, c->argv + 1, c->argc - 1);
	buf_init(&out, l.len + 64 * 1024);
	buf_init(&from, 64 * 1024);
	people_from(c, NULL, &from);
	compose_field(&out, span("Resent-From"), buf_all(&from));
	compose_field(&out, span("Resent-To"), span(c->argv[0]));
	buf_printf(&out,
	    "Resent-Date: %s\nResent-Message-ID: ", send_date(now));
	send_id(&out);
	buf_char(&out, '\n');
	rest = span_n(l.p, l.len);
	while (header_next(&rest, &f) == 1)
		if (!span_same(f.name, span("Return-Path")) &&
		    !span_same(f.name, span("Bcc")))
			buf_span(&out, f.whole);
	buf_char(&out, '\n');
	buf_span(&out, rest);
	if (people_add(&to, span(c->argv[0])) == -1)
		errx(EX_USAGE, "%s", fail_text());
	if (send_message(c, buf_all(&out), NULL, to.address) == 0)
		cmd_done(c, uid, "bounce");
	people_free(&to);
	letter_free(&l);
	buf_free(&out);
	buf_free(&from);
}
