#include "maildir/keywords.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/dotlock.h"
#include "message/buf.h"
#include "message/fail.h"

static const char *const file[] = { "dovecot-keywords", "mailroom-keywords" };

enum { FILES = 2, FILE_MAX = 64 * 1024 };

const char *const keywords_standard[KEYWORDS_STANDARD] = { "$Forwarded",
	"$MDNSent", "$Junk", "$NotJunk", "$Phishing" };

/* The file behind the first "n" octets of "text", with an LF: the octets then;
 * -1. */
static ssize_t
load(struct keywords *k, int dir, int which, char *text, size_t n)
{
	int fd = openat(dir, file[which],
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t r = 0;

	k->st[which] = (struct stat){ .st_size = 0 };
	if (fd == -1)
		return errno == ENOENT ? (ssize_t)n :
					 fail("open %s", file[which]);
	if (fstat(fd, &k->st[which]) == 0)
		r = read(fd, text + n, FILE_MAX);
	(void)close(fd);
	if (r == -1)
		return fail("read %s", file[which]);
	text[n + (size_t)r] = '\n';
	return (ssize_t)n + r + 1;
}

/* "N NAME": the first of two for a bit counts. */
static void
take(struct keywords *k, char *line)
{
	char *end;
	unsigned long bit = strtoul(line, &end, 10);

	if (end == line || *end != ' ' || end[1] == '\0' || bit >= KEYWORDS ||
	    k->name[bit] != NULL || strlen(end + 1) > KEYWORD_LONGEST)
		return;
	k->name[bit] = end + 1;
}

int
keywords_read(struct keywords *k, int dir)
{
	static char text[FILES * (FILE_MAX + 1) + 1];
	ssize_t n = 0;
	char *line, *rest;

	*k = (struct keywords){ .text = NULL };
	for (int i = 0; i < FILES && n != -1; i++)
		n = load(k, dir, i, text, (size_t)n);
	if (n == -1)
		return -1;
	text[n] = '\0';
	k->text = rest = malloc((size_t)n + 1);
	if (rest == NULL)
		return fail("keywords");
	(void)memcpy(rest, text, (size_t)n + 1);
	while ((line = strsep(&rest, "\n")) != NULL)
		take(k, line);
	for (int i = 0; i < KEYWORDS; i++)
		k->named |= (uint64_t)(k->name[i] != NULL) << i;
	return 0;
}

void
keywords_free(struct keywords *k)
{
	free(k->text);
	*k = (struct keywords){ .text = NULL };
}

bool
keywords_changed(const struct keywords *k, int dir)
{
	for (int i = 0; i < FILES; i++) {
		struct stat st = { .st_ino = 0 };

		if (fstatat(dir, file[i], &st, AT_SYMLINK_NOFOLLOW) == -1)
			st = (struct stat){ .st_ino = 0 };
		if (st.st_ino != k->st[i].st_ino ||
		    st.st_size != k->st[i].st_size ||
		    st.st_mtim.tv_sec != k->st[i].st_mtim.tv_sec ||
		    st.st_mtim.tv_nsec != k->st[i].st_mtim.tv_nsec)
			return true;
	}
	return false;
}

int
keywords_find(const struct keywords *k, const char *name)
{
	for (int i = 0; i < KEYWORDS; i++)
		if (k->name[i] != NULL && strcasecmp(k->name[i], name) == 0)
			return i;
	return -1;
}

/* A flag-keyword of RFC 9051 s. 9: an atom. */
static bool
valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > KEYWORD_LONGEST)
		return false;
	for (; *name != '\0'; name++)
		if (*name <= ' ' || *name >= 0x7f ||
		    strchr("(){%*\"\\]", *name) != NULL)
			return false;
	return true;
}

static int
place(struct keywords *k, const char *name)
{
	for (int i = 0; i < KEYWORDS; i++)
		if (k->name[i] == NULL) {
			k->name[i] = name;
			return i;
		}
	return -1;
}

static int
save(const struct keywords *k, int dir, int which)
{
	int from = which == 0 ? 0 : KEYWORD_LETTERS;
	int to = which == 0 ? KEYWORD_LETTERS : KEYWORDS;
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX);
	for (int i = from; i < to; i++)
		if (k->name[i] != NULL)
			buf_printf(&b, "%d %s\n", i, k->name[i]);
	r = b.over ? fail_as(ENOMEM, "%s", file[which]) :
		     disk_replace(dir, file[which], buf_all(&b));
	buf_free(&b);
	return r;
}

/* A bit for a name that has none, on disk. */
static int
give(struct keywords *now, int dir, const char *name)
{
	bool first = true;
	int bit;

	for (int i = 0; i < KEYWORDS; i++)
		first = first && now->name[i] == NULL;
	for (size_t i = 0; first && i < KEYWORDS_STANDARD; i++)
		(void)place(now, keywords_standard[i]);
	bit = keywords_find(now, name);
	if (bit == -1)
		bit = place(now, name);
	if (bit == -1)
		return fail_as(ENOSPC, "no keyword is left");
	return save(now, dir, bit >= KEYWORD_LETTERS);
}

static int
make(struct keywords *k, int dir, const char *name)
{
	struct keywords now;
	int r = keywords_read(&now, dir);

	if (r == 0 && keywords_find(&now, name) == -1)
		r = give(&now, dir, name);
	keywords_free(&now);
	if (r == -1)
		return -1;
	keywords_free(k);
	return keywords_read(k, dir) == -1 ? -1 : keywords_find(k, name);
}

int
keywords_make(struct keywords *k, int dir, const char *name)
{
	struct dotlock lock;
	int e, r;

	if (!valid(name))
		return fail_as(EINVAL, "no keyword: %.60s", name);
	if (dotlock_take(&lock, dir, "dovecot-uidlist.lock") == -1)
		return -1;
	r = make(k, dir, name);
	e = errno;
	dotlock_drop(&lock);
	errno = e;
	return r;
}
