#include "message/span.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A line end too: only the ends of a span are trimmed of those. */
static bool
space(char c)
{
	return blank(c) || c == '\r' || c == '\n';
}

/* strncasecmp asks the locale and stops at a NUL: neither is wanted. */
static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
span_copy(struct span s, char *to, size_t size)
{
	if (s.len >= size)
		return false;
	if (s.len > 0)
		memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return true;
}

bool
span_same(struct span a, struct span b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
span_starts(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && span_same(span_n(s.p, n), span_n(word, n));
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && space(s.p[0]))
		s = span_from(s, 1);
	while (s.len > 0 && space(s.p[s.len - 1]))
		s.len--;
	return s;
}

size_t
span_find(struct span s, char c)
{
	const char *at;

	if (s.len == 0 || (at = memchr(s.p, c, s.len)) == NULL)
		return s.len;
	return (size_t)(at - s.p);
}

struct span
span_cut(struct span *rest, char sep)
{
	struct span all = *rest;
	size_t n = span_find(all, sep);

	if (n == all.len) {
		*rest = (struct span){ NULL, 0 };
		return all;
	}
	*rest = span_from(all, n + 1);
	all.len = n;
	return all;
}

struct span
span_word(struct span *rest)
{
	struct span s = *rest;
	size_t n = 0;

	while (s.len > 0 && blank(s.p[0]))
		s = span_from(s, 1);
	while (n < s.len && !blank(s.p[n]))
		n++;
	*rest = span_from(s, n);
	s.len = n;
	return s;
}

int
span_number(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	unsigned digit;
	size_t i;

	if (s.len == 0)
		return -1;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		digit = (unsigned)(s.p[i] - '0');
		if (digit > max || n > (max - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*out = n;
	return 0;
}

int
span_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'))
		return (c & 0x5f) - 'A' + 10;
	return -1;
}

bool
span_escaped(struct span s, size_t i, char mark, char *c)
{
	int high, low;

	if (s.p[i] != mark || s.len - i < 3)
		return false;
	high = span_hex(s.p[i + 1]);
	low = span_hex(s.p[i + 2]);
	if (high < 0 || low < 0)
		return false;
	*c = (char)(high << 4 | low);
	return true;
}
