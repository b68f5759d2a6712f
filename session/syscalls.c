/* The seccomp programs: which system calls each class of process may make.
 *
 * Written as the kernel wants them, so that nothing is built at run time and
 * no library is loaded.  What is allowed by number alone stands in a bit map,
 * 32 numbers to a word; the few calls whose arguments matter, and those that
 * the C library tries on its own and does without, are looked at after that;
 * everything else kills the process.  (A list of comparisons costs 2 us per
 * entry at each start, because the kernel tries every number against it; the
 * map costs 40 us whatever its length.)
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
#include <stdint.h>
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
/* cppcheck-suppress preprocessorErrorDirective */
#error "no list of system calls for this architecture"
#endif

/* clang-format off */

/* Calls that only the older architecture has, and libc still makes there. */
#if defined(__x86_64__)
#define OLD_PIPE(X, w)	X(w, poll) X(w, alarm)
#define OLD_STORE(X, w)	X(w, open) X(w, rename) X(w, unlink) X(w, link) \
			X(w, mkdir) X(w, rmdir) X(w, access) X(w, readlink) \
			X(w, stat) X(w, lstat) X(w, dup2) X(w, chmod)
#define OLD_NO_FILES	REFUSE(open, EACCES), REFUSE(access, EACCES), \
			REFUSE(readlink, EACCES), REFUSE(stat, EACCES),
#else
#define OLD_PIPE(X, w)
#define OLD_STORE(X, w)
#define OLD_NO_FILES
#endif

/* Every class: octets in and out of what is open already, memory, time and
 * sleep, signals to nobody, and the end.  getpid and its like tell nothing. */
#define PIPE(X, w) \
	X(w, read) X(w, write) X(w, readv) X(w, writev) X(w, recvfrom) \
	X(w, ppoll) X(w, close) X(w, shutdown) OLD_PIPE(X, w) \
	X(w, clock_gettime) X(w, gettimeofday) X(w, setitimer) \
	X(w, clock_nanosleep) X(w, nanosleep) \
	X(w, brk) X(w, munmap) X(w, mremap) X(w, madvise) X(w, futex) \
	X(w, getrandom) X(w, getpid) X(w, gettid) X(w, getuid) \
	X(w, geteuid) X(w, getgid) X(w, getegid) \
	X(w, rt_sigaction) X(w, rt_sigprocmask) X(w, rt_sigreturn) \
	X(w, restart_syscall) X(w, exit) X(w, exit_group)

/* A parser also talks to its monitor, with descriptors, and keeps a message
 * in memory or in a file that was opened for it. */
#define PARSER(X, w) PIPE(X, w) \
	X(w, sendmsg) X(w, recvmsg) X(w, memfd_create) X(w, lseek) \
	X(w, pread64) X(w, pwrite64) X(w, ftruncate) X(w, fstat) \
	X(w, fcntl) X(w, dup) X(w, sendfile) X(w, copy_file_range)

/* Whoever keeps mail: files in every way, but no socket is made and no
 * program started. */
#define STORE(X, w) PARSER(X, w) \
	X(w, openat) X(w, openat2) X(w, newfstatat) X(w, statx) \
	X(w, fstatfs) X(w, statfs) X(w, getdents64) X(w, renameat) \
	X(w, renameat2) X(w, unlinkat) X(w, linkat) X(w, mkdirat) \
	X(w, fsync) X(w, fdatasync) X(w, syncfs) X(w, sync_file_range) \
	X(w, fallocate) \
	X(w, truncate) X(w, fadvise64) X(w, readahead) X(w, flock) \
	X(w, utimensat) X(w, fchmod) X(w, fchmodat) X(w, faccessat) \
	X(w, faccessat2) X(w, readlinkat) X(w, preadv) X(w, pwritev) \
	X(w, msync) X(w, fchdir) X(w, chdir) X(w, getcwd) X(w, umask) \
	X(w, dup3) X(w, inotify_init1) X(w, inotify_add_watch) \
	X(w, inotify_rm_watch) X(w, signalfd4) X(w, sysinfo) X(w, uname) \
	OLD_STORE(X, w)

/* Questions to name servers: UDP and, when an answer is cut, TCP. */
#define DNS(X, w) PIPE(X, w) \
	X(w, connect) X(w, bind) X(w, sendto) X(w, sendmsg) X(w, recvmsg) \
	X(w, sendmmsg) X(w, recvmmsg) X(w, getsockopt) X(w, getsockname) \
	X(w, fcntl)

/* libcurl over TLS: it wakes itself with descriptors of several kinds, and
 * reads authorities; what it may open is for Landlock to say. */
#define FETCH(X, w) DNS(X, w) \
	X(w, openat) X(w, newfstatat) X(w, fstat) X(w, lseek) X(w, pread64) \
	X(w, setsockopt) X(w, getpeername) X(w, pipe2) X(w, eventfd2) \
	X(w, socketpair) X(w, uname) X(w, sysinfo)

/* ---- instructions */

#define LOAD(where)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(where))
#define LOAD_NR		LOAD(offsetof(struct seccomp_data, nr))
#define ARG_LOW(n)	offsetof(struct seccomp_data, args[n])
#define ARG_HIGH(n)	(ARG_LOW(n) + 4) /* both are little endian */
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, (what))
#define YES		RETURN(SECCOMP_RET_ALLOW)
#define KILL		RETURN(SECCOMP_RET_KILL_PROCESS)
#define ERROR(e)	RETURN(SECCOMP_RET_ERRNO | (e))
#define GO(n)		BPF_STMT(BPF_JMP | BPF_JA, (n))
/* If A is k go on, else skip so many; if A is less than k, the same. */
#define IF(k, skip)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(k), \
			    0, (skip))
#define IF_LESS(k, skip) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (k), (skip), 0)

/* ---- the map */

#define BIT(w, call) \
	| (__NR_##call / 32 == (w) ? 1u << (__NR_##call & 31) : 0u)
#define WORDS 15 /* numbers below 480; those of x32 are far above */
#define WORD(LIST, w) \
	IF_LESS(32 * ((w) + 1), 2), \
	BPF_STMT(BPF_LD | BPF_IMM, 0u LIST(BIT, w)), GO((WORDS - 1 - (w)) * 3)

/* The architecture; then X is the bit of this number in its word. */
#define START \
	LOAD(offsetof(struct seccomp_data, arch)), IF(ARCH, 3), \
	LOAD_NR, IF_LESS(32 * WORDS, 1), GO(1), KILL, \
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31), \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_IMM, 1), \
	BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0), \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_NR
#define MAP(LIST) \
	WORD(LIST, 0), WORD(LIST, 1), WORD(LIST, 2), WORD(LIST, 3), \
	WORD(LIST, 4), WORD(LIST, 5), WORD(LIST, 6), WORD(LIST, 7), \
	WORD(LIST, 8), WORD(LIST, 9), WORD(LIST, 10), WORD(LIST, 11), \
	WORD(LIST, 12), WORD(LIST, 13), WORD(LIST, 14), \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1), YES, LOAD_NR

/* ---- calls that are looked at */

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
#define ALLOW_INET_SOCKET \
	IF(__NR_socket, 6), LOAD(ARG_LOW(0)), IF(AF_INET, 1), YES, \
	IF(AF_INET6, 1), YES, KILL

/* sendto without an address, so only where the socket is connected. */
#define LOOKED_AT \
	ALLOW_NULL(sendto, 4), ALLOW_NO_EXEC(mmap), ALLOW_NO_EXEC(mprotect), \
	ALLOW_IF(setsockopt, 2, TCP_NODELAY, KILL), REFUSE(ioctl, ENOTTY)
/* What libc tries: zones, locales, /dev/tty before it aborts; the size of
 * the machine, for qsort and malloc. */
#define NO_FILES \
	OLD_NO_FILES REFUSE(openat, EACCES), REFUSE(faccessat, EACCES), \
	REFUSE(readlinkat, EACCES), REFUSE(newfstatat, EACCES), \
	REFUSE(prlimit64, ENOSYS), REFUSE(sysinfo, ENOSYS), \
	REFUSE(sched_getaffinity, ENOSYS), REFUSE(uname, ENOSYS)
/* clang-format on */

#ifndef MAILROOM_SANITIZE
static const struct sock_filter pipe_calls[] = { START, MAP(PIPE), LOOKED_AT,
	NO_FILES, KILL };
/* fstat is newfstatat of nothing in some versions of libc. */
static const struct sock_filter parser_calls[] = { START, MAP(PARSER),
	LOOKED_AT, ALLOW_IF(newfstatat, 3, AT_EMPTY_PATH, ERROR(EACCES)),
	NO_FILES, KILL };
/* Limits of its own a process only lowers. */
static const struct sock_filter store_calls[] = { START, MAP(STORE), LOOKED_AT,
	ALLOW_IF(prlimit64, 0, 0, KILL), REFUSE(sched_getaffinity, ENOSYS),
	KILL };
static const struct sock_filter dns_calls[] = { START, MAP(DNS),
	ALLOW_INET_SOCKET, LOOKED_AT, NO_FILES, KILL };
static const struct sock_filter fetch_calls[] = { START, MAP(FETCH),
	ALLOW_INET_SOCKET, LOOKED_AT, NO_FILES, KILL };

static const struct {
	const struct sock_filter *code;
	size_t size;
} programs[] = {
	[SANDBOX_PIPE] = { pipe_calls, sizeof(pipe_calls) },
	[SANDBOX_PARSER] = { parser_calls, sizeof(parser_calls) },
	[SANDBOX_STORE] = { store_calls, sizeof(store_calls) },
	[SANDBOX_DNS] = { dns_calls, sizeof(dns_calls) },
	[SANDBOX_FETCH] = { fetch_calls, sizeof(fetch_calls) },
};
#endif

int sandbox_calls(enum sandbox_class class)
{
	if (sandbox_final() == -1)
		return -1;
#ifndef MAILROOM_SANITIZE
	struct sock_fprog p;

	p.len =
	    (unsigned short)(programs[class].size / sizeof(struct sock_filter));
	/* The kernel only reads it, but the type says otherwise. */
	p.filter = (struct sock_filter *)(uintptr_t)programs[class].code;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0) == -1)
		return fail("seccomp");
#else
	(void)class;
#endif
	return 0;
}
