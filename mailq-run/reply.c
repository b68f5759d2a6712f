#include "mailq-run/reply.h"

#include <stdio.h>
#include <string.h>

void
reply_reset(struct reply *r)
{
	r->code = 0;
	r->text[0] = '\0';
	r->len = r->fill = r->lines = r->octets = 0;
	r->whole = false;
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Keep the line's text as far as there is room for it. */
static void
keep(struct reply *r, const char *s, size_t n)
{
	if (r->lines > 1 && r->len + 1 < sizeof(r->text))
		r->text[r->len++] = '\n';
	if (n > sizeof(r->text) - 1 - r->len)
		n = sizeof(r->text) - 1 - r->len;
	memcpy(r->text + r->len, s, n);
	r->len += n;
	r->text[r->len] = '\0';
}

static enum reply_got
take_line(struct reply *r)
{
	const char *l = r->line;
	size_t n = r->fill;
	int code;

	if (n > 0 && l[n - 1] == '\r')
		n--;
	r->fill = 0;
	if (n < 3 || l[0] < '2' || l[0] > '5' || !digit(l[1]) || !digit(l[2]))
		return REPLY_BAD;
	if (n > 3 && l[3] != ' ' && l[3] != '-')
		return REPLY_BAD;
	code = (l[0] - '0') * 100 + (l[1] - '0') * 10 + (l[2] - '0');
	if (r->lines > 0 && code != r->code)
		return REPLY_BAD;
	r->code = code;
	if (++r->lines > REPLY_LINES)
		return REPLY_BAD;
	keep(r, n > 4 ? l + 4 : "", n > 4 ? n - 4 : 0);
	r->whole = n == 3 || l[3] == ' ';
	return r->whole ? REPLY_WHOLE : REPLY_MORE;
}

enum reply_got
reply_feed(struct reply *r, struct span *in)
{
	enum reply_got got;

	while (in->len > 0) {
		char c = *in->p;

		*in = span_from(*in, 1);
		if (++r->octets > REPLY_OCTETS)
			return REPLY_BAD;
		if (c == '\n') {
			got = take_line(r);
			if (got != REPLY_MORE)
				return got;
		} else if (r->fill == REPLY_LINE) {
			return REPLY_BAD;
		} else {
			r->line[r->fill++] = c;
		}
	}
	return REPLY_MORE;
}

/* One part of a status code; its digits, 0 when there is none. */
static size_t
part(const char *s)
{
	size_t n = 0;

	while (n < 4 && digit(s[n]))
		n++;
	return n == 4 ? 0 : n;
}

void
reply_status(const struct reply *r, char *status)
{
	const char *t = r->text;
	size_t a, b;

	if (t[0] == '0' + r->code / 100 && t[1] == '.') {
		a = part(t + 2);
		b = a > 0 && t[2 + a] == '.' ? part(t + 3 + a) : 0;
		if (b > 0 &&
		    (t[3 + a + b] == ' ' || t[3 + a + b] == '\n' ||
			t[3 + a + b] == '\0')) {
			(void)snprintf(status, 12, "%.*s", (int)(3 + a + b), t);
			return;
		}
	}
	(void)snprintf(status, 12, "%d.0.0", r->code / 100 % 10);
}

bool
reply_keyword(const struct reply *r, const char *word, struct span *args)
{
	struct span rest = span_n(r->text, r->len), line, first;

	(void)span_cut(&rest, '\n'); /* the server's name */
	while (rest.len > 0) {
		line = span_cut(&rest, '\n');
		first = span_word(&line);
		if (span_same(first, span(word))) {
			*args = span_trim(line);
			return true;
		}
	}
	return false;
}
