/* Lines and blocks of a client, each with a deadline for the whole of it.
 *
 * The deadline of a record does not move when an octet of it arrives: a
 * client that drips one octet a minute is as silent as one that sends none. */
#include "session/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/clock.h"

enum {
	FLOOD = 1 << 20, /* octets of one line before we give up */
	WRITE_SECONDS = 300,
	PIECE = 4096, /* a pipe that polls writable takes PIPE_BUF */
};

/* Only the small fields: the buffers stay untouched pages. */
void
conn_init(struct conn *c, int in, int out, bool ahead)
{
	int one = 1;

	c->in = in;
	c->out = out;
	c->filter = NULL;
	c->ahead = ahead;
	c->at = c->end = c->olen = 0;
	c->stop = 0;
	c->broken = false;
	c->socket =
	    setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 ||
	    errno != ENOTSOCK;
}

static int64_t
deadline(const struct conn *c, int seconds)
{
	int64_t t = clock_ms() + (int64_t)seconds * 1000;

	return c->stop != 0 && c->stop < t ? c->stop : t;
}

int
conn_await(int fd, short events, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until - clock_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n == 1 ? 0 : -1;
}

static ssize_t
some_out(const struct conn *c, const char *p, size_t n)
{
	if (c->socket)
		return send(c->out, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > PIECE)
		n = PIECE;
	return write(c->out, p, n);
}

/* What was collected, as it is to be sent. */
static struct span
collected(struct conn *c)
{
	struct span all = span_n(c->obuf, c->olen);

	if (c->filter == NULL || all.len == 0)
		return all;
	all = c->filter->write(c->filter, all);
	c->broken = all.p == NULL;
	return all;
}

int
conn_flush(struct conn *c)
{
	size_t done = 0;
	int64_t until = 0;
	struct span all;
	ssize_t n;

	if (!c->broken)
		all = collected(c);
	if (c->broken) {
		errno = EPIPE;
		return -1;
	}
	while (done < all.len) {
		/* A socket is tried first, most often it takes everything. */
		if (until != 0 || !c->socket) {
			if (until == 0)
				until = deadline(c, WRITE_SECONDS);
			if (conn_await(c->out, POLLOUT, until) == -1)
				break;
		}
		n = some_out(c, all.p + done, all.len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == -1 && errno != EAGAIN && errno != EINTR)
			break;
		if (until == 0)
			until = deadline(c, WRITE_SECONDS);
	}
	c->broken = done < all.len;
	c->olen = 0;
	return c->broken ? -1 : 0;
}

void
conn_end(struct conn *c)
{
	if (conn_flush(c) == 0 && c->socket)
		(void)shutdown(c->out, SHUT_WR);
}

void
conn_put(struct conn *c, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0 && !c->broken) {
		size_t room = CONN_OUT - c->olen;

		if (room == 0) {
			(void)conn_flush(c);
			continue;
		}
		if (room > n)
			room = n;
		memcpy(c->obuf + c->olen, from, room);
		c->olen += room;
		from += room;
		n -= room;
	}
}

void
conn_printf(struct conn *c, const char *format, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		c->broken = true; /* a reply is never cut */
	else
		conn_put(c, line, (size_t)n);
}

/* Take what read or recv returned into the buffer's state. */
static enum conn_got
taken(struct conn *c, ssize_t n)
{
	if (n == 0)
		return CONN_EOF;
	if (n == -1)
		return errno == ETIMEDOUT ? CONN_TIMEOUT : CONN_ERROR;
	c->end += (size_t)n;
	return CONN_LINE;
}

/* Octets up to and with the first line end that wait in the socket, at most
 * "room": looked at first, then taken, so that what stands behind the line
 * end stays in the kernel for whoever has the descriptor next. */
static ssize_t
read_line_only(struct conn *c, size_t room)
{
	char *to = c->ibuf + c->end;
	const char *lf;
	ssize_t n;

	n = recv(c->in, to, room, MSG_PEEK);
	if (n == -1 && errno == ENOTSOCK)
		return read(c->in, to, 1);
	if (n <= 0)
		return n;
	lf = memchr(to, '\n', (size_t)n);
	if (lf != NULL)
		n = lf - to + 1;
	return recv(c->in, to, (size_t)n, 0);
}

static bool
filtered(const struct conn *c)
{
	return c->filter != NULL && c->filter->waiting(c->filter);
}

static ssize_t
some_in(struct conn *c, size_t room)
{
	if (c->filter != NULL)
		return c->filter->read(c->filter, c->in, c->ibuf + c->end,
		    room);
	return c->ahead ? read(c->in, c->ibuf + c->end, room) :
			  read_line_only(c, room);
}

/* Have more octets in ibuf, after what was collected went out. */
static enum conn_got
more(struct conn *c, size_t room, int64_t until)
{
	ssize_t n;

	if (conn_flush(c) == -1)
		return errno == ETIMEDOUT ? CONN_TIMEOUT : CONN_ERROR;
	do {
		if (!filtered(c) && conn_await(c->in, POLLIN, until) == -1)
			return taken(c, -1);
		n = some_in(c, room);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	return taken(c, n);
}

/* Throw away up to and with the next line end; "gone" octets of the line are
 * gone already. */
static enum conn_got
swallow(struct conn *c, size_t gone, int64_t until)
{
	enum conn_got got;

	for (;;) {
		const char *lf = memchr(c->ibuf + c->at, '\n', c->end - c->at);

		if (lf != NULL) {
			c->at = (size_t)(lf - c->ibuf) + 1;
			return CONN_LONG;
		}
		gone += c->end - c->at;
		c->at = c->end = 0;
		if (gone > FLOOD)
			return CONN_FLOOD;
		got = more(c, CONN_IN, until);
		if (got != CONN_LINE)
			return got;
	}
}

enum conn_got
conn_line(struct conn *c, struct span *line, size_t longest, int seconds)
{
	int64_t until = 0;
	size_t seen = 0; /* octets of the line known to hold no LF */
	enum conn_got got;

	if (longest > CONN_IN - 2)
		longest = CONN_IN - 2;
	for (;;) {
		const char *p = c->ibuf + c->at;
		size_t have = c->end - c->at;
		const char *lf = memchr(p + seen, '\n', have - seen);

		if (lf != NULL) {
			size_t len = (size_t)(lf - p);

			c->at += len + 1;
			if (len > 0 && p[len - 1] == '\r')
				len--;
			*line = span_n(p, len);
			return len > longest ? CONN_LONG : CONN_LINE;
		}
		seen = have;
		if (until == 0)
			until = deadline(c, seconds);
		if (have > longest + 1)
			return swallow(c, 0, until);
		if (c->at + longest + 2 > CONN_IN || have == 0) {
			memmove(c->ibuf, p, have);
			c->at = 0;
			c->end = have;
		}
		got = more(c, c->ahead ? CONN_IN - c->end : longest + 2 - have,
		    until);
		if (got != CONN_LINE)
			return got;
	}
}

enum conn_got
conn_block(struct conn *c, struct span *block, int seconds)
{
	enum conn_got got;

	if (c->at == c->end) {
		c->at = c->end = 0;
		got = more(c, CONN_IN, deadline(c, seconds));
		if (got != CONN_LINE)
			return got;
	}
	*block = span_n(c->ibuf + c->at, c->end - c->at);
	return CONN_LINE;
}

void
conn_take(struct conn *c, size_t n)
{
	c->at += n;
}

bool
conn_waiting(const struct conn *c)
{
	return c->at < c->end || filtered(c);
}

bool
conn_behind(const struct conn *c)
{
	char octet;

	return conn_waiting(c) ||
	    recv(c->in, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
