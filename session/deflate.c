#include "session/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#define ZLIB_CONST /* its input is not written to */
#include <zlib.h>

#include "message/fail.h"

enum {
	IN = 4096, /* octets from the network at a time */
	OUT = CONN_OUT + CONN_OUT / 64 + 1024, /* what a flush may become */
	WINDOW = 14, /* 16 KiB, and as much again: half of what zlib takes */
	MEMORY = 7,
};

struct deflate {
	struct conn_filter filter;
	z_stream in, out;
	bool full; /* the last call may not have said all */
	unsigned char ibuf[IN], obuf[OUT];
};

static struct deflate *
of(const struct conn_filter *f)
{
	return (struct deflate *)(uintptr_t)f; /* its first member */
}

static bool
waiting(const struct conn_filter *f)
{
	const struct deflate *d = of(f);

	return d->in.avail_in > 0 || d->full;
}

/* -1 with EAGAIN: what came says nothing yet. */
static ssize_t
take(struct conn_filter *f, int fd, char *to, size_t room)
{
	struct deflate *d = of(f);
	ssize_t n;
	int r;

	if (!waiting(f)) {
		n = read(fd, d->ibuf, sizeof(d->ibuf));
		if (n <= 0)
			return n;
		d->in.next_in = d->ibuf;
		d->in.avail_in = (unsigned)n;
	}
	d->in.next_out = (unsigned char *)to;
	d->in.avail_out = (unsigned)room;
	r = inflate(&d->in, Z_SYNC_FLUSH);
	d->full = d->in.avail_out == 0;
	n = (ssize_t)(room - d->in.avail_out);
	if (n > 0)
		return n;
	if (r == Z_STREAM_END) /* its last block: nothing can follow */
		return 0;
	errno = r == Z_OK || r == Z_BUF_ERROR ? EAGAIN : EPROTO;
	return -1;
}

static struct span
make(struct conn_filter *f, struct span plain)
{
	struct deflate *d = of(f);

	d->out.next_in = (const unsigned char *)plain.p;
	d->out.avail_in = (unsigned)plain.len;
	d->out.next_out = d->obuf;
	d->out.avail_out = sizeof(d->obuf);
	if (deflate(&d->out, Z_SYNC_FLUSH) != Z_OK || d->out.avail_out == 0)
		return span_n(NULL, 0);
	return span_n(d->obuf, sizeof(d->obuf) - d->out.avail_out);
}

int
deflate_start(struct conn *c)
{
	struct deflate *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return fail("compression");
	d->filter = (struct conn_filter){ waiting, take, make };
	if (inflateInit2(&d->in, -MAX_WBITS) != Z_OK) {
		free(d);
		return fail_as(ENOMEM, "compression");
	}
	if (deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW,
		MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		(void)inflateEnd(&d->in);
		free(d);
		return fail_as(ENOMEM, "compression");
	}
	c->filter = &d->filter; /* as long as the process */
	return 0;
}
