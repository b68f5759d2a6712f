#include "message/buf.h"

#include <stdio.h>
#include <stdlib.h>

/* What p of every buf without memory points to.  Nothing writes to it but
 * this file, and this file only ever writes NUL. */
static char empty[1];

void
buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){ .p = empty, .cap = cap };
}

void
buf_free(struct buf *b)
{
	if (b->size > 0)
		free(b->p);
	buf_init(b, b->cap);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->p[0] = '\0';
	b->over = false;
}

/* Room for n more octets and the NUL.  The size doubles, so that many small
 * appends cost linear time, but does not pass the cap. */
static bool
room(struct buf *b, size_t n)
{
	size_t size;
	char *p;

	if (b->over)
		return false;
	if (n > b->cap - b->len) {
		b->over = true;
		return false;
	}
	if (b->len + n < b->size)
		return true;
	size = b->size < 64 ? 64 : b->size;
	while (size <= b->len + n)
		size = size > SIZE_MAX / 2 ? b->len + n + 1 : size * 2;
	if (size > b->cap)
		size = b->cap + 1;
	p = realloc(b->size > 0 ? b->p : NULL, size);
	if (p == NULL) {
		b->over = true;
		return false;
	}
	b->p = p;
	b->size = size;
	return true;
}

void
buf_reserve(struct buf *b, size_t len)
{
	if (len > b->len)
		(void)room(b, len - b->len);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !room(b, n))
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.len);
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vprintf(b, format, ap);
	va_end(ap);
}

void
buf_vprintf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	if (n < 0)
		b->over = true;
	else if (n > 0 && room(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->p[len] = '\0';
	}
}
