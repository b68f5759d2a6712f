/* How a session begins: every kind of descriptor 0. */
#include "session/start.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session/log.h"
#include "session/sandbox.h"
#include "tests/unit/test.h"

static char said[512]; /* what the session told its client */

__attribute__((constructor)) static void
reserve_log_fd(void)
{
	log_open("test", "/dev/null");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Tells who it thinks the client is, and waits for him to say something. */
static int
session(const struct peer *p, void *ctx)
{
	static const char *const kinds[] = { "inet", "unix", "pipe" };
	char text[300];
	int n;

	(void)ctx;
	n = snprintf(text, sizeof(text),
	    "%s ip=%s port=%s local=%s loop=%d "
	    "uid=%ld\n",
	    kinds[p->kind], p->ip, p->port, p->local_ip, p->loopback,
	    p->kind == PEER_INET ? -1L : (long)p->uid);
	if (write(1, text, (size_t)n) != n)
		return 1;
	(void)!read(0, text, sizeof(text));
	return 7;
}

/* start_sessions in a process of its own, with fd as 0 and 1. */
static pid_t
begin(int fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)dup2(fd, 0);
	(void)dup2(fd, 1);
	sandbox_start(LOG_FD + 1);
	_exit(start_sessions(session, NULL));
}

static int
status_of(pid_t pid)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

static void
hear(int fd)
{
	ssize_t n;
	size_t at = 0;

	memset(said, 0, sizeof(said));
	while (strchr(said, '\n') == NULL &&
	    (n = read(fd, said + at, sizeof(said) - 1 - at)) > 0)
		at += (size_t)n;
}

/* A listening socket of this address, port 0, and where it came to listen. */
static int
listener(const char *ip, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	int fd, no = 0;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
		memcpy(ss, &in, *len = sizeof(in));
	} else {
		(void)inet_pton(AF_INET6, ip, &in6.sin6_addr);
		memcpy(ss, &in6, *len = sizeof(in6));
	}
	fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, (struct sockaddr *)ss, *len) == -1 ||
	    listen(fd, 100) == -1 ||
	    getsockname(fd, (struct sockaddr *)ss, len) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int
dial(const struct sockaddr_storage *ss, socklen_t len)
{
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(connect(fd, (const struct sockaddr *)ss, len) == 0);
	return fd;
}

/* One connected TCP socket as descriptor 0 (inetd nowait, Accept=yes). */
static void
one_tcp(const char *listen_ip, const char *dial_ip)
{
	struct sockaddr_storage ss, here;
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len, here_len = sizeof(here);
	int l = listener(listen_ip, &ss, &len), c, s;
	char text[200];
	uint16_t port;
	pid_t pid;

	if (l == -1)
		return; /* a kernel without IPv6 */
	if (inet_pton(AF_INET, dial_ip, &in.sin_addr) == 1) {
		memcpy(&port, (char *)&ss + 2, 2); /* at the same place */
		in.sin_port = port;
		memset(&ss, 0, sizeof(ss));
		memcpy(&ss, &in, len = sizeof(in));
	}
	c = dial(&ss, len);
	s = accept(l, NULL, NULL);
	CHECK(getsockname(c, (struct sockaddr *)&here, &here_len) == 0);
	memcpy(&port, (char *)&here + 2, 2);
	pid = begin(s);
	(void)close(s);
	hear(c);
	(void)snprintf(text, sizeof(text),
	    "inet ip=%s port=%u local=%s loop=1 "
	    "uid=-1\n",
	    dial_ip, ntohs(port), dial_ip);
	CHECK_STR(said, text);
	(void)close(c);
	CHECK(status_of(pid) == 7);
	(void)close(l);
}

TEST(connected_tcp)
{
	one_tcp("127.0.0.1", "127.0.0.1");
	one_tcp("::1", "::1");
	/* An IPv6 socket names an IPv4 peer in a mapped form. */
	one_tcp("::", "127.0.0.1");
}

/* The kernel's word counts, whatever the environment says. */
TEST(environment_does_not_lie)
{
	(void)setenv("REMOTE_ADDR", "192.0.2.9", 1);
	one_tcp("127.0.0.1", "127.0.0.1");
	(void)unsetenv("REMOTE_ADDR");
}

static int
gone_session(const struct peer *p, void *ctx)
{
	(void)ctx;
	return strcmp(p->ip, "192.0.2.9") == 0 && !p->loopback &&
		strcmp(p->port, "99") == 0 && p->kind == PEER_INET ?
	    0 :
	    1;
}

/* A socket whose peer has left: the superserver's word, or nothing. */
static int
gone(void)
{
	/* One that was never connected has no peer either. */
	(void)dup2(socket(AF_INET, SOCK_STREAM, 0), 0);
	return start_sessions(gone_session, NULL);
}

TEST(peer_that_has_left)
{
	pid_t pid;

	(void)setenv("REMOTE_ADDR", "::ffff:192.0.2.9", 1);
	(void)setenv("REMOTE_PORT", "99", 1);
	pid = fork();
	if (pid == 0)
		_exit(gone());
	CHECK(status_of(pid) == 0);
	(void)setenv("REMOTE_ADDR", "192.0.2.9", 1);
	pid = fork();
	if (pid == 0)
		_exit(gone());
	CHECK(status_of(pid) == 0);
	(void)setenv("REMOTE_ADDR", "not an address", 1);
	pid = fork();
	if (pid == 0) /* the session is not called: it would say 1 */
		_exit(gone());
	CHECK(status_of(pid) == 0);
	(void)unsetenv("REMOTE_ADDR");
	(void)unsetenv("REMOTE_PORT");
}

TEST(pipe_and_socketpair)
{
	char wanted[100];
	int p[2], s[2];
	pid_t pid;

	(void)snprintf(wanted, sizeof(wanted),
	    "pipe ip= port= local= loop=0 uid=%ld\n", (long)getuid());
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0);
	pid = begin(s[0]);
	(void)close(s[0]);
	hear(s[1]);
	CHECK_STR(said, wanted);
	(void)close(s[1]);
	CHECK(status_of(pid) == 7);

	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(open("/dev/null", O_RDONLY), 0);
		(void)dup2(p[1], 1);
		_exit(start_sessions(session, NULL));
	}
	(void)close(p[1]);
	hear(p[0]);
	CHECK_STR(said, wanted);
	(void)close(p[0]);
	CHECK(status_of(pid) == 7);
}

/* ---- accept mode */

/* Accepts until told to stop. */
static pid_t
server(int l, unsigned all, unsigned each)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)dup2(l, 0);
	(void)dup2(l, 1);
	(void)dup2(l, 2);
	start_limits(all, each, "421 busy\r\n");
	sandbox_start(LOG_FD + 1);
	_exit(start_sessions(session, NULL));
}

static void
stop(pid_t pid)
{
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK(status_of(pid) == 0);
}

TEST(listening_tcp)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int l = listener("127.0.0.1", &ss, &len), i, c;
	pid_t pid = server(l, 10, 10);

	(void)close(l);
	for (i = 0; i < 30; i++) { /* slots come free again */
		c = dial(&ss, len);
		hear(c);
		CHECK(strncmp(said, "inet ip=127.0.0.1 port=", 23) == 0);
		CHECK(shutdown(c, SHUT_WR) == 0 && read(c, said, 1) == 0);
		(void)close(c);
	}
	stop(pid);
}

TEST(listening_unix)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sockaddr_storage ss = { 0 };
	char wanted[100];
	int l, c, i;
	pid_t pid;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path),
	    "/tmp/session-start.%ld", (long)getpid());
	(void)unlink(sun.sun_path);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(l, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(listen(l, 10) == 0);
	pid = server(l, 10, 1); /* which is no limit for our own programs */
	(void)close(l);
	memcpy(&ss, &sun, sizeof(sun));
	(void)snprintf(wanted, sizeof(wanted),
	    "unix ip= port= local= loop=0 uid=%ld\n", (long)getuid());
	for (i = 0; i < 3; i++) {
		c = dial(&ss, sizeof(sun));
		hear(c);
		CHECK_STR(said, wanted);
	}
	stop(pid);
	(void)unlink(sun.sun_path);
}

static int
silent(int fd, long ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };
	char c;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return recv(fd, &c, 1, MSG_PEEK) == -1 && errno == EAGAIN;
}

TEST(limits)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int l = listener("127.0.0.1", &ss, &len), c[4], i;
	pid_t pid = server(l, 100, 2);

	(void)close(l);
	for (i = 0; i < 3; i++)
		c[i] = dial(&ss, len);
	hear(c[0]);
	hear(c[1]);
	CHECK(strncmp(said, "inet ", 5) == 0);
	hear(c[2]);
	CHECK_STR(said, "421 busy\r\n");
	CHECK(read(c[2], said, 1) == 0);
	(void)close(c[2]);
	(void)close(c[1]);
	(void)usleep(50000); /* until its session is reaped */
	c[1] = dial(&ss, len);
	hear(c[1]);
	CHECK(strncmp(said, "inet ", 5) == 0);
	stop(pid);

	/* All slots taken: who comes waits in the queue. */
	l = listener("127.0.0.1", &ss, &len);
	pid = server(l, 1, 100);
	(void)close(l);
	c[0] = dial(&ss, len);
	hear(c[0]);
	c[1] = dial(&ss, len);
	CHECK(silent(c[1], 200));
	(void)close(c[0]);
	hear(c[1]);
	CHECK(strncmp(said, "inet ", 5) == 0);
	stop(pid);
	(void)close(c[1]);
}

static int
stubborn(const struct peer *p, void *ctx)
{
	(void)p;
	(void)ctx;
	(void)signal(SIGTERM, SIG_DFL);
	if (write(1, "up\n", 3) != 3)
		return 1;
	for (;;)
		(void)pause();
}

/* SIGTERM reaches the sessions, and nobody is left behind. */
TEST(term_ends_all)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int l = listener("127.0.0.1", &ss, &len), c;
	pid_t pid = fork();

	if (pid == 0) {
		(void)dup2(l, 0);
		_exit(start_sessions(stubborn, NULL));
	}
	(void)close(l);
	c = dial(&ss, len);
	hear(c);
	CHECK_STR(said, "up\n");
	stop(pid);
	CHECK(read(c, said, 1) == 0);
	(void)close(c);
}

/* systemd's Accept=no without its inetd manners: descriptor 3. */
TEST(listen_fds)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int l = listener("127.0.0.1", &ss, &len), c;
	char text[16];
	pid_t pid = fork();

	if (pid == 0) {
		(void)dup2(open("/dev/null", O_RDWR), 0);
		(void)dup2(l, 3);
		(void)setenv("LISTEN_FDS", "1", 1);
		(void)snprintf(text, sizeof(text), "%ld", (long)getpid());
		(void)setenv("LISTEN_PID", text, 1);
		sandbox_start(3);
		_exit(start_sessions(session, NULL));
	}
	(void)close(l);
	c = dial(&ss, len);
	hear(c);
	CHECK(strncmp(said, "inet ip=127.0.0.1 ", 18) == 0);
	stop(pid);
	(void)close(c);
}

/* Stays while a session runs, leaves when it was idle for a minute (make
 * soak). */
TEST(idle)
{
	struct sockaddr_storage ss;
	socklen_t len;
	time_t began = time(NULL);
	int l, c;
	pid_t pid;

	if (!test_soak())
		return;
	l = listener("127.0.0.1", &ss, &len);
	pid = server(l, 10, 10);
	c = dial(&ss, len);
	hear(c);
	(void)sleep(65);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	(void)close(c);
	CHECK(status_of(pid) == 0);
	CHECK(time(NULL) - began < 65 + 50); /* and not another minute */
	(void)close(l);
}
