/* What a process may still do: rlimits, seccomp, Landlock.
 *
 * Order in a child: open what is needed, role_jail or role_drop,
 * sandbox_limits, sandbox_files, sandbox_calls.  All return 0, or -1 with
 * fail_text(), which is fatal to the process; a kernel without Landlock is no
 * failure, one without seccomp is. */
#ifndef SESSION_SANDBOX_H
#define SESSION_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* First thing of every main: descriptors 0 and 1 stay, 2 becomes /dev/null
 * when it is the client's socket (or closed), foreign ones are closed (from
 * "keep_from" up), environment cleared but for PATH=/usr/bin:/bin,
 * REMOTE_ADDR, REMOTE_PORT and LISTEN_*, umask 077, no core, SIGPIPE
 * ignored, no_new_privs when "final". */
void sandbox_start(int keep_from);

struct limits {
	uint64_t memory; /* RLIMIT_AS, octets */
	uint64_t file; /* RLIMIT_FSIZE, octets */
	unsigned files; /* RLIMIT_NOFILE, 0 leaves it */
	unsigned cpu; /* seconds, 0 leaves it */
	int procs; /* RLIMIT_NPROC, -1 leaves it (never for root) */
};
int sandbox_limits(const struct limits *);

/* Landlock: only below these directories (descriptors), everything that
 * files need there; none at all with n == 0. */
int sandbox_files(const int *dirs, size_t n);

/* seccomp, by class; also sets no_new_privs.  Everything not named kills the
 * process; what libc probes gets ENOSYS.  Left out in builds for sanitizers
 * (MAILROOM_SANITIZE). */
enum sandbox_class {
	SANDBOX_PIPE, /* read, write, poll, time, memory (no EXEC), exit */
	SANDBOX_PARSER, /* + sendmsg, recvmsg, memfd_create, lseek, pread,
			 * ftruncate, fstat */
	SANDBOX_STORE, /* + files: openat, rename, unlink, fsync, getdents,
			* flock, inotify ... ; no socket, no exec */
	SANDBOX_DNS, /* PIPE + socket (inet), connect, send, recv */
};
int sandbox_calls(enum sandbox_class);

#endif
