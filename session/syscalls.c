/* The seccomp programs: which system calls each class of process may make.
 *
 * Written as the kernel wants them, so that nothing is built at run time and
 * no library is loaded: check the architecture, then compare the number with
 * one list.  Calls are allowed by number; the few whose arguments matter are
 * looked at below.  Everything else kills the process, but for what the C
 * library tries on its own: that gets an error and it goes on without.
 *
 * Why a call is in a list stands beside it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "message/fail.h"
#include "session/sandbox.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "no list of system calls for this architecture"
#endif

#define ARG_LOW(n) \
	((unsigned)offsetof(struct seccomp_data, args[n]))
#define ARG_HIGH(n) (ARG_LOW(n) + 4) /* both architectures: little endian */

/* clang-format off */
#define LOAD(where)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(where))
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, (what))
#define YES		RETURN(SECCOMP_RET_ALLOW)
#define KILL		RETURN(SECCOMP_RET_KILL_PROCESS)
#define ERROR(e)	RETURN(SECCOMP_RET_ERRNO | (e))
#define IF(k, skip)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(k), \
			    0, (skip))

#define ALLOW(call)	IF(__NR_##call, 1), YES
#define REFUSE(call, e)	IF(__NR_##call, 1), ERROR(e)

/* Only when the low half of an argument is "value". */
#define ALLOW_IF(call, n, value, otherwise) \
	IF(__NR_##call, 4), LOAD(ARG_LOW(n)), IF(value, 1), YES, otherwise
/* Only when the pointer is NULL. */
#define ALLOW_NULL(call, n) \
	IF(__NR_##call, 6), LOAD(ARG_LOW(n)), IF(0, 3), \
	LOAD(ARG_HIGH(n)), IF(0, 1), YES, KILL
/* Memory, but never code. */
#define ALLOW_NO_EXEC(call) \
	IF(__NR_##call, 4), LOAD(ARG_LOW(2)), \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0), YES, KILL

#if defined(__x86_64__)
#define START \
	LOAD(offsetof(struct seccomp_data, arch)), IF(ARCH, 3), \
	LOAD(offsetof(struct seccomp_data, nr)), \
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 1, 0), /* x32 */ \
	BPF_STMT(BPF_JMP | BPF_JA, 1), KILL
#else
#define START \
	LOAD(offsetof(struct seccomp_data, arch)), IF(ARCH, 1), \
	BPF_STMT(BPF_JMP | BPF_JA, 1), KILL, \
	LOAD(offsetof(struct seccomp_data, nr))
#endif

/* Calls that only the older architecture has, and what libc makes of them. */
#if defined(__x86_64__)
#define OLD_POLL	ALLOW(poll),
#define OLD_ALARM	ALLOW(alarm),
#define OLD_FILES	ALLOW(open), ALLOW(rename), ALLOW(unlink), \
			ALLOW(link), ALLOW(mkdir), ALLOW(rmdir), \
			ALLOW(access), ALLOW(readlink), ALLOW(stat), \
			ALLOW(lstat), ALLOW(dup2), ALLOW(chmod), ALLOW(getdents),
#define OLD_REFUSE	REFUSE(open, EACCES), REFUSE(access, EACCES), \
			REFUSE(readlink, EACCES), REFUSE(stat, EACCES),
#else
#define OLD_POLL
#define OLD_ALARM
#define OLD_FILES
#define OLD_REFUSE
#endif

/* Every class: octets in and out of what is open already, memory, time, and
 * the end.  getpid and its like tell nothing; sendto only on connected
 * sockets; setsockopt only for TCP_NODELAY. */
#define CALLS_PIPE \
	ALLOW(read), ALLOW(write), OLD_POLL ALLOW(ppoll), \
	ALLOW_NULL(sendto, 4), ALLOW(recvfrom), \
	ALLOW(readv), ALLOW(writev), ALLOW(close), ALLOW(shutdown), \
	ALLOW(clock_gettime), ALLOW(gettimeofday), \
	ALLOW(clock_nanosleep), ALLOW(nanosleep), OLD_ALARM ALLOW(setitimer), \
	ALLOW(brk), ALLOW_NO_EXEC(mmap), ALLOW_NO_EXEC(mprotect), \
	ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(futex), \
	ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid), ALLOW(getuid), \
	ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid), \
	ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), \
	ALLOW(restart_syscall), ALLOW(exit), ALLOW(exit_group), \
	ALLOW_IF(setsockopt, 2, TCP_NODELAY, KILL)

/* A parser also talks to its monitor, with descriptors, and keeps a message
 * in memory or in a file that was opened for it. */
#define CALLS_PARSER \
	ALLOW(sendmsg), ALLOW(recvmsg), ALLOW(memfd_create), ALLOW(lseek), \
	ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(fstat), \
	ALLOW_IF(newfstatat, 3, AT_EMPTY_PATH, ERROR(EACCES)), ALLOW(fcntl), ALLOW(dup), \
	ALLOW(sendfile), ALLOW(copy_file_range)

/* Whoever keeps mail: files in every way, but no socket is made and no
 * program started.  prlimit64 on oneself only lowers. */
#define CALLS_STORE \
	ALLOW(openat), ALLOW(openat2), ALLOW(newfstatat), ALLOW(statx), \
	ALLOW(fstatfs), ALLOW(statfs), ALLOW(getdents64), ALLOW(renameat), \
	ALLOW(renameat2), ALLOW(unlinkat), ALLOW(linkat), ALLOW(mkdirat), \
	ALLOW(fsync), ALLOW(fdatasync), ALLOW(fallocate), ALLOW(fadvise64), \
	ALLOW(flock), ALLOW(utimensat), ALLOW(fchmod), ALLOW(faccessat), \
	ALLOW(faccessat2), ALLOW(readlinkat), ALLOW(preadv), ALLOW(pwritev), \
	ALLOW(msync), ALLOW(fchdir), ALLOW(chdir), ALLOW(getcwd), \
	ALLOW(umask), ALLOW(dup3), ALLOW(truncate), ALLOW(sync_file_range), \
	ALLOW(inotify_init1), ALLOW(inotify_add_watch), \
	ALLOW(inotify_rm_watch), ALLOW_IF(prlimit64, 0, 0, KILL), \
	ALLOW(sysinfo), ALLOW(uname), ALLOW(readahead), OLD_FILES \
	ALLOW(fchmodat)

/* Questions to name servers: UDP and, when an answer is cut, TCP. */
#define CALLS_DNS \
	IF(__NR_socket, 6), LOAD(ARG_LOW(0)), IF(AF_INET, 1), YES, \
	IF(AF_INET6, 1), YES, KILL, \
	ALLOW(connect), ALLOW(bind), ALLOW(sendto), ALLOW(sendmsg), \
	ALLOW(recvmsg), ALLOW(sendmmsg), ALLOW(recvmmsg), \
	ALLOW(getsockopt), ALLOW(getsockname), ALLOW(fcntl)

/* What the C library tries: files (zones, locales, /dev/tty before abort),
 * the kind of a terminal, the size of the machine. */
#define NO_FILES \
	OLD_REFUSE REFUSE(openat, EACCES), REFUSE(faccessat, EACCES), \
	REFUSE(readlinkat, EACCES), REFUSE(newfstatat, EACCES)
#define END \
	REFUSE(ioctl, ENOTTY), REFUSE(prlimit64, ENOSYS), \
	REFUSE(sysinfo, ENOSYS), REFUSE(sched_getaffinity, ENOSYS), \
	REFUSE(uname, ENOSYS), KILL
/* clang-format on */

#ifndef MAILROOM_SANITIZE
static const struct sock_filter pipe_calls[] = { START, CALLS_PIPE, NO_FILES,
	END };
static const struct sock_filter parser_calls[] = { START, CALLS_PIPE,
	CALLS_PARSER, NO_FILES, END };
static const struct sock_filter store_calls[] = { START, CALLS_PIPE,
	CALLS_STORE, CALLS_PARSER, END };
static const struct sock_filter dns_calls[] = { START, CALLS_DNS, CALLS_PIPE,
	NO_FILES, END };

static const struct {
	const struct sock_filter *code;
	size_t len;
} programs[] = {
	[SANDBOX_PIPE] = { pipe_calls, sizeof(pipe_calls) },
	[SANDBOX_PARSER] = { parser_calls, sizeof(parser_calls) },
	[SANDBOX_STORE] = { store_calls, sizeof(store_calls) },
	[SANDBOX_DNS] = { dns_calls, sizeof(dns_calls) },
};
#endif

int
sandbox_calls(enum sandbox_class class)
{
	if (sandbox_final() == -1)
		return -1;
#ifndef MAILROOM_SANITIZE
	struct sock_fprog p;

	p.len = (unsigned short)(programs[class].len /
	    sizeof(struct sock_filter));
	memcpy(&p.filter, &programs[class].code, sizeof(p.filter));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0) == -1)
		return fail("seccomp");
#else
	(void)class;
#endif
	return 0;
}
