/* Log lines as syslog and as a file gets them. */
#include "session/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/test.h"

static char got[4096];

/* So that no descriptor of a test gets that number. */
__attribute__((constructor)) static void
reserve_log_fd(void)
{
	log_open("test", "/dev/null");
}

static void
hear(int fd)
{
	ssize_t n;

	memset(got, 0, sizeof(got));
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	if (n == -1 && errno == ENOTSOCK)
		(void)!pread(fd, got, sizeof(got) - 1, 0);
}

/* What stands behind "ident[pid]: ". */
static const char *
text(void)
{
	const char *s = strstr(got, "]: ");

	return s == NULL ? "" : s + 3;
}

TEST(syslog_form)
{
	char wanted[100];
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	CHECK(dup2(pair[0], LOG_FD) == LOG_FD);
	log_inherit("smtp-session");
	log_id("abc");
	log_line(LOG_WARNING, "event key=%d", 5);
	hear(pair[1]);
	CHECK(strncmp(got, "<20>", 4) == 0); /* mail.warning */
	(void)snprintf(wanted, sizeof(wanted),
	    "smtp-session[%ld]: abc event "
	    "key=5",
	    (long)getpid());
	CHECK_STR(got + 4, wanted); /* no line end in a datagram */
	log_id("");
	log_line(LOG_INFO, "x");
	hear(pair[1]);
	CHECK_STR(text(), "x");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

TEST(file_form)
{
	char name[] = "/tmp/session-log.XXXXXX";
	int fd = mkstemp(name);
	char when[30];
	time_t now;

	CHECK(fd != -1);
	log_open("pop3-session", name);
	log_id("");
	log_line(LOG_INFO, "one");
	log_line(LOG_INFO, "two");
	hear(fd);
	/* "2026-11-21T00:00:00.000Z pop3-session[1]: one" */
	now = time(NULL);
	CHECK(strftime(when, sizeof(when), "%Y-%m-%dT%H:%M", gmtime(&now)));
	CHECK(strncmp(got, when, strlen(when)) == 0);
	CHECK(got[19] == '.' && strncmp(got + 23, "Z pop3-session[", 15) == 0);
	CHECK(strncmp(text(), "one\n", 4) == 0);
	CHECK(strcmp(got + strlen(got) - 6, ": two\n") == 0);
	CHECK(fcntl(LOG_FD, F_GETFD) == 0); /* survives exec */
	CHECK(unlink(name) == 0);
	(void)close(fd);
}

TEST(hostile_octets)
{
	static char big[LOG_LINE_MAX * 2];
	int pair[2];
	size_t len;

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	CHECK(dup2(pair[0], LOG_FD) == LOG_FD);
	log_inherit("t");
	log_line(LOG_INFO, "a\nb\rc\x1b\x7f\xff\x80 \"\\");
	hear(pair[1]);
	CHECK_STR(text(), "a\\x0ab\\x0dc\\x1b\\x7f\\xff\\x80 \"\\");
	log_raw(LOG_INFO, "n\0l", 3);
	hear(pair[1]);
	CHECK_STR(text(), "n\\x00l");
	/* A line that was escaped once comes through as it is. */
	log_raw(LOG_INFO, "n\\x00l", 6);
	hear(pair[1]);
	CHECK_STR(text(), "n\\x00l");

	memset(big, 'y', sizeof(big) - 1);
	log_line(LOG_INFO, "%s", big);
	hear(pair[1]);
	len = strlen(text());
	CHECK(len <= LOG_LINE_MAX && len > LOG_LINE_MAX - 10);
	CHECK(len > 4 && strcmp(strchr(got, '\0') - 4, "y...") == 0);
	memset(big, '\n', sizeof(big) - 1);
	log_line(LOG_INFO, "%s", big);
	hear(pair[1]);
	len = strlen(text());
	CHECK(len <= LOG_LINE_MAX && len > LOG_LINE_MAX - 10);
	CHECK(len > 7 && strcmp(strchr(got, '\0') - 7, "\\x0a...") == 0);
	memset(big, 0, sizeof(big));
	memset(big, 'y', LOG_LINE_MAX - 3); /* the longest whole line */
	log_line(LOG_INFO, "%s", big);
	hear(pair[1]);
	CHECK_STR(text(), big);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

TEST(no_log_is_no_error)
{
	log_open("t", "/nonexistent/log");
	CHECK(fcntl(LOG_FD, F_GETFD) != -1); /* the number stays taken */
	errno = ENOSPC;
	log_line(LOG_INFO, "x");
	CHECK(errno == ENOSPC);
	(void)close(LOG_FD);
	log_line(LOG_INFO, "x");
	CHECK(errno == ENOSPC);
}

static char last[2000];
static int last_priority;

static void
writer(int priority, const char *line, size_t len)
{
	last_priority = priority;
	(void)snprintf(last, sizeof(last), "%.*s", (int)len, line);
}

TEST(another_writer)
{
	log_to(writer);
	log_id("id");
	log_line(LOG_NOTICE, "to the monitor");
	CHECK(last_priority == LOG_NOTICE);
	CHECK_STR(last, "id to the monitor");
	log_to(NULL);
	log_id("");
}

TEST(ids)
{
	enum { N = 5000 };
	static char id[N][12];
	char other[12];
	int i, p[2];

	for (i = 0; i < N; i++) {
		log_id_new(id[i]);
		CHECK(strlen(id[i]) == 11);
		CHECK(strspn(id[i],
			  "0123456789abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 11);
		CHECK(i == 0 || strcmp(id[i], id[i - 1]) != 0);
		CHECK(i == 0 || strncmp(id[i], id[i - 1], 5) >= 0);
	}
	/* A child inherits the count, not the pid. */
	CHECK(pipe(p) == 0);
	if (fork() == 0) {
		log_id_new(other);
		_exit(write(p[1], other, sizeof(other)) != sizeof(other));
	}
	CHECK(read(p[0], other, sizeof(other)) == sizeof(other));
	CHECK(wait(&i) > 0 && i == 0);
	log_id_new(id[0]);
	CHECK(strcmp(other, id[0]) != 0);
	log_id("0123456789abcdefghij");
	CHECK_STR(log_id_get(), "0123456789abcde");
}
