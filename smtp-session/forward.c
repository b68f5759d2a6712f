/* Only the user (or root) may have written it, and nobody else may be able to
 * replace it: otherwise it is not read, and the mail waits. */
#include "smtp-session/forward.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/addr.h"
#include "message/fail.h"
#include "smtp-session/alias.h"

enum { OTHERS_WRITE = S_IWGRP | S_IWOTH };

/* 1; -1; 0: there is no home (then there is no .forward either). */
static int
check_home(const char *home, bool forwards)
{
	struct stat st;

	if (stat(home, &st) == -1)
		return errno == ENOENT ? 0 : fail("%s", home);
	if ((st.st_mode & S_ISVTX) != 0)
		return fail_as(EBUSY, "%s has the sticky bit: being edited",
		    home);
	if (forwards && (st.st_mode & OTHERS_WRITE) != 0)
		return fail_as(EPERM, "%s: others may write there", home);
	return 1;
}

/* 1, 0, -1 as forward_read, with its text. */
static int
read_file(const char *path, struct buf *text)
{
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char block[4096];

	if (fd == -1)
		return errno == ENOENT ? 0 : fail("%s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & OTHERS_WRITE) != 0) {
		(void)close(fd);
		return fail_as(EPERM, "%s: not a file only its user can write",
		    path);
	}
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(text, block, (size_t)n);
	(void)close(fd);
	if (n == -1)
		return fail("%s", path);
	return text->over ? fail_as(EFBIG, "%s is too long", path) : 1;
}

/* "bob", "\bob", bob's own address: the mailbox itself. */
static bool
is_own(const struct resolve_box *box, const struct addr *a)
{
	struct buf text;
	bool own;

	if (a->domain[0] == '\0')
		return strcasecmp(a->local, box->user.name) == 0;
	buf_init(&text, ADDR_MAX + 80);
	addr_put(&text, a);
	own = strcasecmp(text.p, box->final) == 0;
	buf_free(&text);
	return own;
}

static int
add(const struct resolve_box *box, struct span value, const char *path,
    struct buf *targets)
{
	struct span rest, s;
	struct buf plain;
	struct addr a;
	enum alias_kind kind;
	int r = -1;

	buf_init(&plain, FORWARD_MAX);
	kind = alias_kind(value, &plain, &rest);
	s = kind == ALIAS_FINAL ? rest : value;
	if (kind != ALIAS_NAME && kind != ALIAS_FINAL)
		r = fail_as(ENOTSUP, "%s: this kind of target is not supported",
		    path);
	else if (addr_path(&s, &a) == -1 || s.len > 0 || addr_null(&a))
		r = fail_as(EINVAL, "%s: \"%.*s\" is no address", path,
		    (int)(value.len < 80 ? value.len : 80), value.p);
	else if (kind == ALIAS_FINAL || is_own(box, &a)) {
		buf_printf(targets, "%c%s", TARGET_MAILBOX, box->final);
		buf_char(targets, '\0');
		r = 0;
	} else {
		if (a.domain[0] == '\0')
			(void)strlcpy(a.domain, strrchr(box->final, '@') + 1,
			    sizeof(a.domain));
		buf_char(targets, TARGET_ASK);
		addr_put(targets, &a);
		buf_char(targets, '\0');
		r = 0;
	}
	buf_free(&plain);
	return r;
}

int
forward_read(const struct resolve_box *box, struct buf *targets)
{
	char path[PATH_MAX + 16];
	struct alias_file file;
	struct buf values;
	struct span all;
	int r;

	(void)snprintf(path, sizeof(path), "%s/.forward", box->user.home);
	(void)strlcpy(file.path, path, sizeof(file.path));
	buf_init(&file.text, FORWARD_MAX);
	buf_init(&values, FORWARD_MAX);
	r = read_file(path, &file.text);
	if (r != -1 && check_home(box->user.home, r == 1) == -1)
		r = -1;
	if (r == 1)
		r = alias_list(&file, &values);
	all = buf_all(&values);
	while (r == 0 && all.len > 0)
		r = add(box, span_cut(&all, '\0'), path, targets);
	if (r == 0 && targets->over)
		r = fail_as(EFBIG, "%s has too many targets", path);
	buf_free(&file.text);
	buf_free(&values);
	return r == 0 && targets->len > 0 ? 1 : r;
}
