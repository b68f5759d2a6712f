#include "maildir/cmd-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd.h"
#include "maildir/view.h"
#include "message/fail.h"

enum { LONGEST = 16 << 20, LARGE = 64 * 1024 };

int
memory_open(struct memory *m, const struct cmd *c, const char *name)
{
	char piece[16384];
	struct stat st;
	ssize_t n = -1;

	*m = (struct memory){ .now = time(NULL) };
	buf_init(&m->text, LONGEST);
	m->fd = openat(c->store->root, name,
	    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);
	if (m->fd == -1)
		return fail("open %s", name);
	while (flock(m->fd, LOCK_EX) == -1)
		if (errno != EINTR)
			return fail("lock %s", name);
	if (fstat(m->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fail_as(EINVAL, "%s is no file", name);
	while (!m->text.over && (n = read(m->fd, piece, sizeof(piece))) > 0)
		buf_add(&m->text, piece, (size_t)n);
	return n == -1 ? fail("read %s", name) : 0;
}

void
memory_close(struct memory *m)
{
	if (m->fd != -1)
		(void)close(m->fd);
	m->fd = -1;
	buf_free(&m->text);
}

/* "TIME KEY" of a line; false: it is none. */
static bool
take(struct span *rest, int64_t *when, struct span *key)
{
	struct span line = span_cut(rest, '\n');
	struct span number = span_cut(&line, ' ');
	uint64_t n;

	*key = line;
	if (line.p == NULL || span_number(number, INT64_MAX, &n) == -1)
		return false;
	*when = (int64_t)n;
	return true;
}

int64_t
memory_when(const struct memory *m, const char *key)
{
	struct span rest = buf_all(&m->text), have;
	int64_t last = 0, when;

	while (rest.p != NULL && rest.len > 0)
		if (take(&rest, &when, &have) && span_eq(have, span(key)) &&
		    when <= m->now)
			last = when;
	return last;
}

/* Leave out what is old.  A crash within it forgets, and no more. */
static void
shorten(struct memory *m, int64_t keep)
{
	struct span rest = buf_all(&m->text), key;
	struct buf young;
	int64_t when;

	buf_init(&young, LONGEST);
	while (rest.p != NULL && rest.len > 0)
		if (take(&rest, &when, &key) && when > m->now - keep)
			buf_printf(&young, "%jd %.*s\n", (intmax_t)when,
			    (int)key.len, key.p);
	if (!young.over && young.len < m->text.len / 2 &&
	    ftruncate(m->fd, 0) == 0) {
		(void)!write(m->fd, young.p, young.len);
		buf_reset(&m->text);
		buf_span(&m->text, buf_all(&young));
	}
	buf_free(&young);
}

int
memory_note(struct memory *m, const char *key, int64_t keep)
{
	size_t from;

	if (m->fd == -1)
		return fail_as(EBADF, "nothing to remember in");
	if (m->text.over || m->text.len > LARGE)
		shorten(m, keep);
	from = m->text.len;
	buf_printf(&m->text, "%jd %s\n", (intmax_t)m->now, key);
	if (m->text.over ||
	    write(m->fd, m->text.p + from, m->text.len - from) !=
		(ssize_t)(m->text.len - from))
		return fail("remember %s", key);
	return 0;
}
