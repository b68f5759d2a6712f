/* A Maildir of its own for each test, below $BATS_TEST_TMPDIR or /tmp. */
#ifndef TESTS_UNIT_MAILDIR_PLACE_H
#define TESTS_UNIT_MAILDIR_PLACE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/delivery.h"

struct place {
	char path[256];
	int dir;
};

static inline void
place_make(struct place *p)
{
	const char *top = getenv("BATS_TEST_TMPDIR");

	(void)snprintf(p->path, sizeof(p->path), "%s/maildir.XXXXXX",
	    top == NULL ? "/tmp" : top);
	p->dir = mkdtemp(p->path) == NULL ? -1 : maildir_open(p->path);
	if (p->dir == -1) {
		perror(p->path);
		exit(1);
	}
}

static inline int
place_rm(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	(void)f;
	return remove(path);
}

static inline void
place_drop(struct place *p)
{
	(void)close(p->dir);
	(void)nftw(p->path, place_rm, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file with that text; "" is an empty one. */
static inline void
place_put(const struct place *p, const char *name, const char *text)
{
	int fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t n = strlen(text);

	if (fd == -1 || write(fd, text, n) != (ssize_t)n) {
		perror(name);
		exit(1);
	}
	(void)close(fd);
}

/* Its text, in a buffer of ours. */
static inline const char *
place_get(const struct place *p, const char *name)
{
	static char text[65536];
	int fd = openat(p->dir, name, O_RDONLY);
	ssize_t n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd != -1)
		(void)close(fd);
	return text;
}

#endif
