/* What a process may still do with files, its limits, and what it finds at its
 * start; for system calls see session-syscalls.c. */
#include "session/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/log.h"
#include "tests/unit/session-trial.h"

static int pair[2];

/* ---- files */

static char dir[] = "/tmp/session-sandbox.XXXXXX";
static char store[64], outside[64];

static void
make_dirs(void)
{
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(store, sizeof(store), "%s/store", dir);
	(void)snprintf(outside, sizeof(outside), "%s/outside", dir);
	CHECK(mkdir(store, 0700) == 0 && mkdir(outside, 0700) == 0);
}

static void
remove_dirs(void)
{
	(void)rmdir(store);
	(void)rmdir(outside);
	CHECK(rmdir(dir) == 0);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

/* Everything that a Maildir needs, in two directories of the store. */
static int
maildir_work(int at)
{
	struct stat st;
	int fd;

	if (mkdirat(at, "tmp", 0700) == -1 || mkdirat(at, "new", 0700) == -1)
		return 1;
	fd = openat(at, "tmp/a", O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1 || write(fd, "x", 1) != 1 || fsync(fd) == -1 ||
	    ftruncate(fd, 0) == -1 || close(fd) == -1)
		return 2;
	if (renameat2(at, "tmp/a", at, "new/a", RENAME_NOREPLACE) == -1)
		return 3;
	if (fstatat(at, "new/a", &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 4;
	if (linkat(at, "new/a", at, "tmp/b", 0) == -1)
		return 5;
	fd = openat(at, "new", O_RDONLY | O_DIRECTORY);
	if (fd == -1 || fsync(fd) == -1 || close(fd) == -1)
		return 6;
	if (unlinkat(at, "tmp/b", 0) == -1 || unlinkat(at, "new/a", 0) == -1 ||
	    unlinkat(at, "tmp", AT_REMOVEDIR) == -1 ||
	    unlinkat(at, "new", AT_REMOVEDIR) == -1)
		return 7;
	/* Where a directory may be written to but not read; -1: no disk has
	 * to be waited for here. */
	if (syncfs(-1) != -1 || errno != EBADF)
		return 8;
	return 0;
}

static int
in_store(void)
{
	int at = open(store, O_PATH | O_DIRECTORY), fd;

	if (at == -1 || sandbox_files(&at, 1) == -1 ||
	    sandbox_calls(SANDBOX_STORE) == -1)
		return 90;
	if (maildir_work(at) != 0)
		return maildir_work(at);
	if (open(outside, O_RDONLY | O_DIRECTORY) != -1 || errno != EACCES)
		return 20;
	if (openat(at, "../outside/x", O_WRONLY | O_CREAT, 0600) != -1 ||
	    errno != EACCES)
		return 21;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 22;
	fd = openat(at, "x", O_WRONLY | O_CREAT, 0600);
	if (fd == -1 || renameat(at, "x", at, "../outside/x") != -1)
		return 23;
	if (unlinkat(at, "x", 0) == -1)
		return 24;
	return 0;
}

static int
no_links_out(void)
{
	int at = open(store, O_PATH | O_DIRECTORY);

	if (at == -1 || sandbox_files(&at, 1) == -1)
		return 90;
	return symlinkat("/etc/passwd", at, "s") == -1 && errno == EACCES &&
		mknodat(at, "p", S_IFIFO | 0600, 0) == -1 && errno == EACCES ?
	    0 :
	    1;
}

static int
in_nothing(void)
{
	int fd = open("/etc/passwd", O_RDONLY);
	char c;

	if (fd == -1 || sandbox_files(NULL, 0) == -1)
		return 90;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 1;
	return read(fd, &c, 1) == 1 ? 0 : 2; /* what is open stays so */
}

static bool
has_landlock(void)
{
	return syscall(444, NULL, 0, 1) >= 2;
}

TEST(files_of_the_store_only)
{
	if (!has_landlock())
		return; /* then there is nothing that could deny */
	make_dirs();
	CHECK(trial(in_store) == 0);
	CHECK(trial(no_links_out) == 0);
	CHECK(trial(in_nothing) == 0);
	remove_dirs();
}

static int
store_calls_only(void)
{
	int at = open(store, O_PATH | O_DIRECTORY);

	return sandbox_calls(SANDBOX_STORE) == -1 ? 90 : maildir_work(at);
}

TEST(store_calls_without_landlock)
{
	make_dirs();
	CHECK(trial(store_calls_only) == 0);
	remove_dirs();
}

/* ---- limits */

static int
limited(void)
{
	const struct limits l = { .memory = 1 << 26,
		.file = 100,
		.files = 10,
		.cpu = 7,
		.procs = 0 };
	struct rlimit r;
	int fd = memfd_create("x", 0);

	if (sandbox_limits(&l) == -1)
		return 90;
	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_max != 10 ||
	    getrlimit(RLIMIT_CPU, &r) == -1 || r.rlim_max != 7 ||
	    getrlimit(RLIMIT_NPROC, &r) == -1 || r.rlim_max != 0)
		return 1;
#ifndef MAILROOM_SANITIZE
	void *big = malloc(1 << 27);

	free(big);
	if (big != NULL)
		return 2;
#endif
	(void)signal(SIGXFSZ, SIG_IGN);
	if (write(fd, &l, sizeof(l)) == -1 || pwrite(fd, "x", 1, 100) != -1)
		return 3;
	return 0;
}

static int
left_alone(void)
{
	const struct limits l = { .file = LIMIT_NONE, .procs = -1 };
	struct rlimit before[3], after[3];
	const int which[3] = { RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE };
	int i;

	for (i = 0; i < 3; i++)
		(void)getrlimit((__rlimit_resource_t)which[i], &before[i]);
	if (sandbox_limits(&l) == -1)
		return 90;
	for (i = 0; i < 3; i++)
		(void)getrlimit((__rlimit_resource_t)which[i], &after[i]);
	return memcmp(before, after, sizeof(before)) == 0 ? 0 : 1;
}

/* A limit of whoever started us that is lower stays. */
static int
lower_already(void)
{
	const struct limits low = { .file = LIMIT_NONE,
		.files = 20,
		.procs = -1 };
	const struct limits l = { .file = LIMIT_NONE,
		.files = 30,
		.procs = -1 };
	struct rlimit r;

	if (sandbox_limits(&low) == -1 || sandbox_limits(&l) == -1)
		return 90;
	return getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur == 20 ? 0 : 1;
}

TEST(limits)
{
	CHECK(trial(limited) == 0);
	CHECK(trial(lower_already) == 0);
	CHECK(trial(left_alone) == 0);
}

/* ---- the first act of main */

static int
fresh(void)
{
	struct stat st, null;
	int i;

	for (i = 3; i < 20; i++)
		(void)dup2(pair[0], i);
	(void)dup2(pair[0], 0);
	(void)dup2(pair[0], 1);
	(void)dup2(pair[0], 2);
	(void)setenv("REMOTE_ADDR", "192.0.2.1", 1);
	(void)setenv("LD_PRELOAD", "x", 1);
	sandbox_start(3);
	for (i = 3; i < 20; i++)
		if (fcntl(i, F_GETFD) != -1)
			return 1;
	if (stat("/dev/null", &null) == -1 || fstat(2, &st) == -1 ||
	    st.st_rdev != null.st_rdev)
		return 2;
	if (fstat(0, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    fstat(1, &st) == -1 || !S_ISSOCK(st.st_mode))
		return 3;
	if (strcmp(environ[0], "PATH=/usr/bin:/bin") != 0 ||
	    strcmp(environ[1], "REMOTE_ADDR=192.0.2.1") != 0 ||
	    environ[2] != NULL)
		return 4;
	return umask(0) == 077 && signal(SIGPIPE, SIG_DFL) == SIG_IGN ? 0 : 5;
}

static int
all_closed(void)
{
	closefrom(0);
	sandbox_start(3);
	return fcntl(0, F_GETFD) == 0 && fcntl(1, F_GETFD) == 0 &&
		fcntl(2, F_GETFD) == 0 && fcntl(3, F_GETFD) == -1 ?
	    0 :
	    1;
}

static int
keeps_terminal(void)
{
	struct stat before, after;

	(void)fstat(2, &before);
	(void)dup2(pair[0], LOG_FD);
	sandbox_start(LOG_FD + 1);
	(void)fstat(2, &after);
	return before.st_ino == after.st_ino && fcntl(LOG_FD, F_GETFD) != -1 ?
	    0 :
	    1;
}

/* LISTEN_FDS is for the process that LISTEN_PID names, and for no other. */
static int
listen_fds(void)
{
	char pid[16];
	struct stat st, in;

	(void)dup2(open("/dev/null", O_RDWR), 0);
	(void)dup2(pair[0], 3);
	(void)fstat(3, &st);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	(void)setenv("LISTEN_PID", pid, 1);
	sandbox_start(3);
	return fstat(0, &in) == 0 && in.st_ino == st.st_ino &&
		fstat(1, &in) == 0 && in.st_ino == st.st_ino &&
		fcntl(3, F_GETFD) == -1 && getenv("LISTEN_PID") == NULL ?
	    0 :
	    1;
}

static int
listen_fds_of_another(void)
{
	struct stat in;

	(void)dup2(open("/dev/null", O_RDWR), 0);
	(void)dup2(pair[0], 3);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("LISTEN_PID", "1", 1);
	sandbox_start(3);
	return fstat(0, &in) == 0 && !S_ISSOCK(in.st_mode) ? 0 : 1;
}

TEST(first_act)
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(trial(fresh) == 0);
	CHECK(trial(all_closed) == 0);
	CHECK(trial(keeps_terminal) == 0);
	CHECK(trial(listen_fds) == 0);
	CHECK(trial(listen_fds_of_another) == 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
}
