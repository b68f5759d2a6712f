#include "imap-session/text.h"

#include <stdlib.h>

#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"

enum { FIRST = 16 * 1024 }; /* octets in which most headers end */

/* Behind the first empty line, in either form; "len" when there is none. */
static size_t
end_of_header(const char *p, size_t len)
{
	const char *at = p, *end = p + len, *lf;

	while (at < end) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL)
			break;
		if (lf == at || (lf == at + 1 && *at == '\r'))
			return (size_t)(lf + 1 - p);
		at = lf + 1;
	}
	return len;
}

size_t
text_header(struct span message)
{
	struct span rest = message;
	struct field f;

	while (header_next(&rest, &f) == 1)
		continue;
	return message.len - rest.len;
}

void
text_hide_nul(char *p, size_t n)
{
	char *end = p + n;

	while ((p = memchr(p, '\0', (size_t)(end - p))) != NULL)
		*p++ = (char)0x80;
}

/* How many LFs lack their CR. */
static size_t
bare(const char *p, size_t len)
{
	const char *at = p, *end = p + len, *lf;
	size_t n = 0;

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		n += lf == p || lf[-1] != '\r';
		at = lf + 1;
	}
	return n;
}

/* Give every LF its CR, in place, from the end: "room" octets follow. */
static void
widen(char *p, size_t len, size_t room)
{
	size_t from = len, to = len + room;

	while (from < to) {
		const char *lf = memrchr(p, '\n', from);
		size_t tail = from - (size_t)(lf + 1 - p);

		/* There is one, as long as room is left. */
		to -= tail;
		from -= tail;
		memmove(p + to, p + from, tail);
		p[--to] = '\n';
		from--;
		if (from == 0 || p[from - 1] != '\r')
			p[--to] = '\r';
	}
}

int
text_load(struct text *t, int fd, size_t size)
{
	size_t want = size < FIRST ? size : FIRST, extra;
	ssize_t n;

	*t = (struct text){ .p = NULL };
	for (;;) {
		free(t->p);
		t->p = malloc(want + want / 16 + 1);
		if (t->p == NULL)
			return fail("message of %zu octets", want);
		n = file_read(fd, t->p, want, 0);
		if (n == -1)
			return fail("read a message");
		t->len = (size_t)n;
		if (want == size || end_of_header(t->p, t->len) < t->len)
			break;
		want = want * 16 < size ? want * 16 : size;
	}
	t->len = end_of_header(t->p, t->len);
	t->stored = text_header(text_span(t));
	text_hide_nul(t->p, t->len);
	extra = bare(t->p, t->len);
	if (extra > want / 16) {
		char *p = realloc(t->p, t->len + extra + 1);

		if (p == NULL)
			return fail("message of %zu octets", want);
		t->p = p;
	}
	widen(t->p, t->len, extra);
	t->len += extra;
	return 0;
}

void
text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}
