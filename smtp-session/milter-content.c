/* Mail filters and the content: each gets what those before it left, field by
 * field and then the body, and says what is to change.
 *
 * The header is a list in memory (edit.h), the body stays where it is unless
 * a filter writes another.  Only at the end is the content written anew, if
 * anything has changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/milter-parts.h"
#include "smtp-session/milter.h"

enum {
	WINDOW = DATA_HEADER_MAX + 8192, /* with the trace field */
	BLOCK = MILTER_PIECE / 2, /* each LF of it may become CR LF */
};

/* clang-format off */
static const struct milter_step
of_field = { MILTER_HEADER, "field", MILTER_NO_FIELDS, MILTER_MUTE_FIELD, 2,
    MILTER_AT_END_HEADER },
of_gap = { MILTER_END_HEADER, "end-of-header", MILTER_NO_END_HEADER,
    MILTER_MUTE_END_HEADER, 2, MILTER_AT_END_HEADER },
of_body = { MILTER_BODY, "body", MILTER_NO_BODY, MILTER_MUTE_BODY, 2,
    MILTER_AT_END },
of_end = { MILTER_END, "end", 0, 0, 2, MILTER_AT_END };

static const struct reply
long_field =	{ 552, "5.3.4", "Field too long for a mail filter", false };
/* clang-format on */

/* ---- what they are shown */

/* The header of s->content as a list. */
static int
load(struct smtp *s)
{
	struct milters *ms = s->milters;
	size_t len =
	    s->content.size < WINDOW ? (size_t)s->content.size : (size_t)WINDOW;
	char *window = malloc(len > 0 ? len : 1);
	struct span rest = { window, len };
	int r = -1;

	edit_free(&ms->edit);
	if (window != NULL &&
	    pread(s->content.fd, window, len, 0) == (ssize_t)len)
		r = edit_load(&ms->edit, &rest, len < s->content.size);
	if (r == 0) {
		ms->gap = rest.len > 0 && rest.p[0] == '\n';
		ms->body_at = (off_t)(len - rest.len) + ms->gap;
	}
	free(window);
	return r == -1 ? fail("read the header") : 0;
}

static enum heard
send_field(struct smtp *s, struct milter *m, const struct field *f)
{
	struct buf *out = &s->milters->out;
	struct span value = f->value;
	size_t at;

	if ((m->o.steps & MILTER_BLANK) == 0 && value.len > 0 &&
	    value.p[0] == ' ')
		value = span_from(value, 1);
	buf_reset(out);
	at = milter_begin(out, MILTER_HEADER);
	milter_string(out, f->name);
	milter_string(out, value);
	milter_finish(out, at);
	return milter_ask(s, m, &of_field);
}

/* HEARD_GO, or what ends this filter's part. */
static enum heard
send_header(struct smtp *s, struct milter *m)
{
	struct milters *ms = s->milters;
	enum heard h = HEARD_GO;
	struct field f;

	milter_macros(s, m, &of_gap);
	for (size_t i = 0; i < ms->edit.fields && h == HEARD_GO; i++)
		if ((m->o.steps & MILTER_NO_FIELDS) == 0 &&
		    edit_show(&ms->edit, i, &f))
			h = send_field(s, m, &f);
	if (h != HEARD_GO && h != HEARD_SKIP)
		return h;
	if ((m->o.steps & MILTER_NO_END_HEADER) != 0 || m->fd == -1)
		return HEARD_GO;
	milter_macros(s, m, &of_gap);
	milter_finish(&ms->out, milter_begin(&ms->out, MILTER_END_HEADER));
	return milter_ask(s, m, &of_gap);
}

static enum heard
send_block(struct smtp *s, struct milter *m, struct span block)
{
	struct buf *out = &s->milters->out;
	size_t at;

	buf_reset(out);
	at = milter_begin(out, MILTER_BODY);
	while (block.len > 0) {
		size_t n = span_find(block, '\n');

		buf_span(out, span_n(block.p, n));
		if (n < block.len) {
			buf_str(out, "\r\n");
			n++;
		}
		block = span_from(block, n);
	}
	milter_finish(out, at);
	return milter_ask(s, m, &of_body);
}

static enum heard
send_body(struct smtp *s, struct milter *m)
{
	const struct milters *ms = s->milters;
	int fd = ms->new_body ? ms->body.fd : s->content.fd;
	off_t from = ms->new_body ? 0 : ms->body_at;
	char block[BLOCK];
	enum heard h = HEARD_GO;
	ssize_t n;

	if ((m->o.steps & MILTER_NO_BODY) != 0)
		return HEARD_GO;
	while (h == HEARD_GO && m->fd != -1 &&
	    (n = pread(fd, block, sizeof(block), from)) > 0) {
		h = send_block(s, m, span_n(block, (size_t)n));
		from += n;
	}
	return h == HEARD_SKIP ? HEARD_GO : h;
}

/* ---- what they change */

/* A body comes with CR LF, in pieces of any size. */
static int
write_body(struct smtp *s, struct span piece)
{
	struct milters *ms = s->milters;
	struct buf text;
	int r;

	if (!ms->new_body && stow_open(&ms->body) == -1)
		return -1;
	ms->new_body = true;
	if (ms->body.size + piece.len > s->config->size)
		return fail_as(EFBIG, "the new body is too large");
	buf_init(&text, MILTER_PACKET);
	for (size_t i = 0; i < piece.len; i++) {
		if (ms->body_cr && piece.p[i] != '\n')
			buf_char(&text, '\r');
		ms->body_cr = piece.p[i] == '\r';
		if (!ms->body_cr)
			buf_char(&text, piece.p[i]);
	}
	r = text.over ? fail_as(ENOMEM, "no memory") :
			stow_write(&ms->body, &s->deliver, text.p, text.len);
	buf_free(&text);
	return r;
}

static int
change_field(struct smtp *s, const struct milter *m)
{
	struct milters *ms = s->milters;
	const struct milter_answer *a = &ms->answer;
	int r;

	if (a->kind == MILTER_CHANGE_FIELD && a->value.len == 0) {
		edit_delete(&ms->edit, a->index, a->name);
		return 0;
	}
	buf_reset(&ms->field);
	milter_field(&ms->field, a->name, a->value,
	    (m->o.steps & MILTER_BLANK) != 0);
	if (ms->field.over)
		return fail_as(ENOMEM, "no memory");
	if (a->kind == MILTER_ADD_FIELD)
		r = edit_add(&ms->edit, buf_all(&ms->field));
	else if (a->kind == MILTER_INSERT_FIELD)
		r = edit_insert(&ms->edit, a->index, buf_all(&ms->field));
	else
		r = edit_change(&ms->edit, a->index, a->name,
		    buf_all(&ms->field));
	return r == -1 ? fail_as(ENOMEM, "too many fields") : 0;
}

static int
note_rcpt(struct milters *ms, char how)
{
	buf_char(&ms->moves, how);
	milter_string(&ms->moves, ms->answer.name);
	return ms->moves.over ? fail_as(ENOMEM, "too many recipients") : 0;
}

/* Has it said that it does so? */
static uint32_t
right_for(char kind)
{
	switch (kind) {
	case MILTER_ADD_FIELD:
	case MILTER_INSERT_FIELD:
		return MILTER_DOES_ADD_FIELDS;
	case MILTER_CHANGE_FIELD:
		return MILTER_DOES_CHANGE_FIELDS;
	case MILTER_NEW_BODY:
		return MILTER_DOES_BODY;
	case MILTER_ADD_RCPT:
		return MILTER_DOES_ADD_RCPT;
	case MILTER_ADD_RCPT_PAR:
		return MILTER_DOES_ADD_RCPT_PAR;
	case MILTER_DEL_RCPT:
		return MILTER_DOES_DEL_RCPT;
	case MILTER_NEW_FROM:
		return MILTER_DOES_FROM;
	default:
		return MILTER_DOES_QUARANTINE;
	}
}

/* 0; -1: fail_text(). */
static int
change(struct smtp *s, const struct milter *m)
{
	struct milters *ms = s->milters;
	const struct milter_answer *a = &ms->answer;

	if ((m->o.actions & right_for(a->kind)) == 0)
		return fail_as(EPERM, "a change it had not announced");
	switch (a->kind) {
	case MILTER_NEW_BODY:
		return write_body(s, a->value);
	case MILTER_ADD_RCPT:
	case MILTER_ADD_RCPT_PAR:
		return note_rcpt(ms, '+');
	case MILTER_DEL_RCPT:
		return note_rcpt(ms, '-');
	case MILTER_NEW_FROM:
		buf_reset(&ms->from);
		buf_span(&ms->from, a->name);
		return ms->from.over ? fail_as(EINVAL, "sender too long") : 0;
	case MILTER_QUARANTINE:
		buf_reset(&ms->hold);
		buf_span(&ms->hold,
		    a->value.len > 0 ? a->value : span("no reason given"));
		log_line(LOG_NOTICE,
		    "quarantined id=%s milter=%.*s reason=\"%s\"", ms->id,
		    (int)m->place.text.len, m->place.text.p,
		    ms->hold.over ? "long" : ms->hold.p);
		return 0;
	default:
		return change_field(s, m);
	}
}

static enum heard
end_body(struct smtp *s, struct milter *m)
{
	struct milters *ms = s->milters;
	int64_t until =
	    clock_ms() + (int64_t)m->place.seconds * MILTER_LONGER * 1000;
	bool first = true;
	enum heard h;

	milter_macros(s, m, &of_end);
	milter_finish(&ms->out, milter_begin(&ms->out, MILTER_END));
	h = milter_ask(s, m, &of_end);
	for (; h == HEARD_EDIT; h = milter_hear(s, m, &of_end, until)) {
		/* It writes the whole body, whoever did so before. */
		if (first && ms->answer.kind == MILTER_NEW_BODY)
			first = ms->new_body = ms->body_cr = false;
		if (change(s, m) == -1)
			return milter_lost(s, m, &of_end, fail_text());
	}
	m->at = m->at == FILTER_ASKED ? FILTER_IDLE : m->at;
	return h;
}

/* One filter and all of the content. */
static enum heard
examine(struct smtp *s, struct milter *m)
{
	enum heard h;

	if (m->fd == -1)
		return milter_failed(s, m);
	h = send_header(s, m);
	if (h == HEARD_GO && m->fd != -1)
		h = send_body(s, m);
	if (h == HEARD_GO && m->fd != -1)
		h = end_body(s, m);
	return h;
}

/* ---- the whole */

static bool
field_too_long(const struct milters *ms)
{
	for (size_t i = 0; i < ms->edit.fields; i++)
		if (ms->edit.field[i].len > MILTER_PIECE - 2)
			return true;
	return false;
}

/* The content with its new header and body. */
static int
write_anew(struct smtp *s)
{
	struct milters *ms = s->milters;
	struct stow *to = &ms->fresh, old;
	bool whole = true;

	if (stow_open(to) == -1)
		return -1;
	for (size_t i = 0; i < ms->edit.fields && whole; i++)
		whole = stow_write(to, &s->deliver,
			    ms->edit.text.p + ms->edit.field[i].at,
			    ms->edit.field[i].len) == 0;
	if (whole && (ms->gap || ms->new_body))
		whole = stow_write(to, &s->deliver, "\n", 1) == 0;
	if (whole && ms->new_body)
		whole = stow_copy(to, &s->deliver, ms->body.fd, 0) == 0;
	else if (whole)
		whole =
		    stow_copy(to, &s->deliver, s->content.fd, ms->body_at) == 0;
	if (!whole)
		return -1;
	old = s->content;
	s->content = *to;
	*to = old;
	s->data.size = s->content.size;
	return 0;
}

const struct reply *
milter_content(struct smtp *s)
{
	struct milters *ms = s->milters;
	bool asked = false;

	if (ms == NULL)
		return NULL;
	for (size_t i = 0; i < ms->n && !ms->discard; i++) {
		struct milter *m = &ms->m[i];

		if (m->at != FILTER_ASKED)
			continue;
		if (!asked && load(s) == -1)
			return content_fault(s, errno);
		if (!asked && field_too_long(ms))
			return &long_field;
		asked = true;
		switch (examine(s, m)) {
		case HEARD_REFUSED:
			return milter_refuse(s, m, &ms->now);
		case HEARD_DISCARD:
			ms->discard = true;
			break;
		default:
			break;
		}
	}
	if (!ms->discard && (ms->edit.changed || ms->new_body) &&
	    write_anew(s) == -1)
		return content_fault(s, errno);
	return milter_envelope(s);
}
