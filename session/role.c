/* MAY HOLD ROOT. */
#include "session/role.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/span.h"
#include "session/account.h"
#include "session/lines.h"

enum { GROUPS = 32 };

/* "UID:GID".  1; 0: not of that form; -1: of that form, but not allowed. */
static int
by_number(struct role *r, const char *name)
{
	struct span rest = span(name), uid = span_cut(&rest, ':');
	uint64_t u, g;

	if (rest.p == NULL || span_number(uid, UINT32_MAX - 1, &u) == -1 ||
	    span_number(rest, UINT32_MAX - 1, &g) == -1)
		return 0;
	if (u == 0 || g == 0)
		return -1;
	r->uid = (uid_t)u;
	r->gid = (gid_t)g;
	return 1;
}

int
role_find(struct role *r, const char *name)
{
	static struct account a;

	switch (by_number(r, name)) {
	case 1:
		return 0;
	case -1:
		return fail_as(EINVAL, "role %s: root is none", name);
	}
	switch (account_by_name(&a, name, NULL)) {
	case 0:
		return fail_as(ENOENT, "user %s: not in /etc/passwd", name);
	case -1:
		return -1;
	}
	if (a.uid == 0 || a.gid == 0)
		return fail_as(EINVAL, "user %s: is root", name);
	r->uid = a.uid;
	r->gid = a.gid;
	return 0;
}

bool
role_root(void)
{
	return geteuid() == 0;
}

/* Every id is the role's, and none of root's comes back. */
static bool
settled(const struct role *r)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	if (getresuid(&ru, &eu, &su) == -1 || getresgid(&rg, &eg, &sg) == -1)
		return false;
	if (ru != r->uid || eu != r->uid || su != r->uid || rg != r->gid ||
	    eg != r->gid || sg != r->gid)
		return false;
	return setuid(0) == -1 && setgid(0) == -1;
}

/* Become it, with these groups. */
static int
drop(const struct role *r, const gid_t *groups, size_t n)
{
	if (!role_root())
		return 0;
	if (r->uid == 0 || r->gid == 0)
		return fail_as(EINVAL, "drop: root is no role");
	if (setgroups(n, groups) == -1)
		return fail("setgroups");
	if (setresgid(r->gid, r->gid, r->gid) == -1)
		return fail("setresgid %lu", (unsigned long)r->gid);
	if (setresuid(r->uid, r->uid, r->uid) == -1)
		return fail("setresuid %lu", (unsigned long)r->uid);
	if (!settled(r))
		return fail_as(EPERM, "drop: ids are not what was set");
	return 0;
}

int
role_drop(const struct role *r)
{
	return drop(r, &r->gid, 1);
}

/* name:password:gid:member,member.  Is "name" a member?  Then *gid. */
static bool
is_member(struct span line, struct span name, gid_t *gid)
{
	struct span number, member;
	uint64_t n;

	(void)span_cut(&line, ':');
	(void)span_cut(&line, ':');
	number = span_cut(&line, ':');
	if (line.p == NULL || span_number(number, UINT32_MAX - 1, &n) == -1 ||
	    n == 0)
		return false;
	*gid = (gid_t)n;
	while (line.p != NULL) {
		member = span_cut(&line, ',');
		if (member.len == name.len &&
		    memcmp(member.p, name.p, name.len) == 0)
			return true;
	}
	return false;
}

/* The groups of /etc/group that "name" is in, behind the n there are.  How
 * many there are then; -1. */
static int
find_groups(const char *name, gid_t group[GROUPS], int n)
{
	struct span line;
	struct lines l;
	int r = lines_open(&l, "/etc/group");

	if (r != 1)
		return r == 0 ? n : -1;
	while (n < GROUPS && (r = lines_next(&l, &line)) == 1)
		if (is_member(line, span(name), &group[n]))
			n++;
	lines_close(&l);
	return r == -1 ? -1 : n;
}

int
role_drop_with_groups(const struct role *r, const char *name)
{
	gid_t group[GROUPS] = { r->gid };
	int n = 1;

	if (strchr(name, ':') == NULL)
		n = find_groups(name, group, n);
	return n == -1 ? -1 : drop(r, group, (size_t)n);
}

/* Open the empty directory, making it and the one above it once per boot. */
static int
open_empty(const char *path)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 || errno != ENOENT || slash == NULL || slash == path)
		return fd;
	(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	/* 077 is for mail; these two hold none and others must get in. */
	if (mkdir(above, 0700) == 0 && chmod(above, 0755) == -1)
		return -1;
	if (mkdir(path, 0700) == 0 && chmod(path, 0755) == -1)
		return -1;
	return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
role_jail(const struct role *r, const char *empty)
{
	struct stat st;
	int fd, bad;

	if (!role_root())
		return 0;
	fd = open_empty(empty);
	if (fd == -1)
		return fail("jail %s", empty);
	if (fstat(fd, &st) == -1 || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)close(fd);
		return fail_as(EPERM, "jail %s: others can write there", empty);
	}
	bad = fchdir(fd) == -1 || chroot(".") == -1;
	(void)close(fd);
	if (bad)
		return fail("chroot %s", empty);
	return role_drop(r);
}
