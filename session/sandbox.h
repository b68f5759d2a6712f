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

/* First thing of every main: descriptors 0 and 1 stay (what is closed becomes
 * /dev/null), 2 becomes /dev/null when it is the client's socket, foreign ones
 * are closed (from "keep_from" up), environment cleared but for
 * PATH=/usr/bin:/bin, REMOTE_ADDR and REMOTE_PORT, umask 077, no core, SIGPIPE
 * ignored.  "keep_from" is 3, or LOG_FD + 1 after an exec of ourselves.
 * With 3, a socket that systemd passes as LISTEN_FDS=1 becomes 0 and 1. */
void sandbox_start(int keep_from);

#define LIMIT_NONE UINT64_MAX

struct limits {
	uint64_t memory; /* RLIMIT_AS, octets; 0 leaves it */
	uint64_t data; /* RLIMIT_DATA: without files that are mapped */
	uint64_t file; /* RLIMIT_FSIZE (memfd too), LIMIT_NONE leaves it */
	unsigned files; /* RLIMIT_NOFILE, 0 leaves it */
	unsigned cpu; /* seconds, 0 leaves it */
	int procs; /* RLIMIT_NPROC, -1 leaves it (never for root) */
};
int sandbox_limits(const struct limits *);

/* no_new_privs alone; the two below set it themselves. */
int sandbox_final(void);

/* Landlock: only below these directories (descriptors, O_PATH will do),
 * everything that files need there; none at all with n == 0.  What is open
 * already stays usable. */
int sandbox_files(const int *dirs, size_t n);

/* seccomp, by class; also sets no_new_privs.  Everything not named kills the
 * process (SIGSYS); what libc tries on its own gets EACCES (files), ENOTTY or
 * ENOSYS.  The lists stand in syscalls.c.  Left out in builds for sanitizers
 * (MAILROOM_SANITIZE). */
enum sandbox_class {
	SANDBOX_PIPE, /* read, write, poll, time, memory (no EXEC), exit */
	SANDBOX_PARSER, /* + sendmsg, recvmsg, memfd_create, lseek, pread,
			 * ftruncate, fstat */
	SANDBOX_STORE, /* + files: openat, rename, unlink, fsync, getdents,
			* flock, inotify ... ; no socket, no exec */
	SANDBOX_DNS, /* PIPE + socket (inet), connect, send, recv */
	SANDBOX_FETCH, /* DNS + files, which Landlock narrows, for libcurl */
};
int sandbox_calls(enum sandbox_class);

/* All of it for a process that has no business with files: as root it becomes
 * net-user in the empty directory, then limits, no files, these calls. */
struct config;
int sandbox_alone(const struct config *, const struct limits *,
    enum sandbox_class);

#endif
