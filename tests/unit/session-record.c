/* Records: whole, with one descriptor, or refused. */
#include "session/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/test.h"

static int pair[2];
static struct record r;

enum { HEAD = offsetof(struct record, data) };

/* Open descriptors of this process. */
static unsigned
descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
begin(void)
{
	CHECK(record_pair(pair) == 0);
}

static void
end(void)
{
	(void)close(pair[0]);
	(void)close(pair[1]);
}

TEST(there_and_back)
{
	int fd = 99;

	begin();
	CHECK(record_send(pair[0], 3, -7, TEXT("a\0b"), -1) == 0);
	CHECK(record_recv(pair[1], &r, &fd, 1000) == 1);
	CHECK(r.kind == 3 && r.value == -7 && fd == -1);
	CHECK(span_eq(record_span(&r), TEXT("a\0b")));
	CHECK(r.data[3] == '\0');
	CHECK(record_send(pair[1], 0, 0, TEXT(""), -1) == 0);
	CHECK(record_recv(pair[0], &r, NULL, -1) == 1 && r.len == 0);
	end();
}

TEST(largest)
{
	static char big[RECORD_DATA];

	memset(big, 'x', sizeof(big));
	begin();
	CHECK(record_send(pair[0], 1, 0, span_n(big, sizeof(big)), -1) == -1);
	CHECK(errno == EMSGSIZE);
	CHECK(
	    record_send(pair[0], 1, 0, span_n(big, sizeof(big) - 1), -1) == 0);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 1);
	CHECK(r.len == sizeof(big) - 1 && r.data[r.len] == '\0');
	end();
}

/* "n" octets, whatever a record should be. */
static void
send_raw(const void *p, size_t n)
{
	CHECK(send(pair[0], p, n, 0) == (ssize_t)n);
}

static void
bad(void)
{
	errno = 0;
	CHECK(record_recv(pair[1], &r, NULL, 1000) == -1 && errno == EBADMSG);
}

TEST(wrong_lengths)
{
	static struct {
		struct record r;
		char more;
	} x;

	begin();
	send_raw("x", 1);
	bad();
	send_raw(&x, HEAD - 1);
	bad();
	x.r.len = 5;
	send_raw(&x, HEAD + 4);
	bad();
	send_raw(&x, HEAD + 6);
	bad();
	x.r.len = RECORD_DATA; /* no room for the NUL */
	send_raw(&x, HEAD + RECORD_DATA);
	bad();
	x.r.len = RECORD_DATA + 1;
	send_raw(&x, HEAD + RECORD_DATA + 1);
	bad();
	x.r.len = UINT32_MAX;
	send_raw(&x, HEAD + 4);
	bad();
	x.r.len = 4; /* and after all that a good one */
	send_raw(&x, HEAD + 4);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 1);
	end();
}

TEST(descriptor)
{
	int fd = -1, p[2];
	char c = 0;
	unsigned before;

	begin();
	before = descriptors();
	CHECK(pipe(p) == 0);
	CHECK(record_send(pair[0], 1, 0, TEXT("x"), p[1]) == 0);
	(void)close(p[1]);
	CHECK(record_recv(pair[1], &r, &fd, 1000) == 1 && fd != -1);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(write(fd, "y", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'y');
	(void)close(fd);
	/* Who does not expect one does not keep one. */
	CHECK(record_send(pair[0], 1, 0, TEXT("x"), p[0]) == 0);
	(void)close(p[0]);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 1);
	CHECK(descriptors() == before);
	end();
}

/* A hostile peer sends several, or one with a broken record. */
TEST(no_descriptor_stays)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct record head = { .len = 0 };
	struct iovec iov = { &head, HEAD };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(3 * sizeof(int)) };
	const int fds[3] = { 0, 1, 2 };
	unsigned before;

	begin();
	before = descriptors();
	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(3 * sizeof(int));
	memcpy(CMSG_DATA(&control.h), fds, sizeof(fds));
	CHECK(sendmsg(pair[0], &m, 0) == HEAD);
	bad();
	CHECK(descriptors() == before);
	m.msg_controllen = control.h.cmsg_len = CMSG_LEN(sizeof(int));
	iov.iov_len = HEAD - 1;
	CHECK(sendmsg(pair[0], &m, 0) == HEAD - 1);
	bad();
	CHECK(descriptors() == before);
	end();
}

TEST(time_and_end)
{
	begin();
	CHECK(record_recv(pair[1], &r, NULL, 0) == -1 && errno == ETIMEDOUT);
	CHECK(record_recv(pair[1], &r, NULL, 20) == -1 && errno == ETIMEDOUT);
	CHECK(record_send(pair[0], 1, 0, TEXT("last"), -1) == 0);
	(void)close(pair[0]);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 1);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 0);
	CHECK(
	    record_send(pair[1], 1, 0, TEXT("x"), -1) == -1 && errno == EPIPE);
	(void)close(pair[1]);
}

/* A peer that leaves with our record unread. */
TEST(reset)
{
	begin();
	CHECK(record_send(pair[1], 1, 0, TEXT("x"), -1) == 0);
	(void)close(pair[0]);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 0);
	(void)close(pair[1]);
}

/* The same, and it had said something: its word arrives before its end. */
TEST(reset_behind_an_answer)
{
	begin();
	CHECK(record_send(pair[1], 1, 0, TEXT("unread"), -1) == 0);
	CHECK(record_send(pair[0], 2, 0, TEXT("why"), -1) == 0);
	(void)close(pair[0]);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 1 && r.kind == 2);
	CHECK(record_recv(pair[1], &r, NULL, 1000) == 0);
	(void)close(pair[1]);
}
