#include "session/converter.h"

#include <bsd/string.h>
#include <bsd/unistd.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/buf.h"
#include "message/charset.h"
#include "message/fail.h"
#include "message/file.h"
#include "session/sandbox.h"

enum { TEXT_MAX = 192 << 20, KEPT = 1 << 20 };

/* Before each text; the answer has the same, and no octets where the set is
 * not known. */
struct text {
	char set[24];
	uint64_t octets;
	uint64_t known;
};

static int service = -1;

static bool
put(int fd, const void *p, size_t n)
{
	return file_write(fd, span_n(p, n)) == 0;
}

static bool
get(int fd, void *p, size_t n)
{
	char *s = p;

	while (n > 0) {
		ssize_t done = read(fd, s, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s += done;
		n -= (size_t)done;
	}
	return true;
}

/* So many octets, in pieces, append. */
static bool
get_text(int fd, struct buf *b, uint64_t n)
{
	static char piece[64 * 1024];

	while (n > 0) {
		size_t k = n < sizeof(piece) ? (size_t)n : sizeof(piece);

		if (!get(fd, piece, k))
			return false;
		buf_add(b, piece, k);
		n -= k;
	}
	return true;
}

/* ---- the other process */

static bool
confine(void)
{
	const struct limits l = {
		.memory = 1 << 30,
		.file = 0,
		.files = 3,
		.procs = 0,
	};

	charset_load();
	return sandbox_limits(&l) == 0 && sandbox_files(NULL, 0) == 0 &&
	    sandbox_calls(SANDBOX_PIPE) == 0;
}

static bool
answer(struct text *t, struct buf *in, struct buf *out)
{
	t->set[sizeof(t->set) - 1] = '\0';
	if (!get_text(STDIN_FILENO, in, t->octets))
		return false;
	t->known = !in->over &&
	    charset_text(out, span(t->set), buf_all(in)) == 0 && !out->over;
	t->octets = t->known ? out->len : 0;
	return put(STDIN_FILENO, t, sizeof(*t)) &&
	    put(STDIN_FILENO, out->p, (size_t)t->octets);
}

_Noreturn void
converter_serve(void)
{
	struct buf in, out;
	struct text t;
	bool ready = false;

	closefrom(STDIN_FILENO + 1);
	buf_init(&in, TEXT_MAX);
	buf_init(&out, TEXT_MAX);
	while (get(STDIN_FILENO, &t, sizeof(t))) {
		ready = ready || confine();
		if (!ready || !answer(&t, &in, &out))
			break;
		buf_reset(&in);
		buf_reset(&out);
		if (in.size + out.size > KEPT) {
			buf_free(&in);
			buf_free(&out);
		}
	}
	_exit(0);
}

/* ---- ours */

/* After any trouble it is not asked again. */
static int
give_up(void)
{
	if (service != -1)
		(void)close(service);
	service = -1;
	return fail_as(EIO, "no converter of character sets");
}

int
converter_convert(struct buf *out, const char *name, struct span in)
{
	struct text t = { .octets = in.len };

	if (service == -1)
		return -1;
	(void)strncpy(t.set, name, sizeof(t.set) - 1);
	if (!put(service, &t, sizeof(t)) || !put(service, in.p, in.len) ||
	    !get(service, &t, sizeof(t)) || t.octets > TEXT_MAX ||
	    !get_text(service, out, t.octets))
		return give_up();
	return t.known != 0 ? 0 : -1;
}

/* Fork: 0 in the child, whose descriptor 0 is the socket; 1; -1. */
static int
begin(void)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1)
		return fail("socketpair");
	switch (fork()) {
	case -1:
		(void)close(fd[0]);
		(void)close(fd[1]);
		return fail("fork");
	case 0:
		if (dup2(fd[1], STDIN_FILENO) == -1)
			_exit(1);
		return 0;
	default:
		(void)close(fd[1]);
		service = fd[0];
		return 1;
	}
}

void
converter_start(void)
{
	switch (begin()) {
	case -1:
		return;
	case 0:
		converter_serve();
	default:
		charset_elsewhere(converter_convert);
	}
}

int
converter_exec(const char *helpers)
{
	static const char name[] = "to-utf8";
	char path[PATH_MAX];
	ssize_t n;
	int r = begin();

	if (r != 0)
		return r == 1 ? 0 : -1;
	closefrom(STDERR_FILENO + 1);
	n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n > 0) {
		(void)strlcpy(path + n, name, sizeof(name));
		(void)execl(path, name, (char *)NULL);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", helpers, name);
	(void)execl(path, name, (char *)NULL);
	_exit(127);
}
