#include "mailq-run/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/clock.h"

static int64_t
deadline(const struct talk *t, int seconds)
{
	int64_t end = clock_ms() + (int64_t)seconds * 1000 / t->hurry;

	return end < t->stop ? end : t->stop;
}

void
talk_init(struct talk *t, int fd, int leash, unsigned hurry, int seconds)
{
	t->fd = fd;
	t->leash = leash;
	t->hurry = hurry;
	t->stop = clock_ms() + (int64_t)seconds * 1000 / hurry;
	t->at = t->end = t->olen = 0;
	t->eof = t->quiet = false;
	reply_reset(&t->reply);
}

void
talk_change(struct talk *t, int fd)
{
	t->fd = fd;
	t->at = t->end = t->olen = 0;
	t->eof = false;
}

bool
talk_unread(const struct talk *t)
{
	return t->at < t->end;
}

/* Wait for "events" until the deadline; what happened, 0 for too late. */
static short
wait_for(struct talk *t, short events, int64_t end)
{
	struct pollfd p[2] = { { .fd = t->fd, .events = events },
		{ .fd = t->leash } };

	for (;;) {
		int64_t left = end - clock_ms();
		int n;

		if (left <= 0)
			return 0;
		n = poll(p, 2, left > 60000 ? 60000 : (int)left);
		if (n > 0 && p[1].revents != 0)
			_exit(1);
		if (n > 0)
			return p[0].revents;
		if (n == -1 && errno != EINTR)
			return POLLERR;
	}
}

/* Read what is there, as far as there is room. */
static enum talk_got
take_in(struct talk *t)
{
	ssize_t n;

	if (t->at > 0) {
		memmove(t->in, t->in + t->at, t->end - t->at);
		t->end -= t->at;
		t->at = 0;
	}
	n = read(t->fd, t->in + t->end, sizeof(t->in) - t->end);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return TALK_OK;
	if (n <= 0) {
		t->eof = true;
		return TALK_GONE;
	}
	t->end += (size_t)n;
	return TALK_OK;
}

static bool
full(const struct talk *t)
{
	return t->end - t->at == sizeof(t->in);
}

enum talk_got
talk_flush(struct talk *t, int seconds)
{
	int64_t end = deadline(t, seconds);
	size_t done = 0;
	ssize_t n;
	short got;

	while (done < t->olen) {
		n = send(t->fd, t->out + done, t->olen - done, MSG_NOSIGNAL);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			break;
		if (t->quiet && talk_unread(t)) {
			t->olen = 0;
			return TALK_STRANGE;
		}
		got = wait_for(t,
		    t->eof || full(t) ? POLLOUT : POLLOUT | POLLIN, end);
		if (got == 0)
			break;
		if ((got & POLLIN) != 0 && !full(t) && !t->eof)
			(void)take_in(t);
	}
	if (done == t->olen) {
		t->olen = 0;
		return TALK_OK;
	}
	t->olen = 0;
	return clock_ms() >= end ? TALK_LATE : TALK_GONE;
}

enum talk_got
talk_room(struct talk *t, size_t n)
{
	return sizeof(t->out) - t->olen >= n ? TALK_OK :
					       talk_flush(t, TALK_BLOCK);
}

void
talk_printf(struct talk *t, const char *format, ...)
{
	size_t room = sizeof(t->out) - t->olen;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->out + t->olen, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 2 >= room)
		return; /* never: callers make room */
	t->olen += (size_t)n;
	t->out[t->olen++] = '\r';
	t->out[t->olen++] = '\n';
}

enum talk_got
talk_reply(struct talk *t, int seconds)
{
	enum talk_got sent = talk_flush(t, seconds);
	struct span in;
	int64_t end;

	if (sent == TALK_LATE)
		return sent;
	end = deadline(t, seconds);
	reply_reset(&t->reply);
	for (;;) {
		in = span_n(t->in + t->at, t->end - t->at);
		switch (reply_feed(&t->reply, &in)) {
		case REPLY_WHOLE:
			t->at = t->end - in.len;
			/* When writing failed there may be a last word; it
			 * cannot be a promise. */
			if (sent != TALK_OK && t->reply.code < 400)
				return sent;
			return TALK_OK;
		case REPLY_BAD:
			return TALK_STRANGE;
		case REPLY_MORE:
			break;
		}
		t->at = t->end;
		if (t->eof)
			return TALK_GONE;
		if (wait_for(t, POLLIN, end) == 0)
			return TALK_LATE;
		(void)take_in(t);
	}
}
