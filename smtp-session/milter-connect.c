/* MAY HOLD ROOT until role_drop_with_groups.
 *
 * A short-lived child of the monitor connects the mail filters: as the net
 * user, with all groups the system gives that user, because filters keep
 * their sockets for a group.  It reads nothing of what they say. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "session/milter-place.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "smtp-session/milter.h"

const char *
milter_list(const struct config *c, const struct peer *p, bool submission)
{
	if (submission && p->kind == PEER_INET)
		return c->milters_submission;
	if (p->kind == PEER_INET)
		return c->milters;
	return c->milters_local;
}

static int
connect_one(const struct milter_place *m)
{
	const struct timeval wait = { .tv_sec = m->seconds };
	int fd;

	fd = socket(m->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
	    connect(fd, (const struct sockaddr *)&m->addr, m->addr_len) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	(void)fail("connect");
	(void)close(fd);
	return -1;
}

static void
tell(int sock, int fd)
{
	int r = fd == -1 ?
	    record_send(sock, MILTER_DOWN, errno, span(fail_text()), -1) :
	    record_send(sock, MILTER_UP, 0, span(""), fd);

	if (fd != -1)
		(void)close(fd);
	if (r == -1)
		_exit(0);
}

noreturn void
milter_connect(int sock, const struct config *c, const char *list)
{
	const struct limits l = { .file = 0, .files = 32, .procs = -1 };
	struct span rest = span(list);
	struct milter_place m;
	struct role net = { 0, 0 };

	(void)alarm(MILTERS_MAX * MILTER_SECONDS_MAX);
	if ((role_root() && role_find(&net, c->net_user) == -1) ||
	    role_drop_with_groups(&net, c->net_user) == -1 ||
	    sandbox_limits(&l) == -1 || sandbox_final() == -1) {
		log_line(LOG_ERR, "milter reason=\"%s\"", fail_text());
		_exit(0);
	}
	while (milter_place_next(&rest, &m) == 1)
		tell(sock, connect_one(&m));
	_exit(0);
}
