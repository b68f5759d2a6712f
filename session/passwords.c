#include "session/passwords.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/buf.h"
#include "message/fail.h"
#include "message/file.h"

enum { FILE_MAX = 32768, SALT = 16 };

static const char head[] =
    "# Passwords of single devices, see mailroom-users(5): name, day it was\n"
    "# made, day it was last used, keys.  Without its line it is worth "
    "nothing.\n";

static int
file_path(char path[PATH_MAX], const char *home, const char *more)
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s", home, PASSWORDS_FILE, more);

	return n > 0 && n < PATH_MAX ? 0 : fail_as(ENAMETOOLONG, "%s", home);
}

/* A descriptor; -1 with errno ENOENT: there is none. */
static int
open_file(const char *path, int flags)
{
	struct stat st;
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return fail("%s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return fd;
	(void)close(fd);
	return fail_as(EPERM, "%s: not a file that only its user may write",
	    path);
}

/* ---- reading */

static bool
name_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return s.len > 0 && s.len <= PASSWORDS_NAME;
}

/* "2026-11-21", or the same number of dashes. */
static bool
day_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return s.len == PASSWORDS_DAY;
}

static void
put(char *to, struct span s)
{
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
}

/* NAME MADE USED KEY, out of the file's octets "from" on. */
static int
take_line(struct password *p, struct span line, const char *from)
{
	struct span name = span_word(&line), made = span_word(&line);
	struct span used = span_word(&line);
	char entry[256];

	line = span_trim(line);
	if (!name_ok(name) || !day_ok(made) || !day_ok(used) ||
	    line.len >= sizeof(entry))
		return -1;
	put(p->name, name);
	put(p->made, made);
	put(p->used, used);
	p->used_at = (size_t)(used.p - from);
	put(entry, line);
	return scram_key_parse(&p->key, entry) == 1 ? 0 : -1;
}

static int
parse(struct passwords *all, struct span text, const char *path)
{
	const char *from = text.p;
	unsigned number = 0;
	struct span line;

	while (text.len > 0) {
		line = span_trim(span_cut(&text, '\n'));
		number++;
		if (line.len == 0 || line.p[0] == '#')
			continue;
		if (all->n == PASSWORDS_MAX)
			return fail_as(E2BIG, "%s: more than %d", path,
			    PASSWORDS_MAX);
		if (take_line(&all->all[all->n], line, from) == -1)
			return fail_as(EINVAL, "%s:%u: no password", path,
			    number);
		all->n++;
	}
	return 0;
}

int
passwords_load(struct passwords *all, const char *home)
{
	static char text[FILE_MAX];
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	all->n = 0;
	if (file_path(path, home, "") == -1)
		return -1;
	fd = open_file(path, O_RDONLY);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	n = read(fd, text, sizeof(text));
	if (n == -1)
		(void)fail("%s", path);
	(void)close(fd);
	if (n == -1)
		return -1;
	if (n == sizeof(text))
		return fail_as(EFBIG, "%s: too large", path);
	return parse(all, span_n(text, (size_t)n), path);
}

/* ---- changing */

static void
today(char day[PASSWORDS_DAY + 1])
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	(void)gmtime_r(&now, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	(void)strlcpy(day, text, PASSWORDS_DAY + 1);
}

/* Without letters that are read for others: 99 bits. */
static void
make_text(char text[PASSWORDS_TEXT + 1])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	size_t i;

	for (i = 0; i < PASSWORDS_TEXT; i++)
		text[i] = i % 5 == 4 ?
		    '-' :
		    letters[arc4random_uniform(sizeof(letters) - 1)];
	text[i] = '\0';
}

static size_t
find_name(const struct passwords *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->all[i].name, name) == 0)
			break;
	return i;
}

int
passwords_add(struct passwords *all, const char *name,
    char text[PASSWORDS_TEXT + 1])
{
	struct password *p = &all->all[all->n];

	if (!name_ok(span(name)))
		return fail_as(EINVAL,
		    "%s: 1 to %d letters, digits and ._- make a name", name,
		    PASSWORDS_NAME);
	if (find_name(all, name) < all->n)
		return fail_as(EEXIST, "%s: there is one already", name);
	if (all->n == PASSWORDS_MAX)
		return fail_as(E2BIG, "more than %d", PASSWORDS_MAX);
	*p = (struct password){ .used = PASSWORDS_NEVER };
	(void)strlcpy(p->name, name, sizeof(p->name));
	today(p->made);
	if (all->n > 0) {
		p->key = all->all[0].key;
	} else {
		p->key.iterations = SCRAM_ITERATIONS;
		p->key.salt_len = SALT;
		arc4random_buf(p->key.salt, SALT);
	}
	make_text(text);
	scram_key_make(&p->key, span(text));
	all->n++;
	return 0;
}

int
passwords_remove(struct passwords *all, const char *name)
{
	size_t i = find_name(all, name);

	if (i == all->n)
		return fail_as(ENOENT, "%s: no such password", name);
	all->n--;
	memmove(&all->all[i], &all->all[i + 1],
	    (all->n - i) * sizeof(all->all[0]));
	return 0;
}

static int
write_to(const char *path, struct span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r;

	if (fd == -1)
		return fail("%s", path);
	r = file_write(fd, text) == 0 && fsync(fd) == 0 ? 0 : fail("%s", path);
	(void)close(fd);
	if (r == -1)
		(void)unlink(path);
	return r;
}

/* The new name on disk too. */
static int
sync_home(const char *home)
{
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd == -1)
		return fail("%s", home);
	r = fsync(fd) == 0 || errno == EINVAL ? 0 : fail("%s", home);
	(void)close(fd);
	return r;
}

int
passwords_save(const struct passwords *all, const char *home)
{
	char path[PATH_MAX], new[PATH_MAX];
	struct buf b;
	int r;

	if (file_path(path, home, "") == -1 ||
	    file_path(new, home, ".new") == -1)
		return -1;
	buf_init(&b, FILE_MAX - 1);
	buf_str(&b, head);
	for (size_t i = 0; i < all->n; i++) {
		const struct password *p = &all->all[i];

		buf_printf(&b, "%s %s %s ", p->name, p->made, p->used);
		scram_key_put(&b, &p->key);
		buf_char(&b, '\n');
	}
	r = b.over ? fail_as(ENOMEM, "%s", path) : write_to(new, buf_all(&b));
	buf_free(&b);
	if (r == -1)
		return -1;
	if (rename(new, path) == -1)
		return fail("%s", path);
	return sync_home(home);
}

int
passwords_lock(const char *home)
{
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return fail("%s", home);
	if (flock(fd, LOCK_EX) == 0)
		return fd;
	(void)close(fd);
	return fail("lock %s", home);
}

/* ---- logins */

static bool
same_salt(const struct scram_key *a, const struct scram_key *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len &&
	    memcmp(a->salt, b->salt, a->salt_len) == 0;
}

int
passwords_find(const struct passwords *all, struct span password)
{
	struct scram_key made = { .iterations = 0 };
	int found = -1;

	for (size_t i = 0; i < all->n; i++) {
		const struct scram_key *k = &all->all[i].key;

		if (i == 0 || !same_salt(&made, k)) {
			made = *k;
			scram_key_make(&made, password);
		}
		if (hmac_same(made.stored, k->stored, HMAC_SIZE))
			found = (int)i;
	}
	explicit_bzero(&made, sizeof(made));
	return found;
}

int
passwords_open(const char *home)
{
	char path[PATH_MAX];

	return file_path(path, home, "") == -1 ? -1 : open_file(path, O_RDWR);
}

void
passwords_used(const struct passwords *all, size_t i, int fd)
{
	const struct password *p = &all->all[i];
	char day[PASSWORDS_DAY + 1], there[PASSWORDS_DAY];

	today(day);
	/* It may have been changed since it was read. */
	if (fd != -1 && strcmp(day, p->used) != 0 &&
	    pread(fd, there, sizeof(there), (off_t)p->used_at) ==
		sizeof(there) &&
	    memcmp(there, p->used, sizeof(there)) == 0)
		(void)!pwrite(fd, day, PASSWORDS_DAY, (off_t)p->used_at);
}
