/* MAY HOLD ROOT. */
#include "session/role.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/span.h"

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
	const struct passwd *pw;

	switch (by_number(r, name)) {
	case 1:
		return 0;
	case -1:
		return fail_as(EINVAL, "role %s: root is none", name);
	}
	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0 && errno != ENOENT)
		return fail("user %s", name);
	if (pw == NULL)
		return fail_as(ENOENT, "user %s: no such user", name);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return fail_as(EINVAL, "user %s: is root", name);
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
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

static int
drop(const struct role *r, const char *name)
{
	if (!role_root())
		return 0;
	if (r->uid == 0 || r->gid == 0)
		return fail_as(EINVAL, "drop: root is no role");
	if (name == NULL && setgroups(1, &r->gid) == -1)
		return fail("setgroups");
	if (name != NULL && initgroups(name, r->gid) == -1)
		return fail("initgroups %s", name);
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
	return drop(r, NULL);
}

int
role_drop_with_groups(const struct role *r, const char *name)
{
	return drop(r, strchr(name, ':') != NULL ? NULL : name);
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
