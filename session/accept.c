/* MAY HOLD ROOT.
 *
 * Somebody who connects is handed to a process that waits for him, all set
 * up; when none is left, to one that is forked now.  New ones are forked when
 * nobody waits to be accepted. */
#include "session/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/clock.h"
#include "session/address.h"
#include "session/config.h"
#include "session/log.h"
#include "session/record.h"

enum {
	IDLE_MS = 60000, /* a listener with nothing to do leaves */
	GOODBYE_MS = 10000, /* sessions have that long after SIGTERM */
	SPARES = 4,
	PAUSE_MS = 1, /* a new spare must not delay who was just accepted */
};

/* Sessions that run; pages that no session used are never touched. */
static struct running {
	pid_t pid;
	struct address_key key;
} running[CONFIG_MAX_CONNECTIONS];
static unsigned sessions;

/* Processes that wait for a client; "sock" takes him there. */
static struct spare {
	pid_t pid;
	int sock;
} spare[SPARES];
static unsigned spares;
/* How many more to fork.  One that dies unused is not replaced before somebody
 * comes: what kills it may kill the next as well. */
static unsigned missing;

static volatile sig_atomic_t stopped;
static sigset_t outside; /* the signal mask but for this file */

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
drop_spare(unsigned i)
{
	(void)close(spare[i].sock);
	spare[i] = spare[--spares];
}

static void
forget(pid_t pid)
{
	for (unsigned i = 0; i < spares; i++)
		if (spare[i].pid == pid) {
			drop_spare(i);
			return;
		}
	for (unsigned i = 0; i < sessions; i++)
		if (running[i].pid == pid) {
			running[i] = running[--sessions];
			return;
		}
}

static void
reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		forget(pid);
}

static void
refuse(const struct starter *s, int fd, struct sockaddr_storage *from)
{
	char ip[INET6_ADDRSTRLEN] = "unix", port[8];
	bool loop;

	address_text(from, ip, port, &loop);
	log_line(LOG_NOTICE,
	    "refused ip=%s reason=\"too many connections\" "
	    "limit=%u setting=connections-per-address",
	    ip, s->each);
	if (s->busy != NULL)
		(void)send(fd, s->busy, strlen(s->busy),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool
too_many(const struct starter *s, struct sockaddr_storage *from,
    const struct address_key *k)
{
	char ip[INET6_ADDRSTRLEN] = "", port[8];
	bool loop;

	if (from->ss_family == AF_UNIX || sessions_of(k) < s->each)
		return false;
	address_text(from, ip, port, &loop);
	return s->except == NULL || !address_listed(span(s->except), ip);
}

/* ---- in the forked child */

static void
settle(void)
{
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &outside, NULL);
	/* Each ends when its own other end is gone. */
	while (spares > 0)
		drop_spare(0);
}

/* The descriptor becomes 0 and 1. */
static void
stand_in(int fd)
{
	if (dup2(fd, 0) == -1 || dup2(fd, 1) == -1)
		_exit(EX_OSERR);
	(void)close(fd);
}

static void
serve_now(const struct starter *s, int fd)
{
	settle();
	stand_in(fd);
	exit(start_one(s));
}

static void
serve_later(const struct starter *s, int sock)
{
	static struct record r;
	int fd;

	settle();
	stand_in(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (s->ready != NULL)
		s->ready(s->ctx);
	if (record_recv(sock, &r, &fd, -1) != 1 || fd == -1)
		_exit(0);
	(void)close(sock);
	stand_in(fd);
	exit(start_one(s));
}

/* ---- connections */

/* Give it to one who waits: his pid; -1: nobody does. */
static pid_t
hand_over(int fd)
{
	while (spares > 0) {
		struct spare last = spare[spares - 1];
		int r = record_send(last.sock, 0, 0, span(""), fd);

		drop_spare(spares - 1);
		missing++;
		if (r == 0)
			return last.pid;
	}
	return -1;
}

static pid_t
serve(const struct starter *s, int fd)
{
	pid_t pid = hand_over(fd);

	if (pid == -1)
		pid = fork();
	if (pid == 0)
		serve_now(s, fd);
	if (pid == -1)
		log_line(LOG_ERR, "refused reason=\"fork: %s\"",
		    strerror(errno));
	return pid;
}

static void
accept_one(const struct starter *s)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	struct running *r = &running[sessions];
	int fd;

	fd = accept4(0, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	if (fd == -1)
		return;
	r->key = address_key(&from);
	if (too_many(s, &from, &r->key))
		refuse(s, fd, &from);
	else if ((r->pid = serve(s, fd)) != -1)
		sessions++;
	(void)close(fd);
}

/* One more that waits.  Without it the next client only waits longer. */
static void
fork_spare(const struct starter *s)
{
	int pair[2];
	pid_t pid;

	missing--;
	if (record_pair(pair) == -1)
		return;
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		serve_later(s, pair[1]);
	}
	(void)close(pair[1]);
	if (pid == -1)
		(void)close(pair[0]);
	else
		spare[spares++] = (struct spare){ pid, pair[0] };
}

/* ---- the loop */

/* Wait for a connection, a signal or the end of "ms" (-1: none).  While all
 * slots are taken nothing is accepted: who comes waits in the queue. */
static bool
connection_waits(const struct starter *s, int64_t ms)
{
	struct pollfd p = { .fd = stopped || sessions >= s->all ? -1 : 0,
		.events = POLLIN };
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	return ppoll(&p, 1, ms < 0 ? NULL : &t, &outside) == 1;
}

static void
stop_all(const struct starter *s)
{
	int64_t end = clock_ms() + GOODBYE_MS;
	unsigned i;

	for (i = 0; i < sessions; i++)
		(void)kill(running[i].pid, SIGTERM);
	while (spares > 0)
		drop_spare(0);
	while (sessions > 0 && clock_ms() < end) {
		(void)connection_waits(s, end - clock_ms());
		reap();
	}
}

static void
catch_signals(void)
{
	struct sigaction term = { .sa_handler = on_term };
	struct sigaction chld = { .sa_handler = on_child };
	sigset_t block;

	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGTERM);
	(void)sigaddset(&block, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &block, &outside);
	(void)sigaction(SIGTERM, &term, NULL);
	(void)sigaction(SIGCHLD, &chld, NULL);
}

static bool
internet(int fd)
{
	struct sockaddr_storage here = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(here);

	return getsockname(fd, (struct sockaddr *)&here, &len) == 0 &&
	    (here.ss_family == AF_INET || here.ss_family == AF_INET6);
}

int
accept_all(const struct starter *s)
{
	int64_t last = clock_ms();

	catch_signals();
	if (s->ready != NULL && internet(0))
		missing = SPARES;
	/* A client can leave between poll and accept. */
	(void)fcntl(0, F_SETFL, O_NONBLOCK);
	while (!stopped) {
		int64_t left = last + IDLE_MS - clock_ms();

		/* Who leaves with sessions running loses count of them, and
		 * systemd would end them with us. */
		if (left <= 0 && sessions == 0)
			break;
		if (left <= 0)
			left = -1;
		if (connection_waits(s, missing > 0 ? PAUSE_MS : left)) {
			accept_one(s);
			last = clock_ms();
		} else if (missing > 0 && !stopped)
			fork_spare(s);
		reap();
	}
	stop_all(s);
	return 0;
}
