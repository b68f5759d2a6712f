/* The lock is that of mutt, mail(1) and procmail: FILE.lock where we may make
 * one, and fcntl(2) always.  A message that could not be written whole is cut
 * off again before the lock goes. */
#include "smtp-session/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/dotlock.h"
#include "message/buf.h"
#include "message/fail.h"
#include "message/file.h"

enum {
	LOCK_TRIES = 200,
	LOCK_PAUSE = 100000, /* us */
	LINE = 1000, /* of its beginning that is held back */
};

void
mbox_line(struct buf *b, const char *from)
{
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	buf_str(b, "From ");
	if (from[0] == '\0')
		buf_str(b, "MAILER-DAEMON");
	for (; *from != '\0'; from++)
		buf_char(b, *from == ' ' ? '-' : *from);
	buf_printf(b, "  %s\n", date);
}

/* ---- writing */

struct mbox {
	int fd;
	bool start; /* of a line */
	char last[2]; /* the octets written last */
	struct buf line; /* its beginning, while it may be "From " */
};

static int
put(struct mbox *m, const char *p, size_t len)
{
	if (len == 0)
		return 0;
	if (file_write(m->fd, span_n(p, len)) == -1)
		return fail("write the mailbox file");
	m->last[0] = len > 1 ? p[len - 2] : m->last[1];
	m->last[1] = p[len - 1];
	return 0;
}

/* Could "line" go on to be ">*From "?  1 it is, 0 it could, -1 never. */
static int
is_from(struct span line)
{
	static const char word[] = "From ";
	size_t n;

	while (line.len > 0 && line.p[0] == '>')
		line = span_from(line, 1);
	n = line.len < sizeof(word) - 1 ? line.len : sizeof(word) - 1;
	if (memcmp(line.p, word, n) != 0)
		return -1;
	return n == sizeof(word) - 1;
}

/* What was held back. */
static int
end_line(struct mbox *m)
{
	int r = put(m, m->line.p, m->line.len);

	buf_reset(&m->line);
	return r;
}

static int
put_text(struct mbox *m, const char *p, size_t len)
{
	const char *end = p + len;
	int from;

	while (p < end) {
		const char *q = p;

		if (!m->start) {
			q = memchr(p, '\n', (size_t)(end - p));
			q = q == NULL ? end : q + 1;
			if (put(m, p, (size_t)(q - p)) == -1)
				return -1;
			m->start = q[-1] == '\n';
			p = q;
			continue;
		}
		if (m->line.len < LINE)
			buf_char(&m->line, *p++);
		from = m->line.len < LINE ? is_from(buf_all(&m->line)) : -1;
		if (from == 0)
			continue;
		if ((from == 1 && put(m, ">", 1) == -1) || end_line(m) == -1)
			return -1;
		m->start = p[-1] == '\n';
	}
	return 0;
}

static int
put_message(struct mbox *m, const char *from, struct span head, int fd)
{
	char block[16384];
	struct buf line;
	off_t at = 0;
	ssize_t n;
	int r;

	buf_init(&line, 1024);
	mbox_line(&line, from);
	r = put(m, line.p, line.len);
	buf_free(&line);
	if (r == -1 || put_text(m, head.p, head.len) == -1)
		return -1;
	while ((n = pread(fd, block, sizeof(block), at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("read the message");
		if (put_text(m, block, (size_t)n) == -1)
			return -1;
		at += n;
	}
	if (end_line(m) == -1)
		return -1;
	if (m->last[1] != '\n')
		return put(m, "\n\n", 2);
	return m->last[0] != '\n' ? put(m, "\n", 1) : 0;
}

/* ---- the file */

static int
lock(int fd, const char *path)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (int i = 0; fcntl(fd, F_SETLK, &l) == -1; i++) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return fail("lock %s", path);
		if (i == LOCK_TRIES)
			return fail_as(EAGAIN, "%s is locked", path);
		(void)usleep(LOCK_PAUSE);
	}
	return 0;
}

static int
append(int fd, const char *path, const char *from, struct span head, int mail)
{
	struct mbox m = { .fd = fd, .start = true, .last = "\n\n" };
	off_t before;
	int r, e;

	if (lock(fd, path) == -1)
		return -1;
	before = lseek(fd, 0, SEEK_END);
	if (before == -1)
		return fail("%s", path);
	buf_init(&m.line, LINE);
	r = put_message(&m, from, head, mail);
	buf_free(&m.line);
	if (r == 0 && fsync(fd) == -1)
		r = fail("fsync %s", path);
	if (r == 0)
		return 0;
	e = errno;
	if (ftruncate(fd, before) == -1)
		e = errno;
	errno = e;
	return -1;
}

static int
append_locked(int dir, const char *name, const char *path, const char *from,
    struct span head, int mail)
{
	char lock_name[NAME_MAX + 8];
	struct dotlock l;
	struct stat st = { .st_size = 0 };
	bool dotted;
	int fd, r, e;

	(void)snprintf(lock_name, sizeof(lock_name), "%s.lock", name);
	dotted = dotlock_take(&l, dir, lock_name) == 0;
	if (!dotted && errno != EACCES && errno != EROFS && errno != EPERM)
		return -1;
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (fd == -1)
		r = fail("%s", path);
	else if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		r = fail_as(EINVAL, "%s is no regular file", path);
	else
		r = append(fd, path, from, head, mail);
	if (r == 0 && st.st_size == 0 && fsync(dir) == -1)
		r = fail("fsync the directory of %s", path);
	e = errno;
	if (fd != -1)
		(void)close(fd);
	if (dotted)
		dotlock_drop(&l);
	errno = e;
	return r;
}

int
mbox_append(const char *path, const char *from, struct span head, int fd)
{
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX];
	int dir, r, e;

	if (strcmp(path, "/dev/null") == 0)
		return 0;
	if (slash == NULL || slash[1] == '\0' || strlen(path) >= PATH_MAX)
		return fail_as(EINVAL, "%s: no file name", path);
	(void)snprintf(above, sizeof(above), "%.*s",
	    slash == path ? 1 : (int)(slash - path), path);
	dir = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return fail("%s", above);
	r = append_locked(dir, slash + 1, path, from, head, fd);
	e = errno;
	(void)close(dir);
	errno = e;
	return r;
}
