#include "session/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"

static int
trusted(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail("%s", path);
	if (!S_ISREG(st.st_mode))
		return fail_as(EINVAL, "%s: not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail_as(EPERM, "%s: belongs to somebody else", path);
	if ((st.st_mode & S_IWOTH) != 0 ||
	    ((st.st_mode & S_IWGRP) != 0 && st.st_gid != getegid()))
		return fail_as(EPERM, "%s: others may write to it", path);
	return 1;
}

int
lines_open(struct lines *l, const char *path)
{
	l->path = path;
	l->number = 0;
	l->at = l->end = 0;
	l->last = false;
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (l->fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
							     fail("%s", path);
	if (trusted(l->fd, path) == -1) {
		lines_close(l);
		return -1;
	}
	return 1;
}

void
lines_close(struct lines *l)
{
	if (l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
}

int
lines_bad(const struct lines *l, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return fail_as(EINVAL, "%s:%u: %s", l->path, l->number, text);
}

/* More octets behind those not used yet.  1; 0 at the end; -1. */
static int
fill(struct lines *l)
{
	ssize_t n;

	if (l->last)
		return 0;
	memmove(l->data, l->data + l->at, l->end - l->at);
	l->end -= l->at;
	l->at = 0;
	if (l->end == LINES_SIZE) {
		l->number++;
		return lines_bad(l, "line too long");
	}
	do
		n = read(l->fd, l->data + l->end, LINES_SIZE - l->end);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return fail("%s", l->path);
	l->end += (size_t)n;
	l->last = n == 0;
	return n > 0;
}

static int
given(struct lines *l, struct span *line, size_t len)
{
	l->number++;
	*line = span_n(l->data + l->at, len);
	if (memchr(line->p, '\0', len) != NULL)
		return lines_bad(l, "NUL octet");
	if (len > 0 && line->p[len - 1] == '\r')
		line->len--;
	return 1;
}

int
lines_next(struct lines *l, struct span *line)
{
	size_t seen = 0;

	for (;;) {
		const char *p = l->data + l->at;
		size_t have = l->end - l->at;
		const char *lf = memchr(p + seen, '\n', have - seen);
		size_t len = lf == NULL ? have : (size_t)(lf - p);
		int r;

		if (lf == NULL && !l->last) {
			seen = have;
			r = fill(l);
			if (r == -1)
				return -1;
			continue;
		}
		if (lf == NULL && have == 0)
			return 0;
		r = given(l, line, len);
		l->at += lf == NULL ? len : len + 1;
		return r;
	}
}

int
lines_word(struct lines *l, struct span *line)
{
	int r;

	while ((r = lines_next(l, line)) == 1) {
		*line = span_trim(*line);
		if (line->len > 0 && line->p[0] != '#')
			return 1;
	}
	return r;
}
