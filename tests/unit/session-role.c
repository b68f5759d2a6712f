/* Becoming less.  What needs root says so in its name (tests/session). */
#include "session/role.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "tests/unit/session-trial.h"

static const struct role net = { 4001, 4002 };
static char dir[] = "/tmp/session-role.XXXXXX", empty[64];

TEST(numbers)
{
	struct role r;

	CHECK(role_find(&r, "4001:4002") == 0);
	CHECK(r.uid == 4001 && r.gid == 4002);
	CHECK(role_find(&r, "0:5") == -1 && errno == EINVAL);
	CHECK(role_find(&r, "5:0") == -1 && errno == EINVAL);
	CHECK(role_find(&r, "4294967295:5") == -1);
	CHECK(role_find(&r, "4294967296:5") == -1);
	CHECK(role_find(&r, "-1:5") == -1);
	CHECK(role_find(&r, "5:") == -1);
	CHECK(role_find(&r, ":5") == -1);
	CHECK(role_find(&r, "") == -1);
}

TEST(names)
{
	struct role r;

	CHECK(role_find(&r, "daemon") == 0 && r.uid == 1);
	CHECK(role_find(&r, "root") == -1);
	CHECK_STR(fail_text(), "user root: is root");
	CHECK(role_find(&r, "no-such-user") == -1);
	CHECK_STR(fail_text(), "user no-such-user: not in /etc/passwd");
}

static int
drops(void)
{
	gid_t groups[8];

	if (role_drop(&net) == -1)
		return 1;
	if (getuid() != net.uid || getegid() != net.gid ||
	    getgroups(8, groups) != 1 || groups[0] != net.gid)
		return 2;
	return setuid(0) == -1 && seteuid(0) == -1 && setgid(0) == -1 &&
		setgroups(0, NULL) == -1 ?
	    0 :
	    3;
}

static int
never_root(void)
{
	const struct role bad = { 0, 5 };

	return role_drop(&bad) == -1 ? 0 : 1;
}

TEST(root_drop)
{
	CHECK(role_root());
	CHECK(trial(drops) == 0);
	CHECK(trial(never_root) == 0);
}

static int
jails(void)
{
	struct stat st;
	int top = open("/", O_RDONLY | O_DIRECTORY);

	if (role_jail(&net, empty) == -1) {
		(void)printf("%s\n", fail_text());
		return 1;
	}
	(void)close(top);
	if (stat("/etc", &st) != -1 || stat("../etc", &st) != -1 ||
	    open("/x", O_WRONLY | O_CREAT, 0600) != -1)
		return 2;
	return getuid() == net.uid && chroot(".") == -1 && setuid(0) == -1 ? 0 :
									     3;
}

static int
refuses(void)
{
	return role_jail(&net, empty) == -1 && geteuid() == 0 ? 0 : 1;
}

TEST(root_jail)
{
	struct stat st;
	char above[64];

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(above, sizeof(above), "%s/run", dir);
	(void)snprintf(empty, sizeof(empty), "%s/run/empty", dir);
	CHECK(trial(jails) == 0);
	CHECK(stat(empty, &st) == 0 && (st.st_mode & 07777) == 0755);
	CHECK(trial(jails) == 0); /* once made, used again */
	CHECK(chmod(empty, 0777) == 0 && trial(refuses) == 0);
	CHECK(chmod(empty, 0755) == 0 && chown(empty, 4001, 0) == 0);
	CHECK(trial(refuses) == 0);
	CHECK(rmdir(empty) == 0 && symlink("/tmp", empty) == 0);
	CHECK(trial(refuses) == 0);
	CHECK(unlink(empty) == 0 && rmdir(above) == 0 && rmdir(dir) == 0);
}

/* Who is not root has one role only, and both change nothing. */
static int
nothing_to_drop(void)
{
	uid_t uid;

	if (role_root() && role_drop(&net) == -1)
		return 1;
	uid = getuid();
	return !role_root() && role_drop(&(struct role){ 1, 1 }) == 0 &&
		role_jail(&(struct role){ 1, 1 }, "/nonexistent/empty") == 0 &&
		getuid() == uid && access("/etc", F_OK) == 0 ?
	    0 :
	    2;
}

TEST(without_root)
{
	CHECK(trial(nothing_to_drop) == 0);
}
