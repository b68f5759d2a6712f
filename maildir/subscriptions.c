#include "maildir/subscriptions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/dotlock.h"
#include "maildir/folders.h"
#include "maildir/view.h"
#include "message/buf.h"
#include "message/fail.h"
#include "message/file.h"

static const char file[] = "subscriptions";
static const char courier[] = "courierimapsubscribed";

enum { LONGEST = 1024 * 1024 };

/* The text, for free(); *len 0 without a file.  NULL: failure. */
static char *
load(int root, const char *name, size_t *len)
{
	int fd =
	    openat(root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd == -1 && errno == ENOENT ? 0 : -1;
	char *p = malloc(LONGEST + 1);

	if (fd != -1 && p != NULL)
		n = file_read(fd, p, LONGEST + 1, 0);
	if (n > LONGEST)
		n = fail_as(EFBIG, "%s is too big", name);
	else if (n == -1)
		(void)fail("read %s", name);
	if (fd != -1)
		(void)close(fd);
	if (p == NULL || n == -1) {
		free(p);
		return NULL;
	}
	p[n] = '\0';
	*len = (size_t)n;
	return p;
}

/* Lines without their LF, "from" and on; version 2 has its tabs as dots. */
static int
each(char *text, int (*take)(void *, const char *), void *with)
{
	bool v2 = strncmp(text, "V\t2\n", 4) == 0;
	char *rest = v2 ? text + 4 : text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		for (char *p = line; v2 && *p != '\0'; p++)
			if (*p == '\t')
				*p = '.';
		if (take(with, line) == -1)
			return -1;
	}
	return 0;
}

/* Courier's lines are "INBOX" and "INBOX.Work". */
struct without {
	int (*take)(void *, const char *);
	void *with;
};

static int
strip(void *with, const char *line)
{
	const struct without *w = with;

	if (strncmp(line, "INBOX.", 6) == 0)
		line += 6;
	return w->take(w->with, line);
}

int
subscriptions_each(const struct store *s,
    int (*take)(void *with, const char *name), void *with)
{
	struct without w = { take, with };
	size_t n;
	char *p = load(s->root, file, &n);
	int r;

	if (p == NULL)
		return -1;
	if (n > 0 || faccessat(s->root, file, F_OK, 0) == 0)
		r = each(p, take, with);
	else {
		free(p);
		p = load(s->root, courier, &n);
		r = p == NULL ? -1 : each(p, strip, &w);
	}
	free(p);
	return r;
}

struct rewrite {
	struct buf text;
	const char *name;
};

static int
keep(void *with, const char *name)
{
	struct rewrite *w = with;

	if (strcmp(name, w->name) == 0)
		return 0;
	for (; *name != '\0'; name++)
		buf_char(&w->text, *name == '.' ? '\t' : *name);
	buf_char(&w->text, '\n');
	return 0;
}

int
store_subscribe(struct store *s, const char *name, bool yes)
{
	char dir[NAME_MAX + 2];
	struct rewrite w = { .name = name };
	struct dotlock lock;
	int e, r;

	if (store_dir(name, dir) == -1 ||
	    dotlock_take(&lock, s->root, "subscriptions.lock") == -1)
		return -1;
	buf_init(&w.text, LONGEST);
	buf_str(&w.text, "V\t2\n\n");
	r = subscriptions_each(s, keep, &w);
	if (r == 0 && yes) {
		w.name = "";
		(void)keep(&w, name);
	}
	if (r == 0)
		r = w.text.over ? fail_as(EFBIG, "%s", file) :
				  disk_replace(s->root, file, buf_all(&w.text));
	e = errno;
	buf_free(&w.text);
	dotlock_drop(&lock);
	errno = e;
	return r;
}
