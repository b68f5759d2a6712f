/* The connection of a session: lines in, lines out, a deadline on each.
 *
 * One process has one client, so everything here blocks, with poll(2) in
 * front for the deadline.  Output is collected and leaves when the input has
 * no complete line left: a pipelining client gets its replies in one write.
 *
 * Without "ahead" nothing is consumed past the line end that was returned
 * (MSG_PEEK), so the descriptor can be handed to another program at any
 * moment.  "ahead" needs no socket. */
#ifndef SESSION_CONN_H
#define SESSION_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "message/span.h"

enum { CONN_IN = 65536, CONN_OUT = 65536 };

enum conn_got {
	CONN_LINE, /* *line is set, valid until the next read */
	CONN_LONG, /* a longer line was swallowed to its end */
	CONN_EOF, /* also in the middle of a line: never a line */
	CONN_TIMEOUT,
	CONN_FLOOD, /* more than 1 MiB without a line end */
	CONN_ERROR, /* errno */
};

/* What stands between the connection and its octets on the way (deflate.h). */
struct conn_filter {
	/* More can be had without reading. */
	bool (*waiting)(const struct conn_filter *);
	/* As read(2), but the octets that are meant; EAGAIN: none yet. */
	ssize_t (*read)(struct conn_filter *, int fd, char *to, size_t room);
	/* The octets to send for these, at most CONN_OUT, valid until the next
	 * call; p NULL: it cannot go on. */
	struct span (*write)(struct conn_filter *, struct span);
};

struct conn {
	int in, out;
	struct conn_filter *filter; /* NULL: none; only with "ahead" */
	bool ahead;
	bool socket; /* "out" is one, so writing need not block */
	size_t at, end; /* unread octets of ibuf */
	size_t olen;
	int64_t
	    stop; /* the whole session ends here, CLOCK_MONOTONIC ms; 0 none */
	bool broken; /* output failed: nothing is written any more */
	char ibuf[CONN_IN];
	char obuf[CONN_OUT];
};

/* TCP_NODELAY is set on "out" when it is TCP.  The buffers are not touched:
 * a static struct conn costs the pages that were used. */
void conn_init(struct conn *, int in, int out, bool ahead);

/* Read one line of at most "longest" octets (line end not counted, no more
 * than CONN_IN - 2), waiting at most "seconds" for all of it.  LF ends it, one
 * CR before it is dropped.  Output is flushed before the first wait; a client
 * that takes none is CONN_TIMEOUT or CONN_ERROR here. */
enum conn_got conn_line(struct conn *, struct span *line, size_t longest,
    int seconds);

/* For content: at least one unread octet in *block, not consumed
 * (CONN_LINE), or EOF, TIMEOUT, ERROR.  Only with "ahead". */
enum conn_got conn_block(struct conn *, struct span *block, int seconds);

/* Consume n octets of the last conn_block. */
void conn_take(struct conn *, size_t n);

/* Unread octets are buffered (what stands behind STARTTLS: refuse it). */
bool conn_waiting(const struct conn *);

/* The same, and without "ahead" those that wait in the socket. */
bool conn_behind(const struct conn *);

/* Wait for "events" of poll(2) until that time of clock_ms().
 * 0; -1: errno (ETIMEDOUT). */
int conn_await(int fd, short events, int64_t until);

/* Collect output; blocks (5 minutes at most) when CONN_OUT is full. */
void conn_put(struct conn *, const void *, size_t);
void conn_printf(struct conn *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Write all that was collected.  0; -1: errno (ETIMEDOUT, EPIPE ...). */
int conn_flush(struct conn *);

/* The same, and the client hears that nothing follows, so that he need not
 * wait until the last of our processes has gone. */
void conn_end(struct conn *);

#endif
