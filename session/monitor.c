/* MAY HOLD ROOT. */
#include "session/monitor.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "session/role.h"

enum { MEMORY = 16 << 20 };

/* For the signal handler: the parser of this connection, 0 none. */
static volatile sig_atomic_t parser;

/* The superserver stops us: the parser says goodbye, and ends us too. */
static void
pass_on(int sig)
{
	if (parser != 0)
		(void)kill((pid_t)parser, sig);
}

/* Soft limits only: what an answer forks (an agent, a password check) has
 * limits of its own, which may be higher. */
static int
lower(int what, rlim_t value)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l) == -1)
		return fail("getrlimit");
	if (l.rlim_cur <= value)
		return 0;
	l.rlim_cur = value;
	return setrlimit((__rlimit_resource_t)what, &l) == -1 ?
	    fail("setrlimit") :
	    0;
}

/* Root keeps what its children need to become somebody else (SETUID, SETGID,
 * SYS_CHROOT), to end the parser (KILL) and to read the users file of another
 * owner (DAC_READ_SEARCH). */
static int
lower_capabilities(void)
{
	const uint32_t kept = 1u << CAP_SETUID | 1u << CAP_SETGID |
	    1u << CAP_SYS_CHROOT | 1u << CAP_KILL | 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct cap[2];

	if (!role_root())
		return 0;
	if (syscall(SYS_capget, &head, cap) == -1)
		return fail("capget");
	cap[0].effective = cap[0].permitted = cap[0].permitted & kept;
	cap[1].effective = cap[1].permitted = 0;
	cap[0].inheritable = cap[1].inheritable = 0;
	return syscall(SYS_capset, &head, cap) == -1 ? fail("capset") : 0;
}

static int
lower_self(void)
{
#ifndef MAILROOM_SANITIZE
	if (lower(RLIMIT_AS, MEMORY) == -1)
		return -1;
#endif
	return lower(RLIMIT_NOFILE, RECORD_FILES) == -1 ? -1 :
							  lower_capabilities();
}

/* The rule that a request breaks, or NULL. */
static const char *
broken_rule(struct monitor *m, const struct record *r)
{
	const struct right *right;

	if (r->kind >= MONITOR_KINDS)
		return "unknown";
	right = &m->rights[r->kind];
	if (right->times == 0 || right->answer == NULL)
		return "unknown";
	if (r->len > right->longest)
		return "too-long";
	if (m->used[r->kind] >= right->times)
		return "too-often";
	m->used[r->kind]++;
	return NULL;
}

/* Wait for a request.  False: none will come, the parser has ended.  Its end
 * of the socket does not tell that surely: somebody else may hold it. */
static bool
asked(const struct monitor *m)
{
	struct pollfd p[2] = { { .fd = m->sock, .events = POLLIN },
		{ .fd = m->life, .events = POLLIN } };

	while (poll(p, 2, -1) == -1 && errno == EINTR)
		continue;
	return p[0].revents != 0;
}

/* Receive and answer one.  1: go on; 0: done with success; 2: the parser is
 * gone; -1: it is to be killed, the reason is logged. */
static int
serve_one(struct monitor *m)
{
	static struct record r;
	const char *rule;
	int fd = -1, n;

	n = asked(m) ? record_recv(m->sock, &r, &fd, -1) : 0;
	if (n == 0)
		return 2;
	if (n == -1) {
		log_line(LOG_ERR, "monitor rule=%s error=%d",
		    errno == EBADMSG ? "bad-record" : "receive", errno);
		return -1;
	}
	rule = broken_rule(m, &r);
	n = -1;
	if (rule != NULL)
		log_line(LOG_ERR, "monitor rule=%s kind=%u len=%u", rule,
		    (unsigned)r.kind, (unsigned)r.len);
	else
		n = m->rights[r.kind].answer(m, &r, fd);
	if (fd != -1)
		(void)close(fd);
	/* Nothing that is forked later is to find a password here. */
	explicit_bzero(r.data, r.len);
	if (rule == NULL && n == -1)
		log_line(LOG_ERR, "monitor kind=%u reason=\"%s\"",
		    (unsigned)r.kind, fail_text());
	return n == 0 ? 1 : n == 1 ? 0 : -1;
}

/* The parser's end as an exit status for main. */
static int
reap_parser(struct monitor *m)
{
	int status;

	while (waitpid(m->child, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	parser = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_line(LOG_ERR, "monitor parser-signal=%d", WTERMSIG(status));
	return EX_OSERR;
}

static void
kill_parser(struct monitor *m)
{
	int status;

	(void)kill(m->child, SIGKILL);
	while (waitpid(m->child, &status, 0) == -1 && errno == EINTR)
		continue;
	parser = 0;
}

/* Those that answers forked, as they end; the parser is left for later. */
static void
reap_others(struct monitor *m)
{
	siginfo_t who;

	for (;;) {
		who.si_pid = 0;
		if (waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    who.si_pid == 0 || who.si_pid == m->child)
			return;
		(void)waitpid(who.si_pid, NULL, 0);
	}
}

int
monitor_serve(struct monitor *m)
{
	struct sigaction term = { .sa_handler = pass_on,
		.sa_flags = SA_RESTART };
	int r = -1, status = EX_OSERR;

	parser = m->child;
	m->life = pidfd_open(m->child, 0); /* poll(2) passes over -1 */
	(void)sigaction(SIGTERM, &term, NULL);
	if (lower_self() == -1)
		log_line(LOG_ERR, "monitor reason=\"%s\"", fail_text());
	else {
		if (m->first != NULL)
			m->first(m);
		while ((r = serve_one(m)) == 1)
			reap_others(m);
	}
	if (r == 0) {
		(void)close(m->sock);
		(void)close(m->life);
		return 0;
	}
	/* Before the wait: who holds our end is to see that it is over. */
	monitor_leave(LOG_FD);
	if (r == 2)
		status = reap_parser(m);
	else
		kill_parser(m);
	while (waitpid(-1, NULL, 0) != -1 || errno == EINTR)
		continue;
	return status;
}

/* By close_range: what a close has missed goes too. */
void
monitor_leave(int sock)
{
	const unsigned kept = (unsigned)sock;

	if (kept < STDERR_FILENO) {
		(void)close_range(1 - kept, 1 - kept, 0);
		(void)close_range(LOG_FD + 1, UINT_MAX, 0);
		return;
	}
	(void)close_range(0, STDERR_FILENO - 1, 0);
	if (kept > LOG_FD + 1)
		(void)close_range(LOG_FD + 1, kept - 1, 0);
	(void)close_range(kept + 1, UINT_MAX, 0);
}

int
monitor_log(struct monitor *m, const struct record *r, int fd)
{
	int priority = r->value;

	(void)m;
	(void)fd;
	if (priority < LOG_ERR || priority > LOG_INFO)
		priority = LOG_ERR;
	log_raw(priority, r->data, r->len);
	return 0;
}

static int client = -1;
static unsigned lines;

static void
send_line(int priority, const char *line, size_t len)
{
	lines++;
	(void)record_send(client, ASK_LOG, priority, span_n(line, len), -1);
}

void
monitor_client(int sock)
{
	client = sock;
	log_to(send_line);
}

void
monitor_parser(int sock, int other)
{
	const int last = other == -1 ? sock : other;

	(void)close_range(LOG_FD, (unsigned)sock - 1, 0);
	if (last > sock + 1)
		(void)close_range((unsigned)sock + 1, (unsigned)last - 1, 0);
	(void)close_range((unsigned)last + 1, UINT_MAX, 0);
	monitor_client(sock);
}

unsigned
monitor_lines(void)
{
	return lines;
}
