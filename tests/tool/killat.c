/* Kill a program, with all the processes it made, at its N-th system call.
 *
 * usage: killat [-a] [-o FILE] N COMMAND [ARG ...]
 *
 * Counted are calls that leave something behind which others can see (files,
 * names, sockets, processes), over all processes together, just before they
 * are done; death at any other call looks the same from outside as death at
 * the next of these.  -a counts every call.  N = 0 kills never.  FILE gets
 * the number of calls that were seen and, when killed, the call's number.
 * Exit status: 137 when killed, else the program's.
 *
 * The kill is that of a machine that stops: all processes at one moment.  When
 * this ends they are dead, not only dying. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const long visible[] = {
	SYS_write,
	SYS_writev,
	SYS_pwrite64,
	SYS_sendto,
	SYS_sendmsg,
	SYS_openat,
	SYS_renameat,
	SYS_renameat2,
	SYS_linkat,
	SYS_unlinkat,
	SYS_mkdirat,
	SYS_symlinkat,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_fchownat,
	SYS_ftruncate,
	SYS_utimensat,
	SYS_fsync,
	SYS_fdatasync,
	SYS_close,
	SYS_shutdown,
	SYS_connect,
	SYS_clone,
	SYS_execve,
	SYS_exit_group,
	SYS_kill,
	SYS_copy_file_range,
	SYS_sendfile,
	SYS_flock,
	SYS_fallocate,
#ifdef SYS_rename /* the old names, where the kernel has them */
	SYS_rename,
	SYS_link,
	SYS_unlink,
	SYS_mkdir,
	SYS_chmod,
	SYS_chown,
	SYS_open,
	SYS_fork,
	SYS_vfork,
#endif
#ifdef SYS_clone3
	SYS_clone3,
#endif
};

static bool
counts(long call)
{
	for (size_t i = 0; i < sizeof visible / sizeof *visible; i++)
		if (visible[i] == call)
			return true;
	return false;
}

static void
report(const char *file, unsigned long seen, long call)
{
	FILE *f;

	if (file == NULL)
		return;
	f = fopen(file, "w");
	if (f == NULL)
		err(1, "%s", file);
	if (call >= 0)
		(void)fprintf(f, "%lu %ld\n", seen, call);
	else
		(void)fprintf(f, "%lu\n", seen);
	if (fclose(f) == EOF)
		err(1, "%s", file);
}

/* Every process that was seen alive. */
static struct {
	pid_t pid[512];
	size_t n;
} alive;

static void
remember(pid_t pid)
{
	for (size_t i = 0; i < alive.n; i++)
		if (alive.pid[i] == pid)
			return;
	if (alive.n == sizeof alive.pid / sizeof *alive.pid)
		errx(71, "too many processes");
	alive.pid[alive.n++] = pid;
}

static void
forget(pid_t pid)
{
	for (size_t i = 0; i < alive.n; i++)
		if (alive.pid[i] == pid)
			alive.pid[i] = alive.pid[--alive.n];
}

static void
kill_all(void)
{
	int status;
	pid_t pid;

	for (size_t i = 0; i < alive.n; i++)
		(void)kill(alive.pid[i], SIGKILL);
	/* One that was just born stops first. */
	while ((pid = waitpid(-1, &status, __WALL)) > 0)
		if (WIFSTOPPED(status))
			(void)kill(pid, SIGKILL);
}

static pid_t
begin(char *argv[])
{
	int status;
	pid_t pid = fork();

	if (pid == -1)
		err(71, "fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			err(71, "ptrace");
		(void)raise(SIGSTOP);
		(void)execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(71, "the child did not stop");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) == -1)
		err(71, "ptrace");
	return pid;
}

/* The call that a process stopped at the entry of; -1 at an exit. */
static long
entered(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1;
	return (long)info.entry.nr;
}

/* The signal to go on with after a stop: its own, but none of ours. */
static int
passed_on(int status)
{
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80) || status >> 16 != 0 || sig == SIGSTOP)
		return 0;
	return sig;
}

int
main(int argc, char *argv[])
{
	const char *file = NULL;
	unsigned long n, seen = 0;
	bool all = false;
	int c, status, result = 0;
	pid_t first, pid;

	while ((c = getopt(argc, argv, "+ao:")) != -1) {
		if (c == 'a')
			all = true;
		else if (c == 'o')
			file = optarg;
		else
			return 64;
	}
	if (argc - optind < 2)
		errx(64, "usage: killat [-a] [-o file] n command [arg ...]");
	n = strtoul(argv[optind], NULL, 10);
	first = begin(argv + optind + 1);
	(void)signal(SIGTERM, SIG_DFL);
	(void)ptrace(PTRACE_SYSCALL, first, NULL, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		long call;

		if (!WIFSTOPPED(status)) {
			forget(pid);
			if (pid == first)
				result = WIFEXITED(status) ?
				    WEXITSTATUS(status) :
				    128 + WTERMSIG(status);
			continue;
		}
		remember(pid);
		call = WSTOPSIG(status) == (SIGTRAP | 0x80) ? entered(pid) : -1;
		if (call >= 0 && (all || counts(call)) && ++seen == n) {
			kill_all();
			report(file, seen, call);
			return 137;
		}
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, passed_on(status));
	}
	report(file, seen, -1);
	return result;
}
