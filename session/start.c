#include "session/start.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "session/accept.h"
#include "session/address.h"
#include "session/config.h"

static struct starter starter = { .all = 100, .each = 20 };

void
start_limits(unsigned all, unsigned each, const char *busy)
{
	starter.all =
	    all < CONFIG_MAX_CONNECTIONS ? all : CONFIG_MAX_CONNECTIONS;
	starter.each = each;
	starter.busy = busy;
}

void
start_except(const char *list)
{
	starter.except = list;
}

void
start_ahead(void (*ready)(void *ctx))
{
	starter.ready = ready;
}

/* The superserver's word, for a client that has left already; while it is
 * there the kernel's is better, because some superservers hand on whatever
 * environment they were started with. */
static int
told_peer(struct peer *p)
{
	const char *addr = getenv("REMOTE_ADDR"), *port = getenv("REMOTE_PORT");
	struct sockaddr_storage ss = { .ss_family = AF_INET6 };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char mapped[80];

	if (addr == NULL)
		return -1;
	(void)snprintf(mapped, sizeof(mapped), "%s%s",
	    strchr(addr, ':') == NULL ? "::ffff:" : "", addr);
	if (inet_pton(AF_INET6, mapped, &in6.sin6_addr) != 1)
		return -1;
	memcpy(&ss, &in6, sizeof(in6));
	address_text(&ss, p->ip, p->port, &p->loopback);
	if (port != NULL)
		(void)snprintf(p->port, sizeof(p->port), "%s", port);
	return 0;
}

static int
inet_peer(struct peer *p, struct sockaddr_storage *here)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(ss);
	char port[8];
	bool loop;

	p->kind = PEER_INET;
	address_text(here, p->local_ip, port, &loop);
	if (getpeername(0, (struct sockaddr *)&ss, &len) == -1)
		return told_peer(p);
	address_text(&ss, p->ip, p->port, &p->loopback);
	return 0;
}

static int
unix_peer(struct peer *p)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	p->kind = PEER_UNIX;
	if (getsockopt(0, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1)
		return -1;
	p->uid = who.uid;
	p->gid = who.gid;
	return 0;
}

/* Who is at descriptor 0.  0; -1: the client has left. */
static int
find_peer(struct peer *p)
{
	struct sockaddr_storage here = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(here);

	*p = (struct peer){ .kind = PEER_PIPE,
		.uid = getuid(),
		.gid = getgid() };
	if (getsockname(0, (struct sockaddr *)&here, &len) == -1)
		return 0;
	if (here.ss_family == AF_INET || here.ss_family == AF_INET6)
		return inet_peer(p, &here);
	/* One end of a socketpair has no name: that is how sshd and others
	 * make the pipe of a command. */
	if (here.ss_family == AF_UNIX && len > sizeof(sa_family_t))
		return unix_peer(p);
	return 0;
}

int
start_one(const struct starter *s)
{
	struct peer p;

	if (find_peer(&p) == -1)
		return 0;
	if (p.kind != PEER_PIPE && dup2(0, 1) == -1)
		return EX_OSERR;
	return s->session(&p, s->ctx);
}

bool
start_listens(void)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	    yes != 0;
}

int
start_sessions(int (*session)(const struct peer *, void *), void *ctx)
{
	starter.session = session;
	starter.ctx = ctx;
	return start_listens() ? accept_all(&starter) : start_one(&starter);
}
