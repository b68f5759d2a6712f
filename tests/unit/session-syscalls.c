/* Which system calls a process of each class may still make. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/conn.h"
#include "session/log.h"
#include "session/record.h"
#include "session/sandbox.h"
#include "tests/unit/session-trial.h"

static int pair[2];

static enum sandbox_class class;
static int (*forbidden)(void);

static int
under_class(void)
{
	if (sandbox_calls(class) == -1)
		return 99;
	return forbidden();
}

static int
in_class(enum sandbox_class in, int (*fn)(void))
{
	class = in;
	forbidden = fn;
	return trial(under_class);
}

#ifndef MAILROOM_SANITIZE
static int
do_execve(void)
{
	char *argv[] = { NULL };

	return execve("/bin/true", argv, argv);
}
static int
do_fork(void)
{
	return (int)syscall(SYS_clone, 17, 0, 0, 0, 0);
}
static int
do_kill(void)
{
	return kill(getppid(), 0);
}
static int
do_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}
static int
do_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1;
}
static int
do_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}
static int
do_setuid(void)
{
	return setuid(0);
}
static int
do_chroot(void)
{
	return chroot("/");
}
static int
do_x32(void)
{
	return (int)syscall(0x40000000 + 1, 1, "", 0);
}
static int
do_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static int
do_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
static int
do_exec_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static int
do_sendto(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	return (
	    int)sendto(pair[0], "", 1, 0, (struct sockaddr *)&in, sizeof(in));
}
static int
do_option(void)
{
	int one = 1;

	return setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
}
static int
do_limit_of_other(void)
{
	return (int)syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, NULL, NULL);
}
#if defined(__x86_64__)
static int
do_old_abi(void)
{
	int r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
	return r;
}
#endif

TEST(forbidden_calls_kill)
{
	static int (*const never[])(void) = {
		do_execve,
		do_fork,
		do_kill,
		do_unix,
		do_packet,
		do_setuid,
		do_chroot,
		do_ptrace,
		do_x32,
		do_exec_memory,
		do_exec_later,
#if defined(__x86_64__)
		do_old_abi,
#endif
		do_limit_of_other
	};
	enum sandbox_class in;
	size_t i;

	for (in = SANDBOX_PIPE; in <= SANDBOX_DNS; in++)
		for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
			int r = in_class(in, never[i]);

			/* Where libc asks for its own limits it is refused. */
			if (never[i] == do_limit_of_other &&
			    in != SANDBOX_STORE && r == 255)
				continue;
			if (r != 1000 + SIGSYS)
				(void)printf("class %d call %zu: %d\n", in, i,
				    r);
			CHECK(r == 1000 + SIGSYS);
		}
}

TEST(sockets)
{
	CHECK(in_class(SANDBOX_DNS, do_inet) == 0);
	CHECK(in_class(SANDBOX_STORE, do_inet) == 1000 + SIGSYS);
	CHECK(in_class(SANDBOX_PARSER, do_inet) == 1000 + SIGSYS);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	CHECK(in_class(SANDBOX_PIPE, do_sendto) == 1000 + SIGSYS);
	CHECK(in_class(SANDBOX_STORE, do_sendto) == 1000 + SIGSYS);
	CHECK(in_class(SANDBOX_PARSER, do_option) == 1000 + SIGSYS);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What libc tries on its own is refused, and it goes on; qsort asks for the
 * size of the machine. */
static int
libc_probes(void)
{
	static int numbers[3000];
	struct stat st;
	size_t i;

	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 1;
	if (stat("/", &st) != -1 || errno != EACCES)
		return 2;
	if (isatty(0) || errno != ENOTTY)
		return 3;
	for (i = 0; i < 3000; i++)
		numbers[i] = (int)(i * 7919 % 3000);
	qsort(numbers, 3000, sizeof(numbers[0]), compare);
	if (numbers[0] != 0)
		return 4;
	free(malloc(1 << 22));
	return getenv("PATH") == NULL && access("/", F_OK) == 0;
}

TEST(probes_are_refused)
{
	CHECK(in_class(SANDBOX_PIPE, libc_probes) == 0);
	CHECK(in_class(SANDBOX_PARSER, libc_probes) == 0);
	CHECK(in_class(SANDBOX_DNS, libc_probes) == 0);
}
#endif

/* A client's lines, time, memory, sleep. */
static int
pipe_work(void)
{
	static struct conn c;
	struct span l;
	struct pollfd p = { .fd = pair[0], .events = POLLIN };

	conn_init(&c, pair[0], pair[0], class != SANDBOX_DNS);
	if (poll(&p, 1, 1000) != 1)
		return 1;
	if (conn_line(&c, &l, 100, 5) != CONN_LINE)
		return 2;
	conn_printf(&c, "%.*s %ld\r\n", (int)l.len, l.p, (long)getpid());
	if (conn_flush(&c) == -1)
		return 3;
	(void)usleep(1000);
	log_line(LOG_INFO, "line");
	free(malloc(1 << 24));
	return 0;
}

TEST(every_class_does_its_work)
{
	enum sandbox_class in;

	for (in = SANDBOX_PIPE; in <= SANDBOX_DNS; in++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		CHECK(write(pair[1], "line\r\n", 6) == 6);
		CHECK(in_class(in, pipe_work) == 0);
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
}

static int
parser_work(void)
{
	static struct record r;
	char text[8] = "";
	struct stat st;
	int fd, got;

	fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1 || write(fd, "abc", 3) != 3 ||
	    pwrite(fd, "x", 1, 0) != 1 || ftruncate(fd, 2) == -1 ||
	    fstat(fd, &st) == -1 || st.st_size != 2)
		return 1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1)
		return 2;
	if (record_send(pair[0], 1, 0, span("x"), fd) == -1 ||
	    record_recv(pair[1], &r, &got, 1000) != 1 || got == -1)
		return 3;
	if (pread(got, text, sizeof(text), 0) != 2 || lseek(got, 0, SEEK_SET))
		return 4;
	return strcmp(text, "xb") == 0 ? 0 : 5;
}

TEST(parser_passes_a_message)
{
	CHECK(record_pair(pair) == 0);
	CHECK(in_class(SANDBOX_PARSER, parser_work) == 0);
	CHECK(in_class(SANDBOX_STORE, parser_work) == 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
}
