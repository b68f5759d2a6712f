/* One pass: of each address, from one comma to the next, it is known how many
 * words it has, where the last one ended, and whether there was an at sign.
 * What stands in angle brackets is the address, what stood before it is not. */
#include "message/qualify.h"

#include <stddef.h>

bool
qualify_is_for(struct span name)
{
	static const char *const names[] = { "From", "To", "Cc", "Sender",
		"Reply-To", "Resent-From", "Resent-To", "Resent-Cc",
		"Resent-Sender" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_same(name, span(names[i])))
			return true;
	return false;
}

struct scan {
	struct span in;
	struct buf *out;
	const char *domain;
	size_t done; /* octets that are in "out" */
	size_t words, end; /* so many, and where the last one ended */
	bool at; /* it has a domain */
	bool brackets; /* they were there, the words behind them do not count */
};

static void
forget(struct scan *s)
{
	s->words = 0;
	s->at = false;
}

/* An address has ended. */
static void
finish(struct scan *s)
{
	if (s->words == 1 && !s->at && !s->brackets) {
		buf_add(s->out, s->in.p + s->done, s->end - s->done);
		buf_printf(s->out, "@%s", s->domain);
		s->done = s->end;
	}
	forget(s);
}

/* Behind the quoted string, comment or literal at "i".  Beyond the end:
 * it is not closed, and nothing is an address. */
static size_t
skip(struct span in, size_t i)
{
	char open = in.p[i],
	     close = open == '(' ? ')' :
	    open == '['		 ? ']' :
				   '"';
	size_t depth = 1;

	for (i++; i < in.len && depth > 0; i++) {
		if (in.p[i] == '\\' && i + 1 < in.len)
			i++;
		else if (in.p[i] == close)
			depth--;
		else if (in.p[i] == open)
			depth++;
	}
	return depth > 0 ? in.len + 1 : i;
}

static bool
in_word(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != '(' && c != ')' &&
	    c != '<' && c != '>' && c != '@' && c != ',' && c != ';' &&
	    c != ':' && c != '"';
}

/* Behind the word at "i".  An encoded one is somebody's name. */
static size_t
word(struct scan *s, size_t i)
{
	bool encoded = span_starts(span_from(s->in, i), "=?");

	if (s->in.p[i] == '"')
		i = skip(s->in, i);
	else
		while (i < s->in.len && in_word(s->in.p[i]))
			i += s->in.p[i] == '\\' && i + 1 < s->in.len ? 2 : 1;
	s->words += encoded ? 2 : 1;
	s->end = i;
	return i;
}

/* One octet that divides addresses. */
static void
mark(struct scan *s, char c)
{
	switch (c) {
	case '@':
		s->at = true;
		break;
	case ',':
	case ';':
		finish(s);
		s->brackets = false;
		break;
	case '>':
		finish(s);
		s->brackets = true;
		break;
	case '<': /* the words before were a name, or that of a group */
	case ':':
		forget(s);
	}
}

void
qualify_put(struct buf *out, struct span value, const char *domain)
{
	struct scan s = { .in = value, .out = out, .domain = domain };
	size_t i = 0;

	while (i < value.len) {
		if (value.p[i] == '(' || (value.p[i] == '[' && s.at))
			i = skip(value, i);
		else if (value.p[i] == '"' || in_word(value.p[i]))
			i = word(&s, i);
		else
			mark(&s, value.p[i++]);
	}
	if (i == value.len)
		finish(&s);
	buf_span(out, span_from(value, s.done));
}
