#include "maildir/cmd-term.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uniwidth.h>

#include "message/utf8.h"

/* Marks and overrides of direction make a text look like another one. */
static bool
turns(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0x200e || c == 0x200f || c == 0x061c;
}

/* One character, safe.  Columns. */
static size_t
put(struct buf *out, uint32_t c)
{
	size_t before = out->len;
	int w;

	if (c < 0x20 || c == 0x7f) {
		buf_printf(out, "^%c", (char)(c ^ 0x40));
		return 2;
	}
	if ((c >= 0x80 && c < 0xa0) || turns(c) || c == 0x2028 || c == 0x2029) {
		buf_printf(out, "<%x>", c);
		return out->len - before;
	}
	utf8_put(out, c);
	w = c < 0x80 ? 1 : uc_width(c, "UTF-8");
	return w < 0 ? 1 : (size_t)w;
}

/* The next character of *s, which is not empty. */
static uint32_t
next(struct span *s)
{
	uint32_t c = 0xfffd;
	size_t n = utf8_get(*s, &c);

	if (n == 0) {
		c = 0xfffd;
		n = 1;
	}
	*s = span_from(*s, n);
	return c;
}

/* How many characters from the front take one column and one octet each. */
static size_t
plain(struct span s, size_t most)
{
	size_t n = 0;

	while (n < s.len && n < most && s.p[n] >= ' ' && s.p[n] < 0x7f)
		n++;
	return n;
}

void
term_safe(struct buf *out, struct span s, bool lines)
{
	while (s.len > 0) {
		size_t n = plain(s, s.len);

		if (n > 0) {
			buf_add(out, s.p, n);
			s = span_from(s, n);
			continue;
		}
		if (lines && (s.p[0] == '\n' || s.p[0] == '\t')) {
			buf_char(out, s.p[0]);
			s = span_from(s, 1);
			continue;
		}
		if (lines && s.p[0] == '\r' && s.len > 1 && s.p[1] == '\n') {
			s = span_from(s, 1);
			continue;
		}
		(void)put(out, next(&s));
	}
}

const char *
term_text(const char *s)
{
	static struct buf safe;

	if (safe.cap == 0)
		buf_init(&safe, 1 << 20);
	buf_reset(&safe);
	term_safe(&safe, span(s), false);
	return safe.p;
}

size_t
term_columns(struct span s)
{
	struct buf scratch;
	size_t n = 0;

	buf_init(&scratch, s.len * 8 + 16);
	while (s.len > 0)
		n += put(&scratch, next(&s));
	buf_free(&scratch);
	return n;
}

static void
pad(struct buf *out, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
		buf_add(out, blanks, sizeof(blanks) - 1);
	buf_add(out, blanks, n);
}

void
term_cell(struct buf *out, struct span s, size_t width)
{
	size_t used = 0;

	while (s.len > 0) {
		size_t before = out->len, n = plain(s, width - used), w;

		if (n > 0) {
			buf_add(out, s.p, n);
			s = span_from(s, n);
			used += n;
			continue;
		}
		w = put(out, next(&s));
		if (used + w > width) {
			buf_cut(out, before);
			break;
		}
		used += w;
	}
	pad(out, width - used);
}

size_t
term_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	uint64_t n;

	if (columns != NULL && span_number(span(columns), 10000, &n) == 0 &&
	    n > 0)
		return (size_t)n;
	if (isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return 0;
}

bool
term_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

void
json_string(struct buf *out, struct span s)
{
	buf_char(out, '"');
	while (s.len > 0) {
		uint32_t c = next(&s);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || turns(c) ||
		    c == 0x2028 || c == 0x2029)
			buf_printf(out, "\\u%04x", c);
		else
			utf8_put(out, c);
	}
	buf_char(out, '"');
}
