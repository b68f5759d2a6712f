#include "session/record.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD = offsetof(struct record, data) };

int
record_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

/* See RECORD_FILES.  A crowd passes: CROWDED times 10 ms are waited for it. */
enum { CROWDED = 1000 };

int
record_send(int sock, uint32_t kind, int32_t value, struct span data, int fd)
{
	struct {
		uint32_t kind;
		int32_t value;
		uint32_t len;
	} head = { kind, value, (uint32_t)data.len };
	union { /* aligned as a cmsghdr must be */
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov[2];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (data.len > RECORD_DATA - 1) {
		errno = EMSGSIZE;
		return -1;
	}
	iov[0] = (struct iovec){ &head, HEAD };
	iov[1].iov_len = data.len;
	memcpy(&iov[1].iov_base, &data.p, sizeof(void *));
	if (fd != -1) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_LEN(sizeof(int));
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.h), &fd, sizeof(int));
	}
	for (int again = 0;; again++) {
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
		if (n == -1 && errno == ETOOMANYREFS && again < CROWDED)
			(void)poll(NULL, 0, 10);
		else if (n != -1 || errno != EINTR)
			return n == -1 ? -1 : 0;
	}
}

/* The one descriptor that came, or -1. */
static int
received_fd(struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd;

	if (h == NULL || h->cmsg_level != SOL_SOCKET ||
	    h->cmsg_type != SCM_RIGHTS || h->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(h), sizeof(int));
	return fd;
}

static int
await(int sock, int ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, ms);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n == 1 ? 0 : -1;
}

int
record_recv(int sock, struct record *r, int *fd, int ms)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { r, sizeof(*r) };
	/* CMSG_LEN, not CMSG_SPACE: the padding would hold a second
	 * descriptor, and the kernel would put one there. */
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t n;
	int got;

	if (fd != NULL)
		*fd = -1;
	if (ms >= 0 && await(sock, ms) == -1)
		return -1;
	/* ECONNRESET, told once: the peer left with something unread.  What it
	 * said before waits behind the error. */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n <= 0)
		return (int)n;
	got = received_fd(&m);
	if (n < HEAD || r->len >= RECORD_DATA || r->len != (size_t)n - HEAD ||
	    m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (got != -1)
			(void)close(got);
		errno = EBADMSG;
		return -1;
	}
	r->data[r->len] = '\0';
	if (fd != NULL)
		*fd = got;
	else if (got != -1)
		(void)close(got);
	return 1;
}
