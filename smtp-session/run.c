/* The message goes in by one pipe while the output comes by another, and the
 * end of the process is a third descriptor: whatever it does or does not read
 * or write, and whatever it leaves running in the background, this ends.
 *
 * The process has the user's rights and no more: no set-user-id program gives
 * it others.  It leads a session of its own, which is killed with it. */
#include "smtp-session/run.h"

#include <bsd/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message/clock.h"
#include "message/fail.h"

enum {
	IN, /* to the command */
	OUT, /* from it */
	END, /* of the process */
	ENV_MAX = 16,
	EX_NOT_RUN = 126, /* of sh(1): no right to it, and not found */
	EX_NOT_FOUND = 127,
	EX_LATER = 75,
	EX_ENOUGH = 99, /* qmail's, and its EX_LATER */
	EX_QMAIL_LATER = 111,
};

struct run {
	const struct outlet *outlet;
	const struct run_mail *mail;
	pid_t pid;
	struct pollfd fd[3];
	struct span head; /* not yet written */
	off_t at; /* of the message, read so far */
	size_t from, to; /* in block: read, not yet written */
	char block[16384];
	struct buf said;
};

/* ---- the child */

struct environment {
	struct buf text;
	size_t at[ENV_MAX];
	size_t n;
};

static void
set(struct environment *e, const char *name, const char *value)
{
	e->at[e->n++] = e->text.len;
	buf_printf(&e->text, "%s=%s", name, value);
	buf_char(&e->text, '\0');
}

/* What Postfix and qmail tell, by the same names. */
static void
environment(struct environment *e, const struct outlet *o,
    const struct run_mail *m)
{
	const char *at = strrchr(o->box.final, '@');
	char local[ADDR_LOCAL_MAX + 1], base[ADDR_LOCAL_MAX + 1];

	(void)snprintf(local, sizeof(local), "%.*s", (int)(at - o->box.final),
	    o->box.final);
	set(e, "PATH", "/usr/local/bin:/usr/bin:/bin");
	set(e, "SHELL", "/bin/sh");
	set(e, "HOME", o->box.user.home);
	set(e, "USER", o->box.user.name);
	set(e, "LOGNAME", o->box.user.name);
	set(e, "SENDER", m->from);
	set(e, "RECIPIENT", o->box.final);
	set(e, "ORIGINAL_RECIPIENT", m->original);
	set(e, "EXTENSION", box_base(local, base));
	set(e, "LOCAL", base);
	set(e, "DOMAIN", at + 1);
}

static _Noreturn void
become_command(const struct run *r, const int in[2], const int out[2])
{
	static char *argv[] = { NULL, NULL, NULL, NULL };
	char *envp[ENV_MAX + 1];
	struct environment e = { .n = 0 };
	sigset_t none;

	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in[0], 0) == -1 || dup2(out[1], 1) == -1 ||
	    dup2(out[1], 2) == -1 || chdir(r->outlet->box.user.home) == -1)
		_exit(EX_LATER);
	closefrom(3);
	(void)alarm(0);
	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	buf_init(&e.text, 32768);
	environment(&e, r->outlet, r->mail);
	argv[0] = strdup("sh");
	argv[1] = strdup("-c");
	argv[2] = strdup(r->outlet->text);
	if (e.text.over || argv[0] == NULL || argv[1] == NULL ||
	    argv[2] == NULL)
		_exit(EX_LATER);
	for (size_t i = 0; i < e.n; i++)
		envp[i] = e.text.p + e.at[i];
	envp[e.n] = NULL;
	(void)execve("/bin/sh", argv, envp);
	_exit(EX_LATER);
}

static int
start(struct run *r)
{
	int in[2], out[2] = { -1, -1 }, e;

	if (pipe2(in, O_CLOEXEC) == -1)
		return fail("pipe");
	if (pipe2(out, O_CLOEXEC) == -1 || (r->pid = fork()) == -1) {
		e = errno;
		(void)close(in[0]);
		(void)close(in[1]);
		if (out[0] != -1) {
			(void)close(out[0]);
			(void)close(out[1]);
		}
		errno = e;
		return fail("start a command");
	}
	if (r->pid == 0)
		become_command(r, in, out);
	(void)close(in[0]);
	(void)close(out[1]);
	(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	r->fd[IN] = (struct pollfd){ in[1], POLLOUT, 0 };
	r->fd[OUT] = (struct pollfd){ out[0], POLLIN, 0 };
	r->fd[END] = (struct pollfd){ pidfd_open(r->pid, 0), POLLIN, 0 };
	return r->fd[END].fd == -1 ? fail("pidfd_open") : 0;
}

/* ---- beside it */

static void
shut(struct run *r, int which)
{
	if (r->fd[which].fd != -1)
		(void)close(r->fd[which].fd);
	r->fd[which].fd = -1;
}

/* Some of the message.  A command need not read all of it. */
static int
feed(struct run *r)
{
	ssize_t n;

	if (r->head.len > 0) {
		n = write(r->fd[IN].fd, r->head.p, r->head.len);
		if (n > 0)
			r->head = span_from(r->head, (size_t)n);
	} else {
		if (r->from == r->to) {
			n = pread(r->mail->fd, r->block, sizeof(r->block),
			    r->at);
			if (n == -1)
				return fail("read the message");
			if (n == 0) {
				shut(r, IN);
				return 0;
			}
			r->at += n;
			r->from = 0;
			r->to = (size_t)n;
		}
		n = write(r->fd[IN].fd, r->block + r->from, r->to - r->from);
		if (n > 0)
			r->from += (size_t)n;
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		shut(r, IN);
	return 0;
}

/* Some of its output; the first of it is kept.  False: there is no more. */
static bool
hear(struct run *r)
{
	char some[4096];
	ssize_t n = read(r->fd[OUT].fd, some, sizeof(some));
	size_t room = RUN_SAID - r->said.len;

	if (n == -1)
		return errno == EINTR;
	buf_add(&r->said, some, (size_t)n < room ? (size_t)n : room);
	if (n == 0)
		shut(r, OUT);
	return n > 0;
}

/* Until the process has ended.  1; 0: the time is over; -1. */
static int
watch(struct run *r)
{
	int64_t end = clock_ms() + (int64_t)RUN_SECONDS * 1000, left;

	while ((left = end - clock_ms()) > 0) {
		int n = poll(r->fd, 3, (int)left);

		if (n == -1 && errno != EINTR)
			return fail("poll");
		if (n <= 0)
			continue;
		if (r->fd[IN].fd != -1 && r->fd[IN].revents != 0 &&
		    feed(r) == -1)
			return -1;
		if (r->fd[OUT].fd != -1 && r->fd[OUT].revents != 0)
			(void)hear(r);
		if (r->fd[END].revents != 0) {
			while (r->fd[OUT].fd != -1 && hear(r))
				;
			return 1;
		}
	}
	return 0;
}

/* Its output as lines that an SMTP reply can hold. */
static void
quote(struct buf *out, struct span said)
{
	size_t in_line = 0;

	said = span_trim(said);
	while (said.len > 0 && said.p[said.len - 1] == '\n')
		said.len--;
	if (said.len > 0)
		buf_str(out, "; it said:\n");
	for (size_t i = 0; i < said.len; i++) {
		char c = said.p[i];

		if (c == '\n' || in_line == RUN_LINE) {
			buf_char(out, '\n');
			in_line = 0;
		}
		if (c == '\n' || c == '\r')
			continue;
		buf_char(out, c < ' ' || c > '~' ? '?' : c);
		in_line++;
	}
}

static enum run_end
by_status(int status)
{
	switch (status) {
	case 0:
		return RUN_DONE;
	case EX_ENOUGH:
		return RUN_ENOUGH;
	case EX_LATER:
	case EX_QMAIL_LATER:
	case EX_NOT_RUN:
	case EX_NOT_FOUND:
		return RUN_LATER;
	default:
		return RUN_REFUSED;
	}
}

static enum run_end
judge(struct run *r, int got, int wait_status, int *status, struct buf *said)
{
	enum run_end end = RUN_LATER;

	*status = 0;
	if (got == 0)
		buf_printf(said, "the command took more than %d seconds",
		    RUN_SECONDS);
	else if (got == -1)
		buf_str(said, fail_text());
	else if (!WIFEXITED(wait_status))
		buf_printf(said, "the command was ended by signal %d",
		    WTERMSIG(wait_status));
	else {
		*status = WEXITSTATUS(wait_status);
		end = by_status(*status);
		buf_printf(said, "the command ended with status %d", *status);
	}
	quote(said, buf_all(&r->said));
	return end;
}

enum run_end
run_command(const struct outlet *o, const struct run_mail *m, int *status,
    struct buf *said)
{
	static struct run r;
	siginfo_t ended;
	int got, wait_status = 0;
	enum run_end end;

	r = (struct run){ .outlet = o, .mail = m, .pid = -1, .head = m->head };
	for (int i = 0; i < 3; i++)
		r.fd[i].fd = -1;
	buf_init(&r.said, RUN_SAID);
	got = start(&r) == -1 ? -1 : watch(&r);
	if (r.pid > 0) {
		if (got != 1)
			(void)kill(r.pid, SIGKILL);
		while (waitid(P_PID, (id_t)r.pid, &ended, WEXITED | WNOWAIT) ==
			-1 &&
		    errno == EINTR)
			;
		/* What it left, while its number is not yet another's. */
		(void)kill(-r.pid, SIGKILL);
		while (waitpid(r.pid, &wait_status, 0) == -1 && errno == EINTR)
			;
	}
	for (int i = 0; i < 3; i++)
		shut(&r, i);
	end = judge(&r, got, wait_status, status, said);
	buf_free(&r.said);
	return end;
}
