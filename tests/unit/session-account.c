#include "session/account.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "tests/unit/test.h"

TEST(root_is_in_the_file)
{
	struct account a;

	CHECK(account_by_name(&a, "root", NULL) == 1);
	CHECK(a.uid == 0 && a.gid == 0);
	CHECK_STR(a.name, "root");
	CHECK_STR(a.home, "/root");
	memset(&a, 'x', sizeof(a));
	CHECK(account_by_uid(&a, 0, NULL) == 1);
	CHECK_STR(a.name, "root");
}

TEST(everybody_in_the_file_is_found)
{
	FILE *f = fopen("/etc/passwd", "r");
	const struct passwd *pw;
	struct account a;

	CHECK(f != NULL);
	while ((pw = fgetpwent(f)) != NULL) {
		CHECK(account_by_name(&a, pw->pw_name, NULL) == 1);
		CHECK(a.uid == pw->pw_uid && a.gid == pw->pw_gid);
		CHECK_STR(a.home, pw->pw_dir);
	}
	(void)fclose(f);
}

TEST(part_of_a_name_is_nobody)
{
	struct account a;

	CHECK(account_by_name(&a, "roo", NULL) == 0);
	CHECK(account_by_name(&a, "roott", NULL) == 0);
	CHECK(account_by_name(&a, "root:x", NULL) == 0);
	CHECK(account_by_name(&a, "ROOT", NULL) == 0);
	CHECK(account_by_name(&a, "", NULL) == 0);
	CHECK(account_by_name(&a, "-u", NULL) == 0);
	CHECK(account_by_uid(&a, 4000000000, NULL) == 0);
}

/* A find-user in "dir" that does this. */
static void
helper(const char *dir, const char *script)
{
	char path[100];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/find-user", dir);
	f = fopen(path, "w");
	CHECK(f != NULL);
	(void)fprintf(f, "#!/bin/sh\n%s\n", script);
	CHECK(fclose(f) == 0 && chmod(path, 0700) == 0);
}

TEST(who_is_not_in_the_file_is_asked_for)
{
	char dir[] = "/tmp/account.XXXXXX", path[100];
	struct account a;

	CHECK(mkdtemp(dir) != NULL);
	helper(dir, "[ \"$*\" = zoe ] && echo Zoe::4711:4712::/far/zoe:");
	CHECK(account_by_name(&a, "zoe", dir) == 1);
	CHECK(a.uid == 4711 && a.gid == 4712);
	CHECK_STR(a.name, "Zoe");
	CHECK_STR(a.home, "/far/zoe");
	helper(dir, "[ \"$*\" = '-u 4000000000' ] && echo z::1:2::/z:");
	CHECK(account_by_uid(&a, 4000000000, dir) == 1);
	CHECK_STR(a.name, "z");
	helper(dir, "exit 67");
	CHECK(account_by_name(&a, "zoe", dir) == 0);
	helper(dir, "echo the server is down; exit 75");
	CHECK(account_by_name(&a, "zoe", dir) == -1);
	CHECK(strstr(fail_text(), "the server is down") != NULL);
	helper(dir, "echo rubbish");
	CHECK(account_by_name(&a, "zoe", dir) == -1);
	(void)snprintf(path, sizeof(path), "%s/find-user", dir);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

TEST(a_helper_that_is_missing_is_no_answer)
{
	struct account a;

	CHECK(account_by_name(&a, "no-such-user", "/nonexistent") == -1);
	CHECK(strstr(fail_text(), "/nonexistent/find-user") != NULL);
	/* Nobody asks it for those who are in the file. */
	CHECK(account_by_name(&a, "root", "/nonexistent") == 1);
}
