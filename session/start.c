#include "session/start.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "session/address.h"
#include "session/config.h"
#include "session/log.h"

enum {
	IDLE_MS = 60000, /* a listener with nothing to do leaves */
	GOODBYE_MS = 10000, /* sessions have that long after SIGTERM */
};

static struct {
	unsigned all, each;
	const char *busy;
} limits = { 100, 20, NULL };

/* Sessions that run; pages that no session used are never touched. */
static struct running {
	pid_t pid;
	struct address_key key;
} running[CONFIG_MAX_CONNECTIONS];
static unsigned sessions;

static volatile sig_atomic_t stopped;

void
start_limits(unsigned all, unsigned each, const char *busy)
{
	limits.all =
	    all < CONFIG_MAX_CONNECTIONS ? all : CONFIG_MAX_CONNECTIONS;
	limits.each = each;
	limits.busy = busy;
}

static void
address_text(struct sockaddr_storage *ss, char *ip, char *port, bool *loop)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	address_unmap(ss);
	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, ip, INET6_ADDRSTRLEN);
		(void)snprintf(port, 8, "%u", ntohs(in.sin_port));
		*loop = ntohl(in.sin_addr.s_addr) >> 24 == 127;
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, ip, INET6_ADDRSTRLEN);
		(void)snprintf(port, 8, "%u", ntohs(in6.sin6_port));
		*loop = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
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

static int
one(int (*session)(const struct peer *, void *), void *ctx)
{
	struct peer p;

	if (find_peer(&p) == -1)
		return 0;
	if (p.kind != PEER_PIPE && dup2(0, 1) == -1)
		return EX_OSERR;
	return session(&p, ctx);
}

static bool
listens(int fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	    yes != 0;
}

static void
on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Only interrupts ppoll. */
static void
on_child(int sig)
{
	(void)sig;
}

static unsigned
sessions_of(const struct address_key *k)
{
	unsigned i, n = 0;

	for (i = 0; i < sessions; i++)
		n += memcmp(&running[i].key, k, sizeof(*k)) == 0;
	return n;
}

static void
reap(void)
{
	unsigned i;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (i = 0; i < sessions; i++)
			if (running[i].pid == pid) {
				running[i] = running[--sessions];
				break;
			}
}

static void
refuse(int fd, struct sockaddr_storage *ss)
{
	char ip[INET6_ADDRSTRLEN] = "unix", port[8];
	bool loop;

	address_text(ss, ip, port, &loop);
	log_line(LOG_NOTICE,
	    "refused ip=%s reason=\"too many connections\" "
	    "limit=%u setting=connections-per-address",
	    ip, limits.each);
	if (limits.busy != NULL)
		(void)send(fd, limits.busy, strlen(limits.busy),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* In the forked child: the connection becomes 0 and 1. */
static void
child(int fd, const sigset_t *before,
    int (*session)(const struct peer *, void *), void *ctx)
{
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
	if (dup2(fd, 0) == -1 || dup2(fd, 1) == -1)
		_exit(EX_OSERR);
	(void)close(fd);
	exit(one(session, ctx));
}

static void
accept_one(const sigset_t *before, int (*session)(const struct peer *, void *),
    void *ctx)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(ss);
	struct running *r = &running[sessions];
	int fd;

	fd = accept4(0, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);
	if (fd == -1)
		return;
	r->key = address_key(&ss);
	if (ss.ss_family != AF_UNIX && sessions_of(&r->key) >= limits.each) {
		refuse(fd, &ss);
		(void)close(fd);
		return;
	}
	r->pid = fork();
	if (r->pid == 0)
		child(fd, before, session, ctx);
	if (r->pid == -1)
		log_line(LOG_ERR, "refused reason=\"fork: %s\"",
		    strerror(errno));
	else
		sessions++;
	(void)close(fd);
}

static int64_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for a connection, a signal or the end of "ms" (-1: none).  While all
 * slots are taken nothing is accepted: who comes waits in the queue. */
static bool
connection_waits(const sigset_t *during, int64_t ms)
{
	struct pollfd p = { .fd = stopped || sessions >= limits.all ? -1 : 0,
		.events = POLLIN };
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	return ppoll(&p, 1, ms < 0 ? NULL : &t, during) == 1;
}

static void
stop_all(const sigset_t *during)
{
	int64_t end = now() + GOODBYE_MS;
	unsigned i;

	for (i = 0; i < sessions; i++)
		(void)kill(running[i].pid, SIGTERM);
	while (sessions > 0 && now() < end) {
		(void)connection_waits(during, end - now());
		reap();
	}
}

static int
accept_all(int (*session)(const struct peer *, void *), void *ctx)
{
	struct sigaction term = { .sa_handler = on_term };
	struct sigaction chld = { .sa_handler = on_child };
	sigset_t block, before;
	int64_t last = now();

	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGTERM);
	(void)sigaddset(&block, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &block, &before);
	(void)sigaction(SIGTERM, &term, NULL);
	(void)sigaction(SIGCHLD, &chld, NULL);
	/* A client can leave between poll and accept. */
	(void)fcntl(0, F_SETFL, O_NONBLOCK);
	while (!stopped) {
		int64_t left = last + IDLE_MS - now();

		/* Who leaves with sessions running loses count of them, and
		 * systemd would end them with us. */
		if (left <= 0 && sessions == 0)
			return 0;
		if (connection_waits(&before, left > 0 ? left : -1)) {
			accept_one(&before, session, ctx);
			last = now();
		}
		reap();
	}
	stop_all(&before);
	return 0;
}

int
start_sessions(int (*session)(const struct peer *, void *), void *ctx)
{
	return listens(0) ? accept_all(session, ctx) : one(session, ctx);
}
