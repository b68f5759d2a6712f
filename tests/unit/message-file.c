#include "message/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "tests/unit/test.h"

static void
nothing(int sig)
{
	(void)sig;
}

/* A pipe takes it in parts, and signals come in between. */
TEST(all_is_written_whatever_comes_between)
{
	static char out[1 << 20], in[1 << 20];
	struct sigaction act = { .sa_handler = nothing };
	const struct timespec pause = { 0, 20000 };
	size_t got = 0;
	int p[2];
	pid_t pid;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7919 >> 5);
	CHECK(pipe(p) == 0 && sigaction(SIGUSR1, &act, NULL) == 0);
	pid = fork();
	if (pid == 0) {
		(void)close(p[0]);
		_exit(file_write(p[1], span_n(out, sizeof(out))) != 0);
	}
	(void)close(p[1]);
	for (ssize_t n = 1; n > 0; got += (size_t)n) {
		(void)kill(pid, SIGUSR1);
		(void)nanosleep(&pause, NULL);
		n = read(p[0], in + got, sizeof(in) - got);
	}
	CHECK(got == sizeof(in) && memcmp(in, out, sizeof(in)) == 0);
	CHECK(waitpid(pid, &p[1], 0) == pid && p[1] == 0);
	(void)close(p[0]);
}

TEST(a_full_disk_is_told)
{
	int fd = open("/dev/full", O_WRONLY);

	CHECK(fd != -1);
	CHECK(file_write(fd, span("x")) == -1 && errno == ENOSPC);
	CHECK(file_write(fd, span("")) == 0);
	(void)close(fd);
}

TEST(a_piece_of_a_file)
{
	int fd = open("/proc/self/exe", O_RDONLY), p[2];
	char head[4] = "", more[4] = "";

	CHECK(
	    file_read(fd, head, 4, 0) == 4 && memcmp(head, "\177ELF", 4) == 0);
	CHECK(file_read(fd, more, 4, 1) == 4 && memcmp(more, "ELF", 3) == 0);
	CHECK(file_read(fd, more, 4, lseek(fd, 0, SEEK_END) - 3) == 3);
	CHECK(file_read(fd, more, 0, 0) == 0);
	(void)close(fd);
	CHECK(pipe(p) == 0 && file_read(p[0], more, 4, 0) == -1);
	CHECK(errno == ESPIPE);
}

TEST(names_are_synced_where_there_is_a_directory)
{
	char dir[] = "/tmp/file.XXXXXX";
	int fd = -1;

	CHECK(mkdtemp(dir) != NULL && (fd = open(dir, O_RDONLY)) != -1);
	CHECK(file_sync_names(fd, ".") == 0);
	CHECK(file_sync_names(fd, "sub") == -1 && errno == ENOENT);
	CHECK(strncmp(fail_text(), "open sub", 8) == 0);
	CHECK(close(fd) == 0 && rmdir(dir) == 0);
}
