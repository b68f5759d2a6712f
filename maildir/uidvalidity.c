/* The counter that makes UIDVALIDITY grow, where and as Dovecot keeps it: an
 * empty file dovecot-uidvalidity.XXXXXXXX whose name is the last value (who
 * manages to rename it has got the next one), and dovecot-uidvalidity with
 * the same eight digits in it. */
#include "maildir/uidlist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "message/fail.h"

static const char counter[] = "dovecot-uidvalidity";

enum {
	TRIES = 100,
	DIGITS = 8,
	NAME = sizeof(counter) + 1 + DIGITS,
};

static uint32_t
value(const char *hex)
{
	char *end;
	unsigned long v = strtoul(hex, &end, 16);

	return end == hex + DIGITS && *end == '\0' ? (uint32_t)v : 0;
}

/* The highest value that a file name has; 0 without one. */
static uint32_t
highest(int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;
	uint32_t max = 0;

	if (d == NULL) {
		if (fd != -1)
			(void)close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		const char *dot = e->d_name + sizeof(counter) - 1;
		uint32_t v;

		if (strncmp(e->d_name, counter, sizeof(counter) - 1) != 0 ||
		    *dot != '.')
			continue;
		v = value(dot + 1);
		if (v > max)
			max = v;
	}
	(void)closedir(d);
	return max;
}

/* The value in the file, 0 when it cannot be read. */
static uint32_t
kept(int root)
{
	char text[DIGITS + 1] = "";
	int fd = openat(root, counter,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return 0;
	if (read(fd, text, DIGITS) != DIGITS)
		text[0] = '\0';
	(void)close(fd);
	return value(text);
}

/* Another process may be at it too: then it has a value as good as ours, and
 * the file name has the highest anyway. */
int
uidvalidity_keep(int root, uint32_t v)
{
	char text[DIGITS + 1];

	(void)snprintf(text, sizeof(text), "%08x", v);
	if (disk_replace(root, counter, span(text)) == 0 || errno == ENOENT ||
	    errno == EEXIST)
		return 0;
	return -1;
}

/* 1: the counter stands at "next" now; 0: somebody else moved it; -1. */
static int
advance(int root, uint32_t old, uint32_t next)
{
	char from[NAME], to[NAME];
	int fd;

	(void)snprintf(from, sizeof(from), "%s.%08x", counter, old);
	(void)snprintf(to, sizeof(to), "%s.%08x", counter, next);
	if (old != 0) {
		if (renameat(root, from, root, to) == 0)
			return 1;
		return errno == ENOENT ? 0 : fail("rename %s", from);
	}
	fd = openat(root, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd == -1)
		return errno == EEXIST ? 0 : fail("create %s", to);
	(void)close(fd);
	return 1;
}

int
uidvalidity_next(int root, uint32_t *out)
{
	for (int try = 0; try < TRIES; try++) {
		uint32_t now = (uint32_t)time(NULL), old = highest(root);
		uint32_t last = kept(root);
		uint32_t next = (last > old ? last : old) + 1;
		int r;

		if (next < now)
			next = now;
		r = advance(root, old, next);
		if (r == -1)
			return -1;
		if (r == 0)
			continue;
		*out = next;
		return 0;
	}
	return fail_as(EAGAIN, "%s never stands still", counter);
}
