#include "imap-session/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "imap-session/text.h"
#include "message/fail.h"

enum { PIECE = 64 * 1024 };

static char stored[PIECE], sent[2 * PIECE];

/* The next piece into "stored".  Octets; 0: that was all; -1. */
static ssize_t
next(const struct extent *e, uint64_t at)
{
	size_t n = e->to - at < PIECE ? (size_t)(e->to - at) : PIECE;
	ssize_t r;

	if (n == 0)
		return 0;
	do
		r = pread(e->fd, stored, n, (off_t)at);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return fail("read a message");
	return r > 0 ? r : fail_as(EIO, "a message became shorter");
}

/* "stored" to "sent"; *cr: the octet before was one. */
static size_t
convert(size_t n, bool *cr)
{
	const char *from = stored, *end = stored + n, *lf;
	char *to = sent;
	size_t run;

	while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		run = (size_t)(lf - from);
		memcpy(to, from, run);
		to += run;
		if (run > 0 ? lf[-1] != '\r' : !*cr)
			*to++ = '\r';
		*to++ = '\n';
		from = lf + 1;
		*cr = false;
	}
	run = (size_t)(end - from);
	memcpy(to, from, run);
	if (run > 0)
		*cr = end[-1] == '\r';
	return (size_t)(to - sent) + run;
}

int
wire_each(const struct extent *e, bool nul, int (*take)(void *ctx, struct span),
    void *ctx)
{
	bool cr = false;
	uint64_t at;
	ssize_t n;

	for (at = e->from; (n = next(e, at)) > 0; at += (uint64_t)n) {
		if (!nul)
			text_hide_nul(stored, (size_t)n);
		if (take(ctx, span_n(sent, convert((size_t)n, &cr))) == -1)
			return -1;
	}
	return n == -1 ? -1 : 0;
}

int
wire_size(const struct extent *e, uint64_t *size)
{
	const char *p, *end, *lf;
	bool cr = false;
	uint64_t at;
	ssize_t n;

	*size = e->to - e->from;
	for (at = e->from; (n = next(e, at)) > 0; at += (uint64_t)n) {
		p = stored;
		end = stored + n;
		while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
			*size += lf > stored ? lf[-1] != '\r' : !cr;
			p = lf + 1;
		}
		cr = end[-1] == '\r';
	}
	return n == -1 ? -1 : 0;
}

static int
append(void *ctx, struct span s)
{
	struct buf *b = ctx;

	buf_span(b, s);
	return b->over ? fail_as(ENOMEM, "a message is too large") : 0;
}

int
wire_get(const struct extent *e, struct buf *b)
{
	return wire_each(e, false, append, b);
}

void
window_put(struct window *w, struct span s)
{
	size_t over = w->skip < s.len ? (size_t)w->skip : s.len;

	w->skip -= over;
	s = span_from(s, over);
	if (s.len > w->count)
		s.len = (size_t)w->count;
	conn_put(w->conn, s.p, s.len);
	w->count -= s.len;
}

static int
send_piece(void *ctx, struct span s)
{
	window_put(ctx, s);
	return 0;
}

int
wire_send(const struct extent *e, struct conn *conn, uint64_t skip,
    uint64_t count)
{
	struct window to = { conn, skip, count };
	struct extent part = *e;

	/* Nothing grows smaller on the wire. */
	if (skip + count < part.to - part.from)
		part.to = part.from + skip + count;
	if (wire_each(&part, false, send_piece, &to) == -1)
		return -1;
	return to.count == 0 ? 0 : fail_as(EIO, "a message became shorter");
}
