/* Lines and deadlines of a connection, over real sockets and pipes. */
#include "session/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/test.h"

static struct conn c;
static int pair[2]; /* [0] the conn's, [1] the client's */

static void
open_pair(bool ahead)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		_exit(71);
	conn_init(&c, pair[0], pair[0], ahead);
}

static void
close_pair(void)
{
	(void)close(pair[0]);
	if (pair[1] != -1)
		(void)close(pair[1]);
}

static void
client(const char *s, size_t len)
{
	CHECK(write(pair[1], s, len) == (ssize_t)len);
}

static void
client_leaves(void)
{
	(void)close(pair[1]);
	pair[1] = -1;
}

static int64_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What waits for us at the client's end. */
static struct span
replies(void)
{
	static char got[CONN_OUT];
	ssize_t n = recv(pair[1], got, sizeof(got), MSG_DONTWAIT);

	return span_n(got, n > 0 ? (size_t)n : 0);
}

TEST(lines)
{
	static const char in[] = "EHLO a\r\nb\n\r\n\nx\ry\r\r\nz\0z\r\ntail";
	bool ahead = false;
	struct span l;

	do {
		open_pair(ahead);
		client(in, sizeof(in) - 1);
		client_leaves();
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
		CHECK_SPAN(l, "EHLO a");
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
		CHECK_SPAN(l, "b");
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE && l.len == 0);
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE && l.len == 0);
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
		CHECK_SPAN(l, "x\ry\r"); /* one CR is the line end's */
		CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
		CHECK(span_eq(l, TEXT("z\0z")));
		CHECK(conn_line(&c, &l, 100, 5) == CONN_EOF);
		close_pair();
		ahead = !ahead;
	} while (ahead);
}

/* A client that sends s[0..cut) and, when that was taken, the rest. */
static pid_t
cut_client(struct span s, size_t cut)
{
	pid_t pid = fork();
	int waiting = 1;

	if (pid != 0)
		return pid;
	(void)close(pair[0]);
	if (write(pair[1], s.p, cut) != (ssize_t)cut)
		_exit(1);
	while (waiting > 0 && ioctl(pair[1], SIOCOUTQ, &waiting) == 0)
		(void)usleep(100);
	if (write(pair[1], s.p + cut, s.len - cut) != (ssize_t)(s.len - cut))
		_exit(1);
	_exit(0);
}

/* Lines of at most 8: what conn_line says must not depend on the cut. */
static void
check_cut(struct span s, size_t cut, bool ahead)
{
	struct span l;
	int status;
	pid_t pid;

	open_pair(ahead);
	pid = cut_client(s, cut);
	client_leaves();
	CHECK(conn_line(&c, &l, 8, 5) == CONN_LINE);
	CHECK_SPAN(l, "one");
	CHECK(conn_line(&c, &l, 8, 5) == CONN_LONG);
	CHECK(conn_line(&c, &l, 8, 5) == CONN_LINE);
	CHECK_SPAN(l, "12345678");
	CHECK(conn_line(&c, &l, 8, 5) == CONN_LONG);
	CHECK(conn_line(&c, &l, 8, 5) == CONN_LINE);
	CHECK_SPAN(l, "end");
	CHECK(conn_line(&c, &l, 8, 5) == CONN_EOF);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	close_pair();
}

TEST(every_cut)
{
	const struct span s = TEXT("one\r\nmuch too long\r\n12345678\r\n"
				   "123456789\r\nend\n");
	size_t cut;

	for (cut = 1; cut < s.len; cut++) {
		check_cut(s, cut, true);
		check_cut(s, cut, false);
	}
}

/* Without "ahead" the next owner of the descriptor finds all that stands
 * behind the line. */
TEST(peek_leaves_the_rest)
{
	char rest[64];
	struct span l;

	open_pair(false);
	client("PASS x\r\nSTAT\r\nQU", 16);
	CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
	CHECK_SPAN(l, "PASS x");
	CHECK(!conn_waiting(&c));
	CHECK(recv(pair[0], rest, sizeof(rest), MSG_DONTWAIT) == 8);
	CHECK(memcmp(rest, "STAT\r\nQU", 8) == 0);
	close_pair();
}

TEST(peek_after_a_long_line)
{
	char rest[64];
	struct span l;

	open_pair(false);
	client("0123456789012345678901234567890123456789\r\nSTAT\r\n", 48);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LONG);
	CHECK(recv(pair[0], rest, sizeof(rest), MSG_DONTWAIT) == 6);
	close_pair();
}

/* A pipe cannot be looked into; it is read octet by octet then. */
TEST(peek_on_a_pipe)
{
	char rest[8];
	struct span l;
	int p[2];

	CHECK(pipe(p) == 0);
	conn_init(&c, p[0], p[1], false);
	CHECK(write(p[1], "a\r\nb", 4) == 4);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LINE);
	CHECK_SPAN(l, "a");
	CHECK(read(p[0], rest, sizeof(rest)) == 1 && rest[0] == 'b');
	(void)close(p[0]);
	(void)close(p[1]);
}

TEST(ahead_sees_what_waits)
{
	struct span l;

	open_pair(true);
	client("STARTTLS\r\nMAIL", 14);
	CHECK(conn_line(&c, &l, 100, 5) == CONN_LINE);
	CHECK(conn_waiting(&c));
	close_pair();
}

TEST(flood)
{
	static char junk[1 << 16];
	struct span l;
	pid_t pid;

	memset(junk, 'x', sizeof(junk));
	open_pair(true);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		(void)signal(SIGPIPE, SIG_DFL);
		while (write(pair[1], junk, sizeof(junk)) > 0)
			continue;
		_exit(0);
	}
	client_leaves();
	CHECK(conn_line(&c, &l, 2048, 20) == CONN_FLOOD);
	close_pair();
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* One octet each 20 ms, and no line end: the line's time is not prolonged. */
TEST(dripping_client)
{
	int64_t began = now();
	struct span l;
	pid_t pid;

	open_pair(true);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		while (write(pair[1], "x", 1) == 1)
			(void)usleep(20000);
		_exit(0);
	}
	CHECK(conn_line(&c, &l, 2048, 1) == CONN_TIMEOUT);
	CHECK(now() - began >= 1000 && now() - began < 1500);
	(void)kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	close_pair();
}

TEST(end_of_session)
{
	int64_t began = now();
	struct span l;

	open_pair(true);
	c.stop = began + 50;
	CHECK(conn_line(&c, &l, 100, 300) == CONN_TIMEOUT);
	CHECK(now() - began >= 50 && now() - began < 1000);
	CHECK(conn_block(&c, &l, 300) == CONN_TIMEOUT);
	close_pair();
}

TEST(output_waits_for_input)
{
	struct span l;

	open_pair(true);
	client("a\r\nb\r\n", 6);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LINE);
	conn_printf(&c, "250 %s\r\n", "a");
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LINE);
	conn_put(&c, "250 b\r\n", 7);
	CHECK(replies().len == 0); /* a pipelining client: one write */
	CHECK(shutdown(pair[1], SHUT_WR) == 0);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_EOF);
	CHECK_SPAN(replies(), "250 a\r\n250 b\r\n");
	close_pair();

	open_pair(true);
	conn_put(&c, "220 x\r\n", 7);
	c.stop = now() + 20;
	CHECK(conn_line(&c, &l, 10, 5) == CONN_TIMEOUT);
	CHECK_SPAN(replies(), "220 x\r\n");
	close_pair();
}

TEST(silent_reader)
{
	static char junk[CONN_OUT];
	int64_t began = now();
	int i;

	open_pair(true);
	c.stop = began + 100;
	for (i = 0; i < 100; i++)
		conn_put(&c, junk, sizeof(junk));
	CHECK(conn_flush(&c) == -1 && c.broken);
	CHECK(now() - began >= 100 && now() - began < 2000);
	CHECK(conn_flush(&c) == -1 && errno == EPIPE);
	close_pair();
}

TEST(gone_reader)
{
	struct span l;

	open_pair(true);
	client_leaves();
	conn_put(&c, "x", 1);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_ERROR);
	CHECK(c.broken);
	close_pair();
}

/* A pipe that nobody reads blocks a careless writer for ever. */
TEST(full_pipe)
{
	static char junk[CONN_OUT];
	int64_t began = now();
	int i, p[2];

	CHECK(pipe(p) == 0);
	conn_init(&c, p[0], p[1], true);
	c.stop = began + 100;
	for (i = 0; i < 10; i++)
		conn_put(&c, junk, sizeof(junk));
	CHECK(c.broken);
	CHECK(now() - began < 2000);
	(void)close(p[0]);
	(void)close(p[1]);
}

/* More than the buffer, through a socket that takes little at a time. */
TEST(much_output)
{
	enum { PIECES = 50 };
	static char piece[10000];
	size_t got = 0;
	char in[5000];
	ssize_t n;
	pid_t pid;
	int i;

	open_pair(true);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[1]);
		for (i = 0; i < PIECES; i++) {
			memset(piece, 'a' + i % 26, sizeof(piece));
			conn_put(&c, piece, sizeof(piece));
		}
		_exit(conn_flush(&c) == 0 ? 0 : 1);
	}
	(void)close(pair[0]);
	while ((n = read(pair[1], in, sizeof(in))) > 0)
		for (i = 0; i < n; i++, got++)
			if (in[i] != 'a' + (int)(got / sizeof(piece)) % 26)
				CHECK(!"octet in its place");
	CHECK(got == PIECES * sizeof(piece));
	CHECK(waitpid(pid, &i, 0) == pid && i == 0);
	(void)close(pair[1]);
}

TEST(a_reply_is_never_cut)
{
	static char big[5000];

	memset(big, 'x', sizeof(big) - 1);
	open_pair(true);
	conn_printf(&c, "250 %s\r\n", big);
	CHECK(conn_flush(&c) == -1);
	CHECK(replies().len == 0);
	close_pair();
}

/* EOF at the client while others of ours still hold the socket. */
TEST(eof_at_once)
{
	char x;

	open_pair(true);
	conn_put(&c, "221 x\r\n", 7);
	conn_end(&c);
	CHECK_SPAN(replies(), "221 x\r\n");
	CHECK(recv(pair[1], &x, 1, MSG_DONTWAIT) == 0);
	close_pair();
}

TEST(blocks)
{
	struct span b, l;

	open_pair(true);
	client("DATA\r\nabcdef", 12);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LINE);
	CHECK(conn_block(&c, &b, 5) == CONN_LINE);
	CHECK_SPAN(b, "abcdef");
	conn_take(&c, 4);
	CHECK(conn_block(&c, &b, 5) == CONN_LINE);
	CHECK_SPAN(b, "ef");
	conn_take(&c, 2);
	client("gh\r\n", 4);
	CHECK(conn_line(&c, &l, 10, 5) == CONN_LINE);
	CHECK_SPAN(l, "gh");
	client_leaves();
	CHECK(conn_block(&c, &b, 5) == CONN_EOF);
	close_pair();
}

/* An idle session pays for the pages it used, not for its buffers. */
TEST(buffers_stay_untouched)
{
	static struct conn idle;
	struct rusage before, after;

	open_pair(true);
	(void)getrusage(RUSAGE_SELF, &before);
	conn_init(&idle, pair[0], pair[0], true);
	(void)getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_minflt - before.ru_minflt <= 3);
	close_pair();
}
