/* Users of the file and of the system, and their passwords.  What needs
 * another /etc is called by name (tests/session/auth.bats). */
#include "session/users.h"

#include <crypt.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/session-users.XXXXXX", file[64];
static struct config c;
static struct user u;

/* A cheap hash of "secret". */
#define CHEAP "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"

/* And one to be measured, some 15 ms. */
#define COSTLY "$2b$08$abcdefghijklmnopqrstuuKxCcvB7KZ7.BpDoK0bh6qM7Dl1/xiJa"

static void
begin(const char *text)
{
	FILE *f;

	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(file, sizeof(file), "%s/users", dir);
	f = fopen(file, "w");
	if (f == NULL)
		_exit(71);
	CHECK(fputs(text, f) >= 0 && fclose(f) == 0);
	CHECK(chmod(file, 0600) == 0);
	CHECK(config_load(&c, dir) == 0 && !c.system_users);
	(void)strcpy(c.run, "/dev/null/none");
}

static void
end(void)
{
	CHECK(unlink(file) == 0 && rmdir(dir) == 0);
}

static int
find(const char *name)
{
	memset(&u, 'x', sizeof(u));
	return users_find(&c, name, &u);
}

TEST(names)
{
	begin("bob:{PLAIN}x:1001:1001::/home/bob::\n");
	CHECK(find("bob") == 1);
	CHECK(find("") == 0);
	CHECK(find(".bob") == 0);
	CHECK(find("-bob") == 0);
	CHECK(find("bob\n") == 0);
	CHECK(find("b/../ob") == 0);
	CHECK(find("b:ob") == 0);
	CHECK(find("bob\xc3\xbc") == 0);
	CHECK(
	    find("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaa") == 0);
	end();
}

TEST(fields)
{
	begin("# office\n"
	      "\n"
	      "Bob:{PLAIN}x:1001:1002:Bob B.:/home/bob:/bin/sh:a=b:c=d\n"
	      "eve@example.org:{PLAIN}y:1003:1003::/v/eve\n"
	      "bob@example.net:{PLAIN}z:1004:1004::/v/bobnet\n");
	CHECK(find("bob") == 1);
	CHECK_STR(u.name, "Bob");
	CHECK_STR(u.password, "{PLAIN}x");
	CHECK_STR(u.home, "/home/bob");
	if (geteuid() == 0)
		CHECK(u.role.uid == 1001 && u.role.gid == 1002);
	else
		CHECK(u.role.uid == getuid() && u.role.gid == getgid());
	users_forget(&u);
	CHECK_STR(u.password, "");
	CHECK(find("eve@example.org") == 1);
	CHECK_STR(u.home, "/v/eve");
	CHECK(find("eve") == 0);
	/* The whole name first, wherever it stands; then what is before @. */
	CHECK(find("BOB@example.net") == 1);
	CHECK_STR(u.home, "/v/bobnet");
	CHECK(find("bob@example.org") == 1);
	CHECK_STR(u.home, "/home/bob");
	CHECK(find("mallory") == 0);
	CHECK_STR(u.password, "{PLAIN}x"); /* to be checked in vain */
	CHECK(find("# office") == 0);
	end();
}

/* Looking "name" up must fail with this behind the file's name. */
static void
wrong(const char *text, const char *name, const char *reason)
{
	begin(text);
	CHECK(find(name) == -1);
	CHECK(strncmp(fail_text(), file, strlen(file)) == 0);
	CHECK_STR(fail_text() + strlen(file), reason);
	end();
}

TEST(bad_lines)
{
	const char *text = "amy:{PLAIN}x:1001:1001::/home/amy\n"
			   "bob:{PLAIN}x:1001:1001:::\n";

	begin(text);
	CHECK(find("amy") == 1); /* whose own line is good */
	end();
	wrong(text, "bob", ":2: home should be an absolute path");
	wrong("bob\n", "bob", ":1: home should be an absolute path");
	wrong("bob:x:1:1::home/bob\n", "bob",
	    ":1: home should be an absolute path");
	if (geteuid() != 0)
		return;
	wrong("bob:x:0:1::/home/bob\n", "bob",
	    ":1: uid should be a number, not 0");
	wrong("bob:x::1::/home/bob\n", "bob",
	    ":1: uid should be a number, not 0");
	wrong("\nbob:x:1:root::/home/bob\n", "bob",
	    ":2: gid should be a number, not 0");
}

TEST(unsafe_files)
{
	struct user who;

	begin("bob:{PLAIN}secret:1001:1001::/home/bob\n");
	CHECK(chmod(file, 0602) == 0);
	CHECK(find("bob") == -1 && errno == EPERM);
	CHECK(auth_check(&c, "bob", "secret", "", &who) == AUTH_TEMP);
	CHECK(strstr(fail_text(), "/users: others may write") != NULL);
	if (geteuid() == 0) {
		CHECK(chown(file, 0, 4000) == 0 && chmod(file, 0660) == 0);
		CHECK(find("bob") == -1 && errno == EPERM);
	}
	CHECK(chmod(file, 0600) == 0);
	CHECK(find("bob") == 1);
	if (geteuid() != 0) {
		CHECK(chmod(file, 0) == 0);
		CHECK(auth_check(&c, "bob", "secret", "", &who) == AUTH_TEMP);
		CHECK(strstr(fail_text(), "/users: Permission") != NULL);
	}
	end();
	/* Gone after the configuration was read: never fall back on PAM. */
	CHECK(auth_check(&c, "bob", "secret", "", &who) == AUTH_TEMP);
}

static enum auth_verdict
check(const char *name, const char *password)
{
	struct user who;
	enum auth_verdict v;

	memset(&who, 'x', sizeof(who));
	v = auth_check(&c, name, password, "192.0.2.1", &who);
	if (v == AUTH_OK) {
		CHECK_STR(who.password, "");
		CHECK(who.home[0] == '/' && who.name[0] == name[0]);
	}
	return v;
}

TEST(keys)
{
	begin("# keys\namy:{SCRAM-SHA-256}x:1:1::/h\n"
	      "bob:{scram-sha-256}y:1:1::/h\n");
	CHECK(users_have_keys(&c));
	CHECK(chmod(file, 0602) == 0 && !users_have_keys(&c));
	end();
	begin("amy:{SCRAM-SHA-256}x:1:1::/h\nbob:{PLAIN}y:1:1::/h\n");
	CHECK(!users_have_keys(&c));
	end();
	begin("\n");
	CHECK(!users_have_keys(&c));
	end();
	CHECK(config_load(&c, "/nonexistent") == 0 && !users_have_keys(&c));
}

TEST(schemes)
{
	begin("plain:{PLAIN}secret:1:1::/h\n"
	      "clear:{cleartext}secret:1:1::/h\n"
	      "bare:" CHEAP ":1:1::/h\n"
	      "crypt:{CRYPT}" CHEAP ":1:1::/h\n"
	      "blf:{BLF-CRYPT}" CHEAP ":1:1::/h\n"
	      "locked:!" CHEAP ":1:1::/h\n"
	      "none::1:1::/h\n"
	      "odd:{WHIRLPOOL}abc:1:1::/h\n");
	CHECK(check("plain", "secret") == AUTH_OK);
	CHECK(check("plain", "Secret") == AUTH_BAD);
	CHECK(check("plain", "secret1") == AUTH_BAD);
	CHECK(check("clear", "secret") == AUTH_OK);
	CHECK(check("bare", "secret") == AUTH_OK);
	CHECK(check("bare", "secreT") == AUTH_BAD);
	CHECK(check("crypt", "secret") == AUTH_OK);
	CHECK(check("blf", "secret") == AUTH_OK);
	CHECK(check("blf", "") == AUTH_BAD);
	CHECK(check("locked", "secret") == AUTH_BAD);
	CHECK(check("none", "secret") == AUTH_BAD);
	CHECK(check("none", "") == AUTH_BAD);
	CHECK(check("nobody-here", "secret") == AUTH_BAD);
	CHECK(check("../plain", "secret") == AUTH_BAD);
	CHECK(check("odd", "abc") == AUTH_TEMP);
	CHECK(strstr(fail_text(), "/users: ") != NULL);
	end();
}

TEST(sha512)
{
	char line[300];

	(void)snprintf(line, sizeof(line), "sha:{SHA512-CRYPT}%s:1:1::/h\n",
	    crypt("secret", "$6$rounds=1000$abcdefgh$"));
	begin(line);
	CHECK(check("sha", "secret") == AUTH_OK);
	CHECK(check("sha", "secreT") == AUTH_BAD);
	end();
}

TEST(long_password)
{
	static char password[600];

	memset(password, 'x', sizeof(password) - 1);
	begin("a:{PLAIN}x:1:1::/h\n");
	CHECK(check("a", password) == AUTH_BAD);
	end();
}

static long
microseconds(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* Processor time that a failure costs, which a busy machine does not change
 * as much as it does the clock. */
static long
cost(const char *name)
{
	struct rusage a, b;

	(void)getrusage(RUSAGE_CHILDREN, &a);
	CHECK(check(name, "wrong") == AUTH_BAD);
	(void)getrusage(RUSAGE_CHILDREN, &b);
	/* Only their sum is exact: ticks divide it. */
	return microseconds(b.ru_utime) + microseconds(b.ru_stime) -
	    microseconds(a.ru_utime) - microseconds(a.ru_stime);
}

static long
least_cost(const char *name)
{
	long us, best = LONG_MAX;
	int i;

	for (i = 0; i < 4; i++)
		if ((us = cost(name)) < best)
			best = us;
	return best;
}

static bool
alike(long a, long b)
{
	return a * 10 > b * 6 && b * 10 > a * 6;
}

TEST(unknown_users_cost_as_much)
{
	long known;

	begin("first:" COSTLY ":1:1::/h\nbob:" COSTLY ":1:1::/h\n");
	known = least_cost("bob");
	CHECK(known > 5000); /* it was hashed */
	CHECK(alike(known, least_cost("mallory")));
	CHECK(alike(known, least_cost("!\"$")));
	end();
}

/* A no is told at 250 ms, or at the next multiple. */
TEST(unknown_users_wait_as_long)
{
	static const char *const names[] = { "bob", "mallory", "!", "" };
	struct timespec a, b;
	size_t i;
	long ms;

	begin("bob:{PLAIN}x:1:1::/h\n");
	for (i = 0; i < 4; i++) {
		(void)clock_gettime(CLOCK_MONOTONIC, &a);
		CHECK(check(names[i], i == 3 ? "" : "wrong") == AUTH_BAD);
		(void)clock_gettime(CLOCK_MONOTONIC, &b);
		ms = (b.tv_sec - a.tv_sec) * 1000 +
		    (b.tv_nsec - a.tv_nsec) / 1000000;
		CHECK(ms >= 250 && ms % 250 < 100);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK(check("bob", "x") == AUTH_OK); /* a yes at once */
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK(b.tv_sec - a.tv_sec < 2);
	end();
}

/* ---- users of the system */

TEST(system_users)
{
	const struct passwd *me = getpwuid(getuid());

	CHECK(config_load(&c, "/nonexistent") == 0 && c.system_users);
	CHECK(find("root") == 0);
	CHECK(find("daemon") == 0);
	CHECK(find("nobody") == 0);
	/* There is no find-user who could tell. */
	(void)snprintf(c.helpers, sizeof(c.helpers), "/nonexistent");
	CHECK(find("no-such-user") == -1);
	if (getuid() == 0 || me == NULL)
		return;
	CHECK(find(me->pw_name) == 1);
	CHECK_STR(u.home, me->pw_dir);
	CHECK(u.role.uid == getuid());
}

/* auth.bats: AUTH_USER, AUTH_PASSWORD and what should come of it. */
TEST(pam)
{
	static const char *const verdicts[] = { "ok", "bad", "temp" };
	const char *name = getenv("AUTH_USER"), *conf = getenv("AUTH_CONFIG");
	struct user who = { .name = "-" };
	struct timespec a, b;
	enum auth_verdict v;

	if (name == NULL || conf == NULL)
		return;
	if (config_load(&c, conf) == -1) {
		(void)printf("%s\n", fail_text());
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	v = auth_check(&c, name, getenv("AUTH_PASSWORD"), "192.0.2.1", &who);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	(void)printf("verdict=%s name=%s uid=%ld home=%s ms=%ld%s%s\n",
	    verdicts[v], v == AUTH_OK ? who.name : "",
	    v == AUTH_OK ? (long)who.role.uid : -1L,
	    v == AUTH_OK ? who.home : "",
	    (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000,
	    v == AUTH_TEMP ? " " : "", v == AUTH_TEMP ? fail_text() : "");
}
