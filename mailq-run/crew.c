/* MAY HOLD ROOT.  Forks and locks down; no child execs but for helpers, which
 * lock themselves down. */
#include "mailq-run/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mailq-run/packet.h"
#include "mailq-run/resolver.h"
#include "mailq-run/worker.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/sandbox.h"
#include "session/tls.h"

enum {
	MEMORY = 64 << 20,
	FETCHER = 256 << 20,
	FILES = 16,
	CPU = 60,
	CPU_DNS = 3600
};

/* No way back from here; -1: the child must end. */
static int
lock_down(const struct crew *c, enum sandbox_class class, unsigned files,
    unsigned cpu)
{
	const struct limits limits = {
		.memory = MEMORY,
		.file = 0,
		.files = files,
		.cpu = cpu,
		.procs = role_root() ? 0 : -1,
	};

	if (role_jail(&c->net, c->empty) == -1 ||
	    sandbox_limits(&limits) == -1 || sandbox_files(NULL, 0) == -1)
		return -1;
	/* After the change of user, which would forget it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return fail("prctl");
	return sandbox_calls(class);
}

/* The one descriptor a child needs, as 0; nothing else stays open but the
 * log, until it too goes. */
static int
keep_only(int fd)
{
	if (fd != 0 && dup2(fd, 0) == -1)
		return fail("dup2");
	if (close_range(1, 2, 0) == -1 || close_range(4, UINT_MAX, 0) == -1)
		return fail("close_range");
	return 0;
}

static void
trouble(const char *who)
{
	log_line(LOG_ERR, "%s error=\"%s\"", who, fail_text());
	_exit(71);
}

/* A child that works at "fd".  1: this is the child; 0: the parent, also when
 * there is no child, as the manager sees by the end of its pair; -1. */
static int
fork_for(int fd)
{
	pid_t pid;

	if (fd == -1)
		return fail_as(EBADMSG, "no descriptor");
	pid = fork();
	if (pid == -1)
		log_line(LOG_ERR, "fork error=%d", errno);
	return pid == 0;
}

static int
fork_worker(struct monitor *m, const struct record *r, int fd)
{
	const struct crew *c = m->ctx;
	int got = fork_for(fd);

	(void)r;
	if (got != 1)
		return got;
	if (keep_only(fd) == -1 ||
	    lock_down(c, SANDBOX_PARSER, RECORD_FILES, CPU) == -1)
		trouble("worker");
	(void)close(LOG_FD);
	_exit(worker_serve(0));
}

static int
fork_resolver(struct monitor *m, const struct record *r, int fd)
{
	const struct crew *c = m->ctx;
	pid_t pid;

	(void)r;
	if (fd == -1)
		return fail_as(EBADMSG, "no descriptor");
	pid = fork();
	if (pid != 0)
		return pid == -1 ? fail("fork") : 0;
	if (keep_only(fd) == -1 || packet_start() == -1 ||
	    lock_down(c, SANDBOX_DNS, DNS_WINDOW + FILES, CPU_DNS) == -1 ||
	    resolver_serve(0, c->servers, c->hurry) == -1)
		trouble("resolver");
	_exit(0);
}

/* A policy as the manager may send it. */
static bool
read_policy(struct tls_policy *p, const struct record *r)
{
	if (r->len != sizeof(*p))
		return false;
	memcpy(p, r->data, sizeof(*p));
	for (size_t i = 0; i < TLS_ALSO_MAX; i++)
		if (memchr(p->also[i], '\0', sizeof(p->also[i])) == NULL)
			return false;
	return p->mode <= TLS_DANE && p->records <= TLS_RECORDS_MAX &&
	    memchr(p->name, '\0', sizeof(p->name)) != NULL;
}

/* In a child of its own, which waits for the relay's handshake. */
static void
handshake(const struct crew *c, int pair)
{
	static struct record r;
	static struct tls_policy p;
	static struct tls_info info;
	static const char *const modes[] = {
		[TLS_MAY] = "nobody",
		[TLS_VERIFY] = "authority",
		[TLS_DANE] = "DANE",
	};
	int sock = -1, fd = -1;

	if (record_recv(pair, &r, &sock, 0) == 1 && sock != -1 &&
	    read_policy(&p, &r))
		fd = tls_client(c->config, sock, &p, &info);
	if (fd == -1)
		log_line(LOG_NOTICE, "tls host=%s error=\"%s\"", p.name,
		    fail_text());
	else
		log_line(LOG_INFO, "tls host=%s version=%s cipher=%s by=%s",
		    p.name, info.version, info.cipher, modes[p.mode]);
	(void)record_send(pair, 0, fd != -1,
	    fd != -1 ? span_n(&info.binding, sizeof(info.binding)) :
		       span(fail_text()),
	    fd);
}

static int
fork_handshake(struct monitor *m, const struct record *r, int fd)
{
	int got = fork_for(fd);

	(void)r;
	if (got != 1)
		return got;
	(void)close(m->sock);
	handshake(m->ctx, fd);
	_exit(0);
}

/* The helper mta-sts, which knows how to become less. */
static void
become_fetcher(const struct crew *c)
{
	const struct limits wide = { .memory = FETCHER,
		.file = LIMIT_NONE,
		.procs = -1 };
	char path[sizeof(c->config->helpers) + 16];
	char role[sizeof(c->config->net_user)];
	char *argv[] = { path, role, NULL };

	/* Our own are too tight for its libraries; nothing of it may take the
	 * place of the standard descriptors. */
	if (sandbox_limits(&wide) == -1 || open("/dev/null", O_RDWR) != 1 ||
	    open("/dev/null", O_RDWR) != 2)
		return;
	(void)snprintf(path, sizeof(path), "%s/mta-sts", c->config->helpers);
	(void)snprintf(role, sizeof(role), "%s", c->config->net_user);
	(void)execv(path, argv);
	log_line(LOG_ERR, "mta-sts error=\"%s: %s\"", path, strerror(errno));
}

static int
fork_fetcher(struct monitor *m, const struct record *r, int fd)
{
	int got = fork_for(fd);

	(void)r;
	if (got != 1)
		return got;
	if (keep_only(fd) == 0)
		become_fetcher(m->ctx);
	_exit(0);
}

const struct right crew_rights[MONITOR_KINDS] = {
	[ASK_LOG] = { 1000000, 512, monitor_log },
	[CREW_WORKER] = { UINT_MAX, 0, fork_worker },
	[CREW_RESOLVER] = { 1, 0, fork_resolver },
	[CREW_TLS] = { UINT_MAX, 0, fork_handshake },
	[CREW_FETCH] = { UINT_MAX, 0, fork_fetcher },
};
