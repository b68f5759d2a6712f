#include "message/header.h"

/* Octets of the line "s" begins with, its LF included. */
static size_t
line(struct span s)
{
	size_t n = span_find(s, '\n');

	return n < s.len ? n + 1 : n;
}

/* The name of a field: printable ASCII but colon (RFC 5322 s. 3.6.8), then
 * blanks (s. 4.5) and the colon.  Where the colon is; 0 when there is none. */
static size_t
colon(struct span s, struct span *name)
{
	size_t n = 0;

	while (n < s.len && s.p[n] > ' ' && s.p[n] < 0x7f && s.p[n] != ':')
		n++;
	*name = span_n(s.p, n);
	if (n == 0)
		return 0;
	while (n < s.len && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return n < s.len && s.p[n] == ':' ? n : 0;
}

int
header_next(struct span *rest, struct field *f)
{
	struct span s = *rest;
	size_t at, n;

	if (s.len == 0)
		return 0;
	n = line(s);
	if (s.p[0] == '\n' || (n == 2 && s.p[0] == '\r' && s.p[1] == '\n')) {
		*rest = span_from(s, n);
		return 0;
	}
	at = colon(span_n(s.p, n), &f->name);
	if (at == 0)
		return 0;
	while (n < s.len && (s.p[n] == ' ' || s.p[n] == '\t'))
		n += line(span_from(s, n));
	f->whole = span_n(s.p, n);
	f->value = span_from(f->whole, at + 1);
	if (f->value.len > 0 && f->value.p[f->value.len - 1] == '\n') {
		f->value.len--;
		if (f->value.len > 0 && f->value.p[f->value.len - 1] == '\r')
			f->value.len--;
	}
	*rest = span_from(s, n);
	return 1;
}

bool
header_find(struct span block, const char *name, struct field *f)
{
	struct span wanted = span(name);

	while (header_next(&block, f) == 1)
		if (span_same(f->name, wanted))
			return true;
	return false;
}
