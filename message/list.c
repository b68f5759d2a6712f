/* One pass from left to right.  Words are gathered until a special character
 * tells what they were: "<" or ":" a name, "@" a local part, "," or the end
 * an address without domain. */
#include "message/list.h"

struct reader {
	struct span s;
	struct buf *out; /* has room for all that may come: never moves */
	struct span comment; /* the last one, as it stands there */
	bool quoted; /* a quoted string is among the words */
};

static const struct span nothing = { "", 0 };

static bool
at(const struct reader *r, const char *set)
{
	return r->s.len > 0 && r->s.p[0] != '\0' &&
	    strchr(set, r->s.p[0]) != NULL;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
special(char c)
{
	return c == '\0' || blank(c) || strchr("()<>@,;:\\\"[]", c) != NULL;
}

/* What was put since "from". */
static struct span
since(const struct reader *r, size_t from)
{
	return span_n(r->out->p + from, r->out->len - from);
}

/* Text without the backslashes before its characters, and without folds. */
static void
put_unquoted(struct reader *r, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len)
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			buf_char(r->out, s.p[i]);
	}
}

/* Take a quoted string or a comment; what is between its ends. */
static struct span
enclosed(struct reader *r)
{
	char close = r->s.p[0] == '(' ? ')' : '"';
	unsigned depth = 1;
	struct span text;
	size_t i;

	for (i = 1; i < r->s.len; i++) {
		if (r->s.p[i] == '\\')
			i++;
		else if (r->s.p[i] == close && --depth == 0)
			break;
		else if (r->s.p[i] == '(' && close == ')')
			depth++;
	}
	if (i > r->s.len)
		i = r->s.len;
	text = span_n(r->s.p + 1, i - 1);
	r->s = span_from(r->s, i < r->s.len ? i + 1 : i);
	return text;
}

/* Blanks and comments; true if there was one. */
static bool
skip(struct reader *r)
{
	size_t before = r->s.len;
	struct span text;

	for (;;) {
		while (r->s.len > 0 && blank(r->s.p[0]))
			r->s = span_from(r->s, 1);
		if (!at(r, "("))
			return r->s.len < before;
		text = span_trim(enclosed(r));
		if (text.len > 0)
			r->comment = text;
	}
}

/* An encoded word may hold specials that it should not: its length, or 0. */
static size_t
encoded_word(struct span s)
{
	size_t i, marks = 0;

	if (s.len < 8 || s.p[0] != '=' || s.p[1] != '?')
		return 0;
	for (i = 1; i + 1 < s.len && i < 1000 && !blank(s.p[i]); i++) {
		marks += s.p[i] == '?';
		if (marks > 3 && s.p[i] == '?' && s.p[i + 1] == '=')
			return i + 2;
	}
	return 0;
}

/* A word or a piece of one; false when a special character stands here. */
static bool
word(struct reader *r)
{
	size_t n = encoded_word(r->s);

	if (at(r, "\"")) {
		put_unquoted(r, enclosed(r));
		r->quoted = true;
		return true;
	}
	if (at(r, "\\") && r->s.len > 1 && r->s.p[1] != '\r' &&
	    r->s.p[1] != '\n') {
		r->s = span_from(r->s, 1);
		n = 1;
	}
	while (n < r->s.len && !special(r->s.p[n]))
		n++;
	buf_add(r->out, r->s.p, n);
	r->s = span_from(r->s, n);
	return n > 0;
}

/* Words with one blank wherever there were some, up to one of "<>@,;:". */
static struct span
phrase(struct reader *r)
{
	size_t from = r->out->len, end;

	r->quoted = false;
	for (;;) {
		end = r->out->len;
		if (skip(r) && end > from)
			buf_char(r->out, ' ');
		if (word(r))
			continue;
		if (r->s.len == 0 || at(r, "<>@,;:")) {
			buf_cut(r->out, end);
			return since(r, from);
		}
		/* A bracket or a NUL in the wrong place. */
		buf_add(r->out, r->s.p, 1);
		r->s = span_from(r->s, 1);
	}
}

/* A phrase that turned out to be a local part has no blanks around its dots.
 * Nothing was put behind it yet. */
static struct span
as_local(struct reader *r, struct span s)
{
	size_t from = (size_t)(s.p - r->out->p), n = from, i;
	char *p = r->out->p;

	if (r->quoted)
		return s;
	for (i = from; i < r->out->len; i++)
		if (p[i] != ' ' || i == from ||
		    (p[i - 1] != '.' && p[i + 1] != '.'))
			p[n++] = p[i];
	buf_cut(r->out, n);
	return since(r, from);
}

/* What stands behind "@". */
static struct span
domain(struct reader *r)
{
	size_t from = r->out->len, n;
	bool gap;

	r->s = span_from(r->s, 1);
	(void)skip(r);
	if (at(r, "[")) {
		n = span_find(r->s, ']');
		n += n < r->s.len;
		put_unquoted(r, span_n(r->s.p, n));
		r->s = span_from(r->s, n);
		return since(r, from);
	}
	for (;;) {
		gap = skip(r);
		/* A blank ends it, but not one at a dot. */
		if (gap && !at(r, ".") && r->out->len > from &&
		    r->out->p[r->out->len - 1] != '.')
			return since(r, from);
		for (n = 0; n < r->s.len && !special(r->s.p[n]); n++)
			;
		if (n == 0)
			return since(r, from);
		buf_add(r->out, r->s.p, n);
		r->s = span_from(r->s, n);
	}
}

/* "@a,@b:" */
static struct span
route(struct reader *r)
{
	size_t from = r->out->len;

	while (at(r, "@,")) {
		buf_add(r->out, r->s.p, 1);
		if (at(r, "@"))
			(void)domain(r);
		else
			r->s = span_from(r->s, 1);
		(void)skip(r);
	}
	if (at(r, ":"))
		r->s = span_from(r->s, 1);
	return since(r, from);
}

static void
angle(struct reader *r, struct mailbox *m)
{
	while (at(r, "<")) {
		r->s = span_from(r->s, 1);
		(void)skip(r);
	}
	if (at(r, "@"))
		m->route = route(r);
	m->local = as_local(r, phrase(r));
	m->domain = nothing;
	if (at(r, "@"))
		m->domain = domain(r);
	while (r->s.len > 0 && !at(r, ">,;"))
		r->s = span_from(r->s, 1);
	if (at(r, ">"))
		r->s = span_from(r->s, 1);
}

/* What stands before the next "," or ";" means nothing, but for a comment. */
static void
skip_tail(struct reader *r)
{
	for (;;) {
		(void)skip(r);
		if (r->s.len == 0 || at(r, ",;"))
			return;
		if (at(r, "\""))
			(void)enclosed(r);
		else
			r->s = span_from(r->s, 1);
	}
}

/* An address; false when there was nothing of one. */
static bool
read_mailbox(struct reader *r, struct mailbox *m, struct span start,
    struct span words)
{
	bool bracket = at(r, "<");
	size_t from;

	if (bracket) {
		m->name = words;
		angle(r, m);
	} else {
		m->local = words;
		if (at(r, "@")) {
			m->local = as_local(r, words);
			m->domain = domain(r);
		}
		(void)skip(r);
		bracket = at(r, "<");
		if (bracket) { /* an address as a name: a@b <a@b> */
			start.len = (size_t)(r->s.p - start.p);
			from = r->out->len;
			put_unquoted(r, span_trim(start));
			m->name = since(r, from);
			angle(r, m);
		}
	}
	skip_tail(r);
	if (m->name.len == 0 && r->comment.len > 0) {
		from = r->out->len;
		put_unquoted(r, r->comment);
		m->name = since(r, from);
	}
	return bracket || m->local.len > 0 || m->domain.len > 0;
}

static enum list_kind
read_item(struct list *l, struct reader *r, struct mailbox *m)
{
	struct span start, words;

	for (;;) {
		r->comment = nothing;
		(void)skip(r);
		if (r->s.len == 0 || at(r, ";")) {
			r->s = span_from(r->s, r->s.len > 0);
			if (l->in_group) {
				l->in_group = false;
				return LIST_GROUP_END;
			}
			if (r->s.len == 0)
				return LIST_END;
			continue;
		}
		if (at(r, ",:>")) {
			r->s = span_from(r->s, 1);
			continue;
		}
		*m = (struct mailbox){ nothing, nothing, nothing, nothing };
		buf_reset(r->out);
		start = r->s;
		words = phrase(r);
		if (at(r, ":") && l->in_group)
			continue; /* a group in a group: its name goes */
		if (at(r, ":") && words.len > 0) {
			r->s = span_from(r->s, 1);
			m->name = words;
			l->in_group = true;
			return LIST_GROUP;
		}
		if (read_mailbox(r, m, start, words))
			return LIST_MAILBOX;
	}
}

void
list_begin(struct list *l, struct span value)
{
	*l = (struct list){ .rest = value };
}

enum list_kind
list_next(struct list *l, struct buf *scratch, struct mailbox *m)
{
	struct reader r = { .s = l->rest, .out = scratch };
	/* Each octet is put at most three times: as a word, in a name that
	 * is an address, as a comment; and a blank before each word. */
	size_t room = scratch->cap > 0 ? (scratch->cap - 1) / 4 : 0;
	size_t beyond = 0;
	bool in_group = l->in_group;
	enum list_kind kind;

	if (r.s.len > room) {
		beyond = r.s.len - room;
		r.s.len = room;
	}
	buf_reset(scratch);
	buf_reserve(scratch, 4 * r.s.len + 1);
	if (l->count < LIST_MANY && !scratch->over) {
		kind = read_item(l, &r, m);
		if (r.s.len > 0 || beyond == 0) {
			l->rest = span_n(r.s.p, r.s.len + beyond);
			l->count++;
			return kind;
		}
		l->in_group = in_group; /* half an item is none */
		l->count = LIST_MANY;
	}
	kind = l->in_group ? LIST_GROUP_END : LIST_END;
	l->in_group = false;
	return kind;
}
