/* Addresses for sendmail: from its arguments and from header fields. */
#include "mailq-run/recipients.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

enum { TEXT_MAX = 8 << 20, ADDRESS_MAX = 1000, ROUTE_MAX = 4000 };

void
recipients_init(struct recipients *r)
{
	*r = (struct recipients){ 0 };
	buf_init(&r->text, TEXT_MAX);
}

void
recipients_free(struct recipients *r)
{
	buf_free(&r->text);
	free(r->line);
	recipients_init(r);
}

const char *
recipients_get(const struct recipients *r, size_t i)
{
	return r->text.p + r->line[i].at;
}

static bool
is_there(const struct recipients *r, const char *addr)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(recipients_get(r, i), addr) == 0)
			return true;
	return false;
}

static int
add_one(struct recipients *r, const char *addr)
{
	if (addr[0] == '\0' || is_there(r, addr))
		return 0;
	if (strlen(addr) > ADDRESS_MAX || strpbrk(addr, "<>") != NULL)
		return fail_as(EINVAL, "\"%.200s\" is no address", addr);
	for (const char *p = addr; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return fail_as(EINVAL, "control octet in an address");
	if (r->n == RECIPIENTS_MAX)
		return fail_as(E2BIG, "more than %d recipients",
		    RECIPIENTS_MAX);
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : 2 * r->room;
		void *p = reallocarray(r->line, room, sizeof(*r->line));

		if (p == NULL)
			return fail("recipients");
		r->line = p;
		r->room = room;
	}
	r->line[r->n++] = (struct recipient_line){ .at = r->text.len };
	buf_add(&r->text, addr, strlen(addr) + 1);
	return r->text.over ? fail_as(E2BIG, "recipients too long") : 0;
}

/* ---- the list */

struct list {
	struct span rest;
	struct buf word; /* outside of brackets */
	struct buf angle; /* inside */
	bool had_angle;
};

/* A comment, nested; its closing parenthesis may be missing. */
static void
skip_comment(struct span *s)
{
	size_t depth = 0, i;

	for (i = 0; i < s->len; i++) {
		if (s->p[i] == '\\' && i + 1 < s->len)
			i++;
		else if (s->p[i] == '(')
			depth++;
		else if (s->p[i] == ')' && --depth == 0)
			break;
	}
	*s = span_from(*s, i < s->len ? i + 1 : i);
}

/* A quoted string as it stands, its quotes with it. */
static void
take_quoted(struct span *s, struct buf *out)
{
	size_t i;

	for (i = 1; i < s->len && s->p[i] != '"'; i++)
		if (s->p[i] == '\\' && i + 1 < s->len)
			i++;
	i = i < s->len ? i + 1 : i;
	buf_span(out, span_n(s->p, i));
	*s = span_from(*s, i);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Up to ">"; a route "@a,@b:" before the address is dropped. */
static void
take_angle(struct list *l)
{
	struct span *s = &l->rest;

	buf_reset(&l->angle);
	l->had_angle = true;
	*s = span_from(*s, 1);
	while (s->len > 0 && s->p[0] != '>') {
		if (s->p[0] == '"') {
			take_quoted(s, &l->angle);
			continue;
		}
		if (s->p[0] == '(') {
			skip_comment(s);
			continue;
		}
		if (s->p[0] == ':' && l->angle.len > 0 && l->angle.p[0] == '@')
			buf_reset(&l->angle);
		else if (!is_blank(s->p[0]))
			buf_char(&l->angle, s->p[0]);
		*s = span_from(*s, 1);
	}
	if (s->len > 0)
		*s = span_from(*s, 1);
}

/* One address ends: with brackets they count, else each word does. */
static int
finish(struct recipients *r, struct list *l)
{
	struct span words = buf_all(&l->word);
	int done = 0;

	if (l->had_angle)
		done = add_one(r, l->angle.p);
	while (!l->had_angle && words.len > 0 && done == 0) {
		struct span w = span_cut(&words, '\n');
		struct buf one;

		buf_init(&one, ADDRESS_MAX + 1);
		buf_span(&one, w);
		done = one.over ? fail_as(EINVAL, "address too long") :
				  add_one(r, one.p);
		buf_free(&one);
	}
	buf_reset(&l->word);
	buf_reset(&l->angle);
	l->had_angle = false;
	return done;
}

/* Blanks around "@" and "." mean nothing; others part words, as LF. */
static void
take_blanks(struct list *l)
{
	char last = l->word.len > 0 ? l->word.p[l->word.len - 1] : '\n';

	l->rest = span_trim(l->rest);
	if (l->rest.len == 0 || last == '\n' || last == '@' || last == '.' ||
	    l->rest.p[0] == '@' || l->rest.p[0] == '.')
		return;
	buf_char(&l->word, '\n');
}

/* One item of the list. */
static int
step(struct recipients *r, struct list *l)
{
	char c = l->rest.p[0];

	if (is_blank(c)) {
		take_blanks(l);
	} else if (c == '(') {
		skip_comment(&l->rest);
	} else if (c == '"') {
		take_quoted(&l->rest, &l->word);
	} else if (c == '<') {
		take_angle(l);
	} else if (c == ',' || c == ';') {
		l->rest = span_from(l->rest, 1);
		return finish(r, l);
	} else {
		/* "group name:"; but not the colons of [IPv6:...] */
		if (c == ':' && memchr(l->word.p, '[', l->word.len) == NULL)
			buf_reset(&l->word);
		else
			buf_char(&l->word, c);
		l->rest = span_from(l->rest, 1);
	}
	return l->word.over || l->angle.over ?
	    fail_as(EINVAL, "address too long") :
	    0;
}

int
recipients_add(struct recipients *r, struct span s)
{
	struct list l = { .rest = s };
	int done = 0;

	if (memchr(s.p, '\0', s.len) != NULL)
		return fail_as(EINVAL, "NUL in an address");
	buf_init(&l.word, TEXT_MAX);
	buf_init(&l.angle, ROUTE_MAX);
	while (l.rest.len > 0 && done == 0)
		done = step(r, &l);
	if (done == 0)
		done = finish(r, &l);
	buf_free(&l.word);
	buf_free(&l.angle);
	return done;
}
