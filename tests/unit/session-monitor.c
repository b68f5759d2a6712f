/* The monitor's table of rights, against parsers that break it. */
#include "session/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "tests/unit/test.h"

enum { ASK_ECHO = 1, ASK_DONE, ASK_FAIL, ASK_FORK, ASK_POWERS, ASK_LEFT };

static char logged[4096]; /* what the monitor wrote */

/* So that no socket of a test gets that number. */
__attribute__((constructor)) static void
reserve_log_fd(void)
{
	log_open("test", "/dev/null");
}

static int
answer_echo(struct monitor *m, const struct record *r, int fd)
{
	return record_send(m->sock, ASK_ECHO, r->value + (fd != -1),
	    record_span(r), -1);
}

static int
answer_done(struct monitor *m, const struct record *r, int fd)
{
	(void)r;
	(void)fd;
	(void)kill(m->child, SIGKILL);
	(void)waitpid(m->child, NULL, 0);
	return 1;
}

static int
answer_fail(struct monitor *m, const struct record *r, int fd)
{
	(void)m;
	(void)r;
	(void)fd;
	return fail_as(EIO, "the disk is sad");
}

/* An agent that outlives the parser by a moment. */
static int
answer_fork(struct monitor *m, const struct record *r, int fd)
{
	pid_t pid = fork();

	(void)fd;
	if (pid == 0) {
		(void)usleep(50000);
		log_line(LOG_INFO, "agent %d", r->value);
		_exit(0);
	}
	return record_send(m->sock, ASK_FORK, (int32_t)pid, span(""), -1);
}

/* What of root's powers is left: capabilities and the soft limits. */
static int
answer_powers(struct monitor *m, const struct record *r, int fd)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct cap[2];
	struct rlimit as, files;
	char text[100];

	(void)r;
	(void)fd;
	(void)syscall(SYS_capget, &head, cap);
	(void)getrlimit(RLIMIT_AS, &as);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)snprintf(text, sizeof(text), "%x %x %lu %lu", cap[0].permitted,
	    cap[1].permitted, (unsigned long)as.rlim_cur,
	    (unsigned long)files.rlim_cur);
	return record_send(m->sock, ASK_POWERS, 0, span(text), -1);
}

/* What of the request before is still in the record. */
static int
answer_left(struct monitor *m, const struct record *r, int fd)
{
	(void)fd;
	return record_send(m->sock, ASK_LEFT, memcmp(r->data, "\0\0\0", 4),
	    span(""), -1);
}

static const struct right rights[MONITOR_KINDS] = {
	[ASK_LOG] = { 3, 100, monitor_log },
	[ASK_ECHO] = { 2, 4, answer_echo },
	[ASK_DONE] = { 1, 0, answer_done },
	[ASK_FAIL] = { 1, 0, answer_fail },
	[ASK_FORK] = { 5, 0, answer_fork },
	[ASK_POWERS] = { 1, 0, answer_powers },
	[ASK_LEFT] = { 1, 0, answer_left },
};

static struct record r;

/* In the parser: ask and get the answer. */
static bool
ask(int sock, uint32_t kind, const char *text)
{
	return record_send(sock, kind, 5, span(text), -1) == 0 &&
	    record_recv(sock, &r, NULL, 5000) == 1;
}

/* Run parser under a monitor, both in processes of their own.  The monitor's
 * exit status; what it logged is in "logged". */
static int
run(int (*parser)(int sock))
{
	int pair[2], log[2], status = 0;
	pid_t pid;
	ssize_t n;

	if (record_pair(pair) == -1 || pipe(log) == -1)
		_exit(71);
	pid = fork();
	if (pid == 0) {
		struct monitor m = { .sock = pair[0], .rights = rights };

		(void)dup2(log[1], LOG_FD);
		log_inherit("test");
		log_id("id1");
		m.child = fork();
		if (m.child == 0) {
			(void)close(pair[0]);
			monitor_client(pair[1]);
			_exit(parser(pair[1]));
		}
		(void)close(pair[1]);
		(void)close(log[0]);
		(void)close(log[1]);
		_exit(monitor_serve(&m));
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(log[1]);
	memset(logged, 0, sizeof(logged));
	for (size_t at = 0;
	     (n = read(log[0], logged + at, sizeof(logged) - 1 - at)) > 0;)
		at += (size_t)n;
	(void)close(log[0]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reaches its end only when nobody kills it. */
static int
survived(void)
{
	(void)usleep(200000);
	log_line(LOG_INFO, "survived");
	return 0;
}

static int
good(int sock)
{
	log_line(LOG_NOTICE, "hello \x01 %d", 7);
	if (!ask(sock, ASK_ECHO, "four") || r.value != 5)
		return 1;
	if (record_send(sock, ASK_ECHO, 1, span(""), 1) == -1 ||
	    record_recv(sock, &r, NULL, 5000) != 1 || r.value != 2)
		return 2;
	return 42;
}

TEST(answers_and_passes_the_status_on)
{
	CHECK(run(good) == 42);
	CHECK(strstr(logged, "]: id1 hello \\x01 7\n") != NULL);
	CHECK(strstr(logged, "rule=") == NULL);
}

static int
forgets(int sock)
{
	if (!ask(sock, ASK_ECHO, "four") || !ask(sock, ASK_LEFT, ""))
		return 1;
	return r.value == 0 ? 42 : 2;
}

TEST(no_password_stays_in_the_record)
{
	CHECK(run(forgets) == 42);
}

static int
too_often(int sock)
{
	(void)ask(sock, ASK_ECHO, "");
	(void)ask(sock, ASK_ECHO, "");
	(void)ask(sock, ASK_ECHO, "");
	return survived();
}

static int
too_long(int sock)
{
	(void)ask(sock, ASK_ECHO, "12345");
	return survived();
}

static int
unknown(int sock)
{
	(void)ask(sock, MONITOR_KINDS - 1, "");
	return survived();
}

static int
out_of_table(int sock)
{
	(void)ask(sock, UINT32_MAX, "");
	return survived();
}

static int
no_record(int sock)
{
	(void)send(sock, "junk", 4, 0);
	return survived();
}

static int
log_too_often(int sock)
{
	int i;

	(void)sock;
	for (i = 0; i < 5; i++)
		log_line(LOG_INFO, "line %d", i);
	return survived();
}

TEST(broken_rules_end_the_connection)
{
	CHECK(run(too_often) == 71);
	CHECK(strstr(logged, "id1 monitor rule=too-often kind=1 len=0\n"));
	CHECK(run(too_long) == 71);
	CHECK(strstr(logged, "id1 monitor rule=too-long kind=1 len=5\n"));
	CHECK(run(unknown) == 71);
	CHECK(strstr(logged, "id1 monitor rule=unknown kind=15 len=0\n"));
	CHECK(run(out_of_table) == 71);
	CHECK(strstr(logged, "rule=unknown kind=4294967295 len=0\n"));
	CHECK(run(no_record) == 71);
	CHECK(strstr(logged, "id1 monitor rule=bad-record"));
	CHECK(strstr(logged, "survived") == NULL);
	CHECK(run(log_too_often) == 71);
	CHECK(strstr(logged, "line 2\n") && !strstr(logged, "line 3\n"));
	CHECK(strstr(logged, "rule=too-often kind=0"));
}

static int
fails(int sock)
{
	(void)ask(sock, ASK_FAIL, "");
	return survived();
}

TEST(an_answer_that_fails)
{
	CHECK(run(fails) == 71);
	CHECK(strstr(logged, "monitor kind=3 reason=\"the disk is sad\"\n"));
	CHECK(strstr(logged, "survived") == NULL);
}

static int
done(int sock)
{
	(void)ask(sock, ASK_DONE, "");
	return survived();
}

TEST(done_is_success)
{
	CHECK(run(done) == 0);
	CHECK(strstr(logged, "survived") == NULL);
}

static int
killed(int sock)
{
	(void)sock;
	abort();
}

TEST(a_parser_that_dies)
{
	CHECK(run(killed) == 71);
	CHECK(strstr(logged, "id1 monitor parser-signal=6\n"));
}

/* Ended agents are reaped at the next request; the rest at the end. */
static int
forks(int sock)
{
	pid_t first;

	if (!ask(sock, ASK_FORK, ""))
		return 1;
	first = r.value;
	(void)usleep(100000);
	if (!ask(sock, ASK_FORK, "") || !ask(sock, ASK_FORK, ""))
		return 2;
	return kill(first, 0) == -1 && errno == ESRCH ? 0 : 3;
}

TEST(agents_are_waited_for)
{
	const char *one;

	CHECK(run(forks) == 0);
	one = strstr(logged, "agent 5\n");
	CHECK(one != NULL && (one = strstr(one + 1, "agent 5\n")) != NULL &&
	    strstr(one + 1, "agent 5\n") != NULL);
}

static int
powers(int sock)
{
	if (!ask(sock, ASK_POWERS, ""))
		return 1;
	log_line(LOG_INFO, "powers %s.", r.data);
	return 0;
}

TEST(powers_are_lowered)
{
	CHECK(run(powers) == 0);
#ifdef MAILROOM_SANITIZE
	CHECK(strstr(logged, " 1024.") != NULL);
#else
	CHECK(strstr(logged, " 16777216 1024.") != NULL);
#endif
	/* SETUID SETGID SYS_CHROOT KILL DAC_READ_SEARCH, or what there was */
	if (geteuid() == 0)
		CHECK(strstr(logged, "powers 400e4 0 ") != NULL);
	else
		CHECK(strstr(logged, "powers 0 0 ") != NULL);
}

static volatile sig_atomic_t told;

static void
goodbye(int sig)
{
	(void)sig;
	told = 1;
}

static int
waits_for_term(int sock)
{
	(void)sock;
	(void)signal(SIGTERM, goodbye);
	log_line(LOG_INFO, "ready");
	while (!told)
		(void)usleep(1000);
	return 9;
}

TEST(term_is_passed_on)
{
	struct monitor m = { .rights = rights };
	int pair[2], status;
	pid_t pid;

	CHECK(record_pair(pair) == 0);
	pid = fork();
	if (pid == 0) {
		m.sock = pair[0];
		m.child = fork();
		if (m.child == 0) {
			(void)close(pair[0]);
			monitor_client(pair[1]);
			_exit(waits_for_term(pair[1]));
		}
		(void)close(pair[1]);
		_exit(monitor_serve(&m));
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)usleep(100000);
	(void)kill(pid, SIGTERM);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}
