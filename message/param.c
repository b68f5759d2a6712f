/* First the sections of all parameters as they stand there, then those of one
 * name put together in order (RFC 2231 s. 3). */
#include "message/param.h"

#include <stdlib.h>

#include "message/charset.h"
#include "message/word.h"

enum { WHOLE = -1, LONGEST = 256 * 1024, NESTING = 50, LINE = 60 };

struct section {
	struct span name;
	int number; /* WHOLE: there are no sections of it */
	bool extended;
	struct span value;
	bool quoted;
	bool used;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Octets of a comment at the front; all of it when it does not end. */
static size_t
comment(struct span s)
{
	unsigned depth = 0;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(' && depth < NESTING)
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

struct span
param_skip(struct span s)
{
	for (;;) {
		while (s.len > 0 && blank(s.p[0]))
			s = span_from(s, 1);
		if (s.len == 0 || s.p[0] != '(')
			return s;
		s = span_from(s, comment(s));
	}
}

/* RFC 2045 s. 5.1, and 8-bit octets, which come. */
static bool
token_char(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	    strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static struct span
token(struct span *s)
{
	struct span t = { s->p, 0 };

	while (t.len < s->len && token_char(s->p[t.len]))
		t.len++;
	*s = span_from(*s, t.len);
	return t;
}

/* A quoted string without its quotes, at the end of "text"; folds in it lose
 * their line ends. */
static struct span
quoted(struct buf *text, struct span *s)
{
	size_t at = text->len, i;

	for (i = 1; i < s->len && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->len)
			i++;
		if (s->p[i] != '\r' && s->p[i] != '\n')
			buf_char(text, s->p[i]);
	}
	*s = span_from(*s, i < s->len ? i + 1 : i);
	return span_n(text->p + at, text->len - at);
}

/* A value without quotes ends at ";".  It may have blanks in it, as careless
 * programs write file names, but a comment behind a blank is one. */
static struct span
unquoted(struct span *s)
{
	struct span v = { s->p, span_find(*s, ';') };
	size_t i;

	*s = span_from(*s, v.len);
	for (i = 1; i < v.len; i++)
		if (v.p[i] == '(' && blank(v.p[i - 1]))
			v.len = i;
	for (i = 0; i < v.len; i++)
		if (v.p[i] == '\n')
			v.len = i;
	return span_trim(v);
}

/* name, name*, name*1, name*1* (RFC 2231 s. 7). */
static void
split_name(struct section *sec)
{
	struct span number = sec->name;
	uint64_t n;

	sec->number = WHOLE;
	if (number.len > 1 && number.p[number.len - 1] == '*') {
		sec->extended = true;
		sec->name.len = --number.len;
	}
	(void)span_cut(&number, '*');
	if (number.len > 0 && (number.p[0] != '0' || number.len == 1) &&
	    span_number(number, PARAM_SECTIONS, &n) == 0) {
		sec->number = (int)n;
		sec->name.len -= number.len + 1;
	}
}

/* The next parameter of *s; false at the end. */
static bool
next(struct buf *text, struct span *s, struct section *sec)
{
	memset(sec, 0, sizeof *sec);
	for (;;) {
		*s = param_skip(*s);
		while (s->len > 0 && s->p[0] == ';')
			*s = param_skip(span_from(*s, 1));
		if (s->len == 0)
			return false;
		sec->name = token(s);
		*s = param_skip(*s);
		if (sec->name.len > 0 && s->len > 0 && s->p[0] == '=')
			break;
		*s = span_from(*s, span_find(*s, ';'));
	}
	*s = param_skip(span_from(*s, 1));
	split_name(sec);
	sec->quoted = s->len > 0 && s->p[0] == '"';
	if (sec->quoted) {
		sec->value = quoted(text, s);
		*s = span_from(*s, span_find(*s, ';'));
	} else
		sec->value = unquoted(s);
	return true;
}

/* A section without "*" among extended ones is not %-coded yet. */
static void
put_coded(struct buf *text, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (token_char(s.p[i]) && s.p[i] != '%' && s.p[i] != '*' &&
		    s.p[i] != '\'' && (unsigned char)s.p[i] < 0x80)
			buf_char(text, s.p[i]);
		else
			buf_printf(text, "%%%02X", (unsigned char)s.p[i]);
}

static struct section *
find_section(struct section *all, size_t n, struct span name, int number)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!all[i].used && all[i].number == number &&
		    span_same(all[i].name, name))
			return &all[i];
	return NULL;
}

/* All sections of the name of all[0], up to the first that is missing. */
static void
join(struct buf *text, struct section *all, size_t n, struct param *p)
{
	struct span name = all[0].name;
	bool extended = false;
	struct section *sec;
	size_t i, at = text->len;
	int number;

	for (i = 0; i < n; i++)
		extended |= all[i].number != WHOLE && all[i].extended &&
		    span_same(all[i].name, name);
	for (number = 0; (sec = find_section(all, n, name, number)) != NULL;
	     number++) {
		sec->used = true;
		if (extended && number == 0 && !sec->extended)
			buf_str(text, "''");
		if (extended && !sec->extended)
			put_coded(text, sec->value);
		else
			buf_span(text, sec->value);
	}
	*p = (struct param){ .name = name,
		.extended = extended,
		.value = span_n(text->p + at, text->len - at) };
}

static void
read_params(struct content *c, struct span s)
{
	struct section all[PARAM_SECTIONS];
	size_t n = 0, i;

	while (n < PARAM_SECTIONS && next(&c->text, &s, &all[n]))
		n++;
	for (i = 0; i < n && c->params < PARAM_MANY; i++) {
		if (all[i].used)
			continue;
		if (all[i].number == WHOLE) {
			c->param[c->params++] =
			    (struct param){ .name = all[i].name,
				    .value = all[i].value,
				    .extended = all[i].extended };
			continue;
		}
		if (find_section(all + i, n - i, all[i].name, 0) != NULL)
			join(&c->text, all + i, n - i, &c->param[c->params++]);
	}
}

/* The text never moves: it is given room for all that may come at once, the
 * value itself and each octet of it again, coded. */
int
content_read(struct content *c, struct span value)
{
	struct span s;

	c->params = 0;
	c->type = c->subtype = span("");
	if (value.len > LONGEST)
		value.len = LONGEST;
	buf_init(&c->text, 5 * value.len + 3UL * PARAM_SECTIONS);
	buf_reserve(&c->text, c->text.cap);
	if (c->text.over)
		return -1;
	buf_span(&c->text, value);
	s = param_skip(buf_all(&c->text));
	c->type = token(&s);
	s = param_skip(s);
	if (s.len > 0 && s.p[0] == '/') {
		s = param_skip(span_from(s, 1));
		c->subtype = token(&s);
	}
	s = span_from(s, span_find(s, ';'));
	read_params(c, s);
	return c->type.len > 0 && c->subtype.len > 0 ? 0 : -1;
}

void
content_free(struct content *c)
{
	buf_free(&c->text);
}

const struct param *
content_param(const struct content *c, const char *name)
{
	const struct param *found = NULL;
	size_t i;

	for (i = 0; i < c->params; i++) {
		if (!span_same(c->param[i].name, span(name)))
			continue;
		if (found == NULL || (c->param[i].extended && !found->extended))
			found = &c->param[i];
	}
	return found;
}

static void
decode_percent(struct buf *out, struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (span_escaped(s, i, '%', &c))
			i += 2;
		buf_char(out, c);
	}
}

void
param_text(struct buf *b, const struct param *p)
{
	struct span s = p->value, charset;
	struct buf octets, text;

	if (!p->extended) {
		word_decode(b, s);
		return;
	}
	buf_init(&octets, s.len);
	buf_init(&text, 4 * s.len);
	charset = span_cut(&s, '\'');
	if (span_find(s, '\'') == s.len) {
		s = p->value;
		charset = span("");
	} else
		(void)span_cut(&s, '\'');
	decode_percent(&octets, s);
	(void)charset_text(&text, charset, buf_all(&octets));
	word_line(b, buf_all(&text));
	b->over |= text.over || octets.over;
	buf_free(&octets);
	buf_free(&text);
}

/* Where to cut %-coded text of more than LINE octets: not within a code. */
static size_t
piece(struct span s)
{
	size_t n = LINE;

	if (s.len <= LINE)
		return s.len;
	if (s.p[n - 1] == '%')
		return n - 1;
	return s.p[n - 2] == '%' ? n - 2 : n;
}

static void
put_extended(struct buf *b, const char *name, struct span coded)
{
	unsigned number = 0;
	size_t n;

	if (coded.len <= LINE) {
		buf_printf(b, ";\n\t%s*=utf-8''", name);
		buf_span(b, coded);
		return;
	}
	for (; coded.len > 0; coded = span_from(coded, n)) {
		n = piece(coded);
		buf_printf(b, ";\n\t%s*%u*=%s", name, number,
		    number == 0 ? "utf-8''" : "");
		buf_span(b, span_n(coded.p, n));
		number++;
	}
}

void
param_put(struct buf *b, const char *name, struct span s)
{
	bool plain = true, ascii = true;
	struct buf coded;
	size_t i;

	for (i = 0; i < s.len; i++) {
		ascii &= s.p[i] >= ' ' && s.p[i] < 0x7f;
		/* Some take these for RFC 2231's, in a token. */
		plain &= token_char(s.p[i]) && strchr("'*%", s.p[i]) == NULL;
	}
	if (!ascii || s.len > LINE) {
		buf_init(&coded, 3 * s.len);
		put_coded(&coded, s);
		put_extended(b, name, buf_all(&coded));
		b->over |= coded.over;
		buf_free(&coded);
		return;
	}
	buf_printf(b, ";\n\t%s=", name);
	if (plain && s.len > 0) {
		buf_span(b, s);
		return;
	}
	buf_char(b, '"');
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}
