#include "imap-session/put.h"

#include <string.h>

#include "message/utf8.h"

enum { QUOTED_LONGEST = 1000 }; /* old clients read lines into little rooms */

/* 0: fits into quotes; 1: as UTF-8 only; 2: not at all. */
static int
kind(struct span s)
{
	int k = 0;

	if (s.len > QUOTED_LONGEST)
		return 2;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\0' || c == '\r' || c == '\n')
			return 2;
		if (c >= 0x80)
			k = 1;
	}
	return k;
}

void
put_literal(struct buf *b, struct span s)
{
	buf_char(b, '{');
	put_number(b, s.len);
	buf_add(b, "}\r\n", 3);
	buf_span(b, s);
}

void
put_string(struct buf *b, struct span s, bool utf8)
{
	int k = kind(s);
	size_t from = 0;

	if (k == 2 || (k == 1 && (!utf8 || !utf8_ok(s)))) {
		put_literal(b, s);
		return;
	}
	buf_char(b, '"');
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == '\\') {
			buf_add(b, s.p + from, i - from);
			buf_char(b, '\\');
			from = i;
		}
	buf_add(b, s.p + from, s.len - from);
	buf_char(b, '"');
}

void
put_nstring(struct buf *b, struct span s, bool utf8)
{
	if (s.p == NULL)
		buf_add(b, "NIL", 3);
	else
		put_string(b, s, utf8);
}

void
put_astring(struct buf *b, struct span s, bool utf8)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("(){%*\"\\", s.p[i]) != NULL) {
			put_string(b, s, utf8);
			return;
		}
	if (s.len == 0 || span_same(s, span("NIL")))
		put_string(b, s, utf8);
	else
		buf_span(b, s);
}

/* Before "end"; where they begin. */
static char *
digits(char *end, uint64_t v)
{
	do
		*--end = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return end;
}

void
put_number(struct buf *b, uint64_t v)
{
	char room[20], *end = room + sizeof(room), *p = digits(end, v);

	buf_add(b, p, (size_t)(end - p));
}

void
put_next(struct buf *b, char before, uint64_t v)
{
	char room[21], *end = room + sizeof(room), *p = digits(end, v);

	*--p = before;
	buf_add(b, p, (size_t)(end - p));
}

void
put_date_time(struct buf *b, time_t t)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	long zone;

	(void)localtime_r(&t, &tm);
	zone = tm.tm_gmtoff / 60;
	buf_printf(b, "\"%2d-%.3s-%04d %02d:%02d:%02d %c%02ld%02ld\"",
	    tm.tm_mday, months + 3 * (tm.tm_mon % 12), tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+',
	    (zone < 0 ? -zone : zone) / 60, (zone < 0 ? -zone : zone) % 60);
}
