/* IDLE (RFC 2177): news as it comes, until the client says DONE. */
#include <poll.h>

#include "imap-session/handlers.h"
#include "imap-session/notify.h"
#include "imap-session/selected.h"
#include "message/clock.h"

enum {
	LOOK_MS = 30000, /* look at the disk even when nothing was told */
	POLL_MS = 5000, /* where the system tells nothing */
	ALIVE = 120, /* seconds after which the line gets an octet */
};

/* Until there is input.  False: the client was silent for too long. */
static bool
watch(struct imap *im)
{
	int news = im->state == S_BOX ? folder_wait(im->folder) : -1;
	struct pollfd p[] = {
		{ .fd = im->conn->in, .events = POLLIN },
		{ .fd = news, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	int fd[2];
	int64_t begun = clock_seconds(), spoken = begun;

	while (im->state == S_BOX && folder_late(im->folder) == 1)
		continue;
	arena_rest(&im->arena);
	if (im->state == S_BOX)
		folder_rest(im->folder);
	while (!conn_waiting(im->conn)) {
		size_t told = im->conn->olen;

		if (im->state == S_BOX)
			selected_announce(im, true);
		if (im->notify != NULL)
			notify_tell(im);
		if (im->conn->olen > told)
			spoken = clock_seconds();
		else if (clock_seconds() - spoken >= ALIVE) {
			conn_printf(im->conn, "* OK Still here\r\n");
			spoken = clock_seconds();
		}
		if (conn_flush(im->conn) == -1 || im->lost)
			return true;
		if (clock_seconds() - begun > im->limit->seconds)
			return false;
		p[0].revents = 0;
		notify_wait(im, fd);
		p[2].fd = fd[0];
		(void)poll(p, 3, news == -1 ? POLL_MS : LOOK_MS);
		if (p[0].revents != 0)
			return true;
	}
	return true;
}

const struct reply *
idle_idle(struct imap *im, struct parse *p)
{
	static const struct reply silent = { SAY_BYE, "Idle for too long" };
	struct span line;

	if (parse_end(p) == -1)
		return &imap_bad;
	conn_printf(im->conn, "+ Idling\r\n");
	im->uid = false;
	if (!watch(im))
		return &silent;
	if (im->lost)
		return &imap_done;
	if (conn_line(im->conn, &line, im->limit->line, im->limit->seconds) !=
	    CONN_LINE) {
		im->conn->broken = true;
		return &imap_done;
	}
	if (!span_same(span_trim(line), span("DONE"))) {
		(void)parse_fail(p, "DONE expected");
		return &imap_bad;
	}
	return &imap_done;
}
