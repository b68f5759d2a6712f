#include "imap-session/parse.h"

#include <stdalign.h>
#include <stddef.h>
#include <sys/mman.h>

#include "message/fail.h"

int
arena_init(struct arena *a, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return fail("allocate %zu octets", size);
	*a = (struct arena){ .p = p, .size = size };
	return 0;
}

void
arena_free(struct arena *a)
{
	if (a->p != NULL)
		(void)munmap(a->p, a->size);
	*a = (struct arena){ 0 };
}

void
arena_rest(struct arena *a)
{
	arena_reset(a);
	(void)madvise(a->p, a->size, MADV_DONTNEED);
}

void *
arena_take(struct arena *a, size_t n)
{
	const size_t unit = alignof(max_align_t);
	size_t from = (a->used + unit - 1) / unit * unit;

	if (from > a->size || n > a->size - from)
		return NULL;
	a->used = from + n;
	return memset(a->p + from, 0, n);
}

void
parse_init(struct parse *p, struct span command, struct arena *a)
{
	*p = (struct parse){ .rest = command, .arena = a };
}

int
parse_fail(struct parse *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	return -1;
}

bool
parse_next(const struct parse *p, char c)
{
	return p->rest.len > 0 && p->rest.p[0] == c;
}

bool
parse_try(struct parse *p, char c)
{
	if (!parse_next(p, c))
		return false;
	p->rest = span_from(p->rest, 1);
	return true;
}

int
parse_char(struct parse *p, char c)
{
	if (parse_try(p, c))
		return 0;
	return parse_fail(p,
	    c == '('	 ? "Parenthesis expected" :
		c == ')' ? "Closing parenthesis expected" :
			   "Syntax error");
}

int
parse_space(struct parse *p)
{
	return parse_try(p, ' ') ? 0 : parse_fail(p, "Argument missing");
}

int
parse_end(struct parse *p)
{
	return p->rest.len == 0 ? 0 : parse_fail(p, "Too many arguments");
}

/* Character classes of RFC 9051 s. 9. */
static bool
is_atom(char c)
{
	return c > ' ' && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

static bool
is_astring(char c)
{
	return is_atom(c) || c == ']';
}

static bool
is_tag(char c)
{
	return is_astring(c) && c != '+';
}

static bool
is_pattern(char c)
{
	return is_astring(c) || c == '%' || c == '*';
}

static int
run_of(struct parse *p, bool (*is)(char), struct span *out)
{
	size_t n = 0;

	while (n < p->rest.len && is(p->rest.p[n]))
		n++;
	*out = span_n(p->rest.p, n);
	p->rest = span_from(p->rest, n);
	return n > 0 ? 0 : parse_fail(p, "Argument missing");
}

int
parse_tag(struct parse *p, struct span *out)
{
	return run_of(p, is_tag, out);
}

int
parse_atom(struct parse *p, struct span *out)
{
	return run_of(p, is_atom, out);
}

bool
parse_word(struct parse *p, const char *word)
{
	struct parse ahead = *p;
	struct span atom;

	if (parse_atom(&ahead, &atom) == -1 || !span_same(atom, span(word)))
		return false;
	p->rest = ahead.rest;
	return true;
}

/* Behind the opening quote. */
static int
quoted(struct parse *p, struct span *out)
{
	struct span s = p->rest;
	size_t n, escapes = 0;
	char *copy;

	for (n = 0; n < s.len && s.p[n] != '"'; n++) {
		if (s.p[n] == '\\') {
			if (++n == s.len || (s.p[n] != '"' && s.p[n] != '\\'))
				return parse_fail(p, "Invalid escape");
			escapes++;
		} else if (s.p[n] == '\0' || s.p[n] == '\r' || s.p[n] == '\n')
			return parse_fail(p, "Invalid octet in a string");
	}
	if (n == s.len)
		return parse_fail(p, "Closing quote expected");
	p->rest = span_from(s, n + 1);
	*out = span_n(s.p, n);
	if (escapes == 0)
		return 0;
	copy = arena_take(p->arena, n);
	if (copy == NULL)
		return parse_fail(p, "Command is too large");
	*out = span_n(copy, n - escapes);
	for (size_t i = 0; i < n; i++) {
		if (s.p[i] == '\\')
			i++;
		*copy++ = s.p[i];
	}
	return 0;
}

/* "{5}" or "{5+}", CRLF and 5 octets. */
static int
literal(struct parse *p, struct span *out, bool binary)
{
	uint64_t n;

	if (parse_char(p, '{') == -1 || parse_number(p, UINT32_MAX, &n) == -1)
		return parse_fail(p, "Invalid literal");
	(void)parse_try(p, '+');
	if (!parse_try(p, '}') || !parse_try(p, '\r') || !parse_try(p, '\n') ||
	    n > p->rest.len)
		return parse_fail(p, "Invalid literal");
	*out = span_n(p->rest.p, (size_t)n);
	p->rest = span_from(p->rest, (size_t)n);
	if (!binary && span_find(*out, '\0') < out->len)
		return parse_fail(p, "NUL in a literal");
	return 0;
}

int
parse_string(struct parse *p, struct span *out, bool *binary)
{
	if (binary != NULL)
		*binary = parse_next(p, '~');
	if (parse_try(p, '"'))
		return quoted(p, out);
	if (binary != NULL && parse_try(p, '~'))
		return literal(p, out, true);
	if (parse_next(p, '{'))
		return literal(p, out, false);
	return parse_fail(p, "String expected");
}

int
parse_astring(struct parse *p, struct span *out)
{
	if (parse_next(p, '"') || parse_next(p, '{'))
		return parse_string(p, out, NULL);
	return run_of(p, is_astring, out);
}

int
parse_nstring(struct parse *p, struct span *out)
{
	if (parse_word(p, "NIL")) {
		*out = (struct span){ NULL, 0 };
		return 0;
	}
	return parse_string(p, out, NULL);
}

int
parse_pattern(struct parse *p, struct span *out)
{
	if (parse_next(p, '"') || parse_next(p, '{'))
		return parse_string(p, out, NULL);
	return run_of(p, is_pattern, out);
}

int
parse_number(struct parse *p, uint64_t max, uint64_t *out)
{
	size_t n = 0;

	while (n < p->rest.len && p->rest.p[n] >= '0' && p->rest.p[n] <= '9')
		n++;
	if (span_number(span_n(p->rest.p, n), max, out) == -1)
		return parse_fail(p,
		    n == 0 ? "Number expected" : "Number is too large");
	p->rest = span_from(p->rest, n);
	return 0;
}

int
parse_uint32(struct parse *p, uint32_t *out)
{
	uint64_t n;

	if (parse_number(p, UINT32_MAX, &n) == -1)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

int
parse_nz(struct parse *p, uint32_t *out)
{
	if (parse_uint32(p, out) == -1)
		return -1;
	return *out > 0 ? 0 : parse_fail(p, "Number may not be 0");
}

int
parse_flag(struct parse *p, struct span *out)
{
	const char *from = p->rest.p;
	struct span atom;
	bool system = parse_try(p, '\\');

	if (parse_atom(p, &atom) == -1)
		return -1;
	*out = span_n(from, atom.len + system);
	return 0;
}

/* Two digits (with "blank" the first may be a blank: " 1"), at most "max". */
static int
two(struct parse *p, bool blank, int64_t max, int64_t *out)
{
	const char *s = p->rest.p;

	if (p->rest.len < 2 || s[1] < '0' || s[1] > '9')
		return parse_fail(p, "Invalid date");
	if (s[0] >= '0' && s[0] <= '9')
		*out = (s[0] - '0') * 10;
	else if (blank && s[0] == ' ')
		*out = 0;
	else
		return parse_fail(p, "Invalid date");
	*out += s[1] - '0';
	p->rest = span_from(p->rest, 2);
	return *out <= max ? 0 : parse_fail(p, "Invalid date");
}

/* Days since 1970-01-01 of a Gregorian date; month from 1. */
static int64_t
days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year; /* years begin in March */
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day -
	    1 - 719468;
}

/* "-Jul-2026" behind the day. */
static int
month_year(struct parse *p, int64_t day, int64_t *out)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	static const int lengths[] = {
		31,
		29,
		31,
		30,
		31,
		30,
		31,
		31,
		30,
		31,
		30,
		31,
	};
	uint64_t year;
	size_t month;

	if (parse_char(p, '-') == -1 || p->rest.len < 4)
		return parse_fail(p, "Invalid date");
	for (month = 0; month < 12; month++)
		if (span_same(span_n(p->rest.p, 3),
			span_n(names + 3 * month, 3)))
			break;
	p->rest = span_from(p->rest, 3);
	if (month == 12 || day < 1 || day > lengths[month] ||
	    parse_char(p, '-') == -1 || p->rest.len < 4 ||
	    span_number(span_n(p->rest.p, 4), 9999, &year) == -1)
		return parse_fail(p, "Invalid date");
	p->rest = span_from(p->rest, 4);
	*out = days((int64_t)year, (int64_t)month + 1, day);
	return 0;
}

int
parse_date(struct parse *p, int64_t *out)
{
	bool quote = parse_try(p, '"');
	int64_t day = 0;

	/* One digit or two. */
	if (p->rest.len >= 2 && p->rest.p[1] == '-') {
		if (p->rest.p[0] < '0' || p->rest.p[0] > '9')
			return parse_fail(p, "Invalid date");
		day = p->rest.p[0] - '0';
		p->rest = span_from(p->rest, 1);
	} else if (two(p, false, 31, &day) == -1)
		return -1;
	if (month_year(p, day, out) == -1)
		return -1;
	return quote && !parse_try(p, '"') ? parse_fail(p, "Invalid date") : 0;
}

int
parse_date_time(struct parse *p, time_t *out)
{
	int64_t day, hour, minute, second, zone_h, zone_m, d;
	bool west;

	if (!parse_try(p, '"') || two(p, true, 31, &day) == -1 ||
	    month_year(p, day, &d) == -1 || !parse_try(p, ' ') ||
	    two(p, false, 23, &hour) == -1 || !parse_try(p, ':') ||
	    two(p, false, 59, &minute) == -1 || !parse_try(p, ':') ||
	    two(p, false, 60, &second) == -1 || !parse_try(p, ' '))
		return parse_fail(p, "Invalid date");
	west = parse_next(p, '-');
	if ((!parse_try(p, '-') && !parse_try(p, '+')) ||
	    two(p, false, 23, &zone_h) == -1 ||
	    two(p, false, 59, &zone_m) == -1 || !parse_try(p, '"'))
		return parse_fail(p, "Invalid date");
	d = ((d * 24 + hour) * 60 + minute) * 60 + second;
	zone_m = (zone_h * 60 + zone_m) * 60;
	*out = (time_t)(west ? d + zone_m : d - zone_m);
	return 0;
}
