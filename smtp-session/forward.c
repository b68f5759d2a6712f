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
#include "smtp-session/resolve.h"

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

/* All it says, each value with a NUL behind it.  1; 0; -1. */
static int
read_values(const struct box *box, char path[PATH_MAX + 16], struct buf *values)
{
	struct alias_file file;
	int r;

	(void)snprintf(path, PATH_MAX + 16, "%s/.forward", box->user.home);
	(void)strlcpy(file.path, path, sizeof(file.path));
	buf_init(&file.text, FORWARD_MAX);
	r = read_file(path, &file.text);
	if (r != -1 && check_home(box->user.home, r == 1) == -1)
		r = -1;
	if (r == 1)
		r = alias_list(&file, values) == -1 ? -1 : 1;
	buf_free(&file.text);
	return r;
}

/* "bob", "\bob", bob's own address: the mailbox itself. */
static bool
is_own(const struct box *box, const struct addr *a)
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

struct reading {
	const struct box *box;
	const char *path;
	struct buf *targets; /* where the next one goes */
	unsigned line; /* of path */
	unsigned outlets; /* so far */
	bool command; /* the last was one */
};

static int
add_address(struct reading *f, struct span value, bool final)
{
	struct span s = value;
	struct addr a;

	if (addr_path(&s, &a) == -1 || s.len > 0 || addr_null(&a))
		return fail_as(EINVAL, "%s:%u: \"%.*s\" is no address", f->path,
		    f->line, (int)(value.len < 80 ? value.len : 80), value.p);
	if (final || is_own(f->box, &a)) {
		buf_printf(f->targets, "%c%s", TARGET_MAILBOX, f->box->final);
	} else {
		if (a.domain[0] == '\0')
			(void)strlcpy(a.domain, strrchr(f->box->final, '@') + 1,
			    sizeof(a.domain));
		buf_char(f->targets, TARGET_ASK);
		addr_put(f->targets, &a);
	}
	buf_char(f->targets, '\0');
	return 0;
}

static int
add_outlet(struct reading *f)
{
	const char *at = strrchr(f->box->final, '@');
	char name[ADDR_MAX + 84], local[ADDR_LOCAL_MAX + 1];

	/* What comes for root without an alias runs nothing. */
	if (f->box->nobodys)
		return fail_as(EPERM, "%s:%u: no commands and files here",
		    f->path, f->line);
	(void)snprintf(local, sizeof(local), "%.*s", (int)(at - f->box->final),
	    f->box->final);
	if (outlet_name(name, sizeof(name), local, at + 1, true,
		++f->outlets) == -1)
		return fail_as(EINVAL, "%s:%u: %s is too long for a command",
		    f->path, f->line, local);
	buf_char(f->targets, TARGET_OUTLET);
	buf_add(f->targets, name, strlen(name) + 1);
	return 0;
}

static int
add(struct reading *f, struct span value)
{
	enum alias_kind kind;
	struct span rest;
	struct buf plain;
	int r = -1;

	f->command = false;
	buf_init(&plain, FORWARD_MAX);
	kind = alias_kind(value, &plain, &rest);
	switch (kind) {
	case ALIAS_NAME:
		r = add_address(f, value, false);
		break;
	case ALIAS_FINAL:
		r = add_address(f, rest, true);
		break;
	case ALIAS_COMMAND:
	case ALIAS_FILE:
		r = add_outlet(f);
		f->command = kind == ALIAS_COMMAND;
		break;
	case ALIAS_INCLUDE:
	case ALIAS_FAIL:
		r = fail_as(ENOTSUP,
		    "%s:%u: this kind of target is for aliases", f->path,
		    f->line);
	}
	buf_free(&plain);
	return r;
}

/* Did it stand before the part that is wanted?  Then it has the mail. */
static void
drop_known(struct buf *targets, size_t at, const struct buf *others)
{
	struct span all = buf_all(others);

	while (all.len > 0)
		if (span_same(span_cut(&all, '\0'), span(targets->p + at))) {
			buf_cut(targets, at);
			return;
		}
}

/* The part behind outlet *number goes to "targets".  All of it is read: what
 * is wrong somewhere is so for all mail. */
static int
read_part(struct reading *f, struct span values, unsigned *number,
    struct buf *targets)
{
	unsigned behind = *number;
	struct buf others;
	struct span value;
	size_t at;
	int r = 0;

	*number = 0;
	buf_init(&others, FORWARD_MAX);
	while (r == 0 && alias_value(&values, &value, &f->line)) {
		bool wanted = *number == 0 && f->outlets >= behind;

		f->targets = wanted ? targets : &others;
		at = targets->len;
		r = add(f, value);
		if (wanted && f->command)
			*number = f->outlets;
		if (wanted && r == 0)
			drop_known(targets, at, &others);
	}
	if (r == 0 && (targets->over || others.over))
		r = fail_as(EFBIG, "%s has too many targets", f->path);
	f->targets = targets;
	buf_free(&others);
	return r;
}

int
forward_read(const struct box *box, unsigned *number, struct buf *targets)
{
	char path[PATH_MAX + 16];
	struct reading f = { .box = box, .path = path, .line = 1 };
	size_t before = targets->len, marks;
	struct buf values;
	int r;

	buf_init(&values, FORWARD_MAX);
	r = read_values(box, path, &values);
	if (r == 1) {
		buf_char(targets, TARGET_VIA);
		buf_add(targets, box->final, strlen(box->final) + 1);
		marks = targets->len;
		if (read_part(&f, buf_all(&values), number, targets) == -1)
			r = -1;
		else if (targets->len == marks)
			r = 0;
	}
	if (r == 0)
		buf_cut(targets, before);
	buf_free(&values);
	return r;
}

int
forward_outlet(struct outlet *o)
{
	char path[PATH_MAX + 16];
	unsigned number = o->number, line = 1;
	struct buf values, rest;
	int r, more = 0;

	buf_init(&values, FORWARD_MAX);
	buf_init(&rest, FORWARD_MAX);
	r = read_values(&o->box, path, &values);
	(void)strlcpy(o->at, path, sizeof(o->at));
	if (r == 1)
		r = outlet_pick(o, &values, &line);
	if (r == 1)
		(void)snprintf(o->at, sizeof(o->at), "%.300s:%u", path, line);
	if (r == 1)
		more = forward_read(&o->box, &number, &rest);
	o->more = more == 1;
	buf_free(&values);
	buf_free(&rest);
	return more == -1 ? -1 : r;
}
