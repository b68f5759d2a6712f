/* One pass, a line at a time: memchr finds the end, memcpy takes the line. */
#include "pop3-session/wire.h"

#include <string.h>

void
wire_init(struct wire *w, uint64_t lines)
{
	*w = (struct wire){ .lines = lines, .header = true };
}

/* A line has ended: was it the last one that is wanted? */
static void
line_ended(struct wire *w)
{
	bool empty = w->column == 0 || (w->column == 1 && w->cr);

	if (w->header) {
		w->header = !empty;
		w->done = empty && w->lines == 0;
	} else if (w->lines != WIRE_ALL)
		w->done = --w->lines == 0;
	w->column = 0;
	w->cr = false;
}

size_t
wire_put(struct wire *w, struct span in, char *out)
{
	const char *lf;
	char *o = out;
	size_t n, dots = 0;

	while (in.len > 0 && !w->done) {
		if (w->column == 0 && in.p[0] == '.') {
			*o++ = '.';
			dots++;
		}
		lf = memchr(in.p, '\n', in.len);
		n = lf != NULL ? (size_t)(lf - in.p) : in.len;
		if (n > 0) {
			memcpy(o, in.p, n);
			o += n;
			w->column += n;
			w->cr = in.p[n - 1] == '\r';
		}
		if (lf == NULL)
			break;
		if (!w->cr)
			*o++ = '\r';
		*o++ = '\n';
		line_ended(w);
		in = span_from(in, n + 1);
	}
	w->octets += (size_t)(o - out) - dots;
	return (size_t)(o - out);
}

size_t
wire_end(struct wire *w, char *out)
{
	size_t n = 0;

	if (w->column > 0) {
		memcpy(out, "\r\n", 2);
		n = 2;
		line_ended(w);
	}
	memcpy(out + n, ".\r\n", 3);
	return n + 3;
}
