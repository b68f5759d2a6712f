/* Environment, descriptors, rlimits and Landlock; the seccomp programs stand
 * in syscalls.c. */
#include "session/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/span.h"
#include "session/config.h"
#include "session/role.h"

/* systemd hands the socket over as descriptor 3; every other superserver, and
 * all that follows here, knows it as 0. */
static void
take_listen_fd(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	struct stat st;
	uint64_t n;

	if (fds == NULL || pid == NULL || strcmp(fds, "1") != 0 ||
	    span_number(span(pid), INT32_MAX, &n) == -1 || (pid_t)n != getpid())
		return;
	if (fstat(3, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	(void)dup2(3, 0);
	(void)dup2(3, 1);
	(void)close(3);
}

static bool
same_socket(const struct stat *a, int fd)
{
	struct stat b;

	return fstat(fd, &b) == 0 && S_ISSOCK(b.st_mode) &&
	    a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* 0, 1 and 2 exist, and 2 is not the client. */
static void
settle_standard(void)
{
	struct stat st;
	int fd, null = open("/dev/null", O_RDWR);

	if (null == -1)
		_exit(71); /* a later open() would become the client */
	while (null <= 2) { /* some of them were closed */
		null = dup(null);
		if (null == -1)
			_exit(71);
	}
	if (fstat(2, &st) == -1 || same_socket(&st, 0) || same_socket(&st, 1))
		(void)dup2(null, 2);
	for (fd = 0; fd <= 2; fd++)
		(void)fcntl(fd, F_SETFD, 0);
	(void)close(null);
}

/* Nothing of the starter's environment survives but who the client is. */
static void
clean_environment(void)
{
	static char path[] = "PATH=/usr/bin:/bin";
	static char addr[80], port[32];
	static char *clean[4];
	const char *s;
	int n = 0;

	clean[n++] = path;
	s = getenv("REMOTE_ADDR");
	if (s != NULL && strlen(s) < 60) {
		(void)snprintf(addr, sizeof(addr), "REMOTE_ADDR=%s", s);
		clean[n++] = addr;
	}
	s = getenv("REMOTE_PORT");
	if (s != NULL && strlen(s) < 10) {
		(void)snprintf(port, sizeof(port), "REMOTE_PORT=%s", s);
		clean[n++] = port;
	}
	environ = clean;
}

#ifdef MAILROOM_SANITIZE
/* The search for leaks traces the process and reads /proc: not possible, and
 * an error, where rights have been given up. */
static int started;
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return started;
}
#endif

void
sandbox_start(int keep_from)
{
	const struct rlimit none = { 0, 0 };

#ifdef MAILROOM_SANITIZE
	started = 1;
#endif
	if (keep_from == 3)
		take_listen_fd();
	settle_standard();
	closefrom(keep_from);
	clean_environment();
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int
limit(int what, uint64_t value, const char *name)
{
	struct rlimit l;

	/* The C library's own type for "what" differs between languages. */
	if (getrlimit((__rlimit_resource_t)what, &l) == -1)
		return fail("rlimit %s", name);
	/* What allows less already stays, we could not raise it. */
	if (l.rlim_max > value)
		l.rlim_max = value;
	l.rlim_cur = l.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &l) == -1)
		return fail("rlimit %s", name);
	return 0;
}

int
sandbox_limits(const struct limits *l)
{
#ifndef MAILROOM_SANITIZE /* its shadow memory is terabytes */
	if (l->memory != 0 && limit(RLIMIT_AS, l->memory, "AS") == -1)
		return -1;
	if (l->data != 0 && limit(RLIMIT_DATA, l->data, "DATA") == -1)
		return -1;
#endif
	if (l->file != LIMIT_NONE &&
	    limit(RLIMIT_FSIZE, l->file, "FSIZE") == -1)
		return -1;
	if (l->files != 0 && limit(RLIMIT_NOFILE, l->files, "NOFILE") == -1)
		return -1;
	if (l->cpu != 0 && limit(RLIMIT_CPU, l->cpu, "CPU") == -1)
		return -1;
	if (l->procs >= 0 &&
	    limit(RLIMIT_NPROC, (uint64_t)l->procs, "NPROC") == -1)
		return -1;
	return 0;
}

int
sandbox_final(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail("no_new_privs");
	return 0;
}

/* Landlock as the kernel has it, whatever the headers know: the numbers are
 * the same on every architecture. */
enum {
	NR_CREATE_RULESET = 444,
	NR_ADD_RULE = 445,
	NR_RESTRICT_SELF = 446,
	ASK_VERSION = 1, /* flag of CREATE_RULESET */
	PATH_BENEATH = 1,
};

enum {
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	/* What files need; no device, socket, pipe or symlink is made, and
	 * nothing is executed. */
	FS_WANTED = FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_DIR |
	    FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE,
};

/* Rights that the kernel of this version knows, so all are denied by
 * default. */
static uint64_t
known_rights(long version)
{
	if (version >= 5)
		return 0xffff; /* + IOCTL_DEV */
	if (version >= 3)
		return 0x7fff; /* + TRUNCATE */
	if (version == 2)
		return 0x3fff; /* + REFER */
	return 0x1fff;
}

struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t dir;
} __attribute__((packed));

static int
restrict_to(int ruleset, uint64_t allowed, const int *dirs, size_t n)
{
	struct beneath b = { .allowed = allowed };
	size_t i;

	for (i = 0; i < n; i++) {
		b.dir = dirs[i];
		if (syscall(NR_ADD_RULE, ruleset, PATH_BENEATH, &b, 0) == -1)
			return fail("landlock_add_rule");
	}
	if (syscall(NR_RESTRICT_SELF, ruleset, 0) == -1)
		return fail("landlock_restrict_self");
	return 0;
}

int
sandbox_files(const int *dirs, size_t n)
{
	struct ruleset r = { 0 };
	long version;
	int fd, bad;

	if (sandbox_final() == -1)
		return -1;
	version = syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION);
	/* The kernel refuses this question to nobody: EPERM is the filter of
	 * a container (systemd-nspawn, Docker) that does not know the call. */
	if (version == -1 &&
	    (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
		return 0;
	if (version == -1)
		return fail("landlock version");
	/* The first version denies every rename from one directory to
	 * another, and a Maildir lives by them. */
	if (version == 1 && n > 0)
		return 0;
	r.fs = known_rights(version);
	if (version >= 6)
		r.scoped = 3; /* abstract sockets and signals of others */
	fd = (int)syscall(NR_CREATE_RULESET, &r, sizeof(r), 0);
	if (fd == -1)
		return fail("landlock_create_ruleset");
	bad = restrict_to(fd, r.fs & FS_WANTED, dirs, n);
	(void)close(fd);
	return bad;
}

int
sandbox_alone(const struct config *c, const struct limits *l,
    enum sandbox_class class)
{
	char empty[PATH_MAX];
	struct role net;

	(void)snprintf(empty, sizeof(empty), "%s/empty", c->run);
	if (role_root() &&
	    (role_find(&net, c->net_user) == -1 ||
		role_jail(&net, empty) == -1))
		return -1;
	if (sandbox_limits(l) == -1 || sandbox_files(NULL, 0) == -1)
		return -1;
	return sandbox_calls(class);
}
