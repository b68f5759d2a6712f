/* The table of wrong passwords, and the slots of sessions. */
#include "session/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"
#include "session/slots.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/session-guard.XXXXXX", run[64];
static struct guard g;

static void
begin(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(run, sizeof(run), "%s/run", dir);
	guard_clock(0);
}

static void
end(void)
{
	static const char *const names[] = { "failures", "slots-test",
		"slots-u" };
	char path[128];

	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", run, names[i]);
		(void)unlink(path);
	}
	CHECK(rmdir(run) == 0 && rmdir(dir) == 0);
}

static unsigned
wrong(const char *ip, const char *password)
{
	return guard_failed(&g, ip, "bob", password);
}

TEST(grows)
{
	begin();
	CHECK(guard_open(&g, run) == 0);
	CHECK(guard_delay(&g, "192.0.2.1") == 0);
	CHECK(wrong("192.0.2.1", "a") == 2);
	CHECK(wrong("192.0.2.1", "b") == 4);
	CHECK(wrong("192.0.2.1", "c") == 8);
	CHECK(wrong("192.0.2.1", "d") == 15);
	CHECK(wrong("192.0.2.1", "e") == 15);
	CHECK(guard_delay(&g, "192.0.2.1") == 15);
	/* Nobody else pays. */
	CHECK(guard_delay(&g, "192.0.2.2") == 0);
	CHECK(wrong("192.0.2.2", "a") == 2);
	guard_close(&g);
	end();
}

/* A phone with last year's password, for weeks. */
TEST(same_wrong_password)
{
	int i;

	begin();
	CHECK(guard_open(&g, run) == 0);
	for (i = 0; i < 50; i++)
		CHECK(wrong("192.0.2.1", "last year's") == 2);
	/* Three phones are three passwords, and not more. */
	for (i = 0; i < 50; i++) {
		(void)guard_failed(&g, "192.0.2.1", "amy", "x");
		(void)guard_failed(&g, "192.0.2.1", "joe", "y");
	}
	CHECK(guard_delay(&g, "192.0.2.1") == 8);
	/* "bo" with "bx" is not "bob" with "x". */
	CHECK(guard_failed(&g, "192.0.2.9", "bob", "x") == 2);
	CHECK(guard_failed(&g, "192.0.2.9", "bo", "bx") == 4);
	guard_close(&g);
	end();
}

TEST(networks)
{
	begin();
	CHECK(guard_open(&g, run) == 0);
	CHECK(wrong("2001:db8:1:2::1", "a") == 2);
	CHECK(wrong("2001:db8:1:2:ffff::9", "b") == 4); /* the same /64 */
	CHECK(wrong("2001:db8:1:3::1", "b") == 2);
	CHECK(wrong("192.0.2.1", "a") == 2);
	CHECK(wrong("::ffff:192.0.2.1", "b") == 4);
	/* A pipe has no address; nobody is held up for it. */
	CHECK(wrong("", "a") == 2 && wrong("", "b") == 2);
	CHECK(guard_delay(&g, "") == 0);
	guard_close(&g);
	end();
}

TEST(forgets)
{
	begin();
	CHECK(guard_open(&g, run) == 0);
	CHECK(wrong("192.0.2.1", "a") == 2);
	CHECK(wrong("192.0.2.1", "b") == 4);
	CHECK(wrong("192.0.2.1", "c") == 8);
	guard_clock(599);
	CHECK(guard_delay(&g, "192.0.2.1") == 8);
	guard_clock(600);
	CHECK(guard_delay(&g, "192.0.2.1") == 4);
	guard_clock(1201);
	CHECK(guard_delay(&g, "192.0.2.1") == 2);
	guard_clock(1900);
	CHECK(guard_delay(&g, "192.0.2.1") == 0);
	CHECK(wrong("192.0.2.1", "a") == 2); /* counts anew */
	guard_close(&g);
	end();
}

/* Who tries from thousands of addresses pushes out the oldest, no more. */
TEST(full_table)
{
	char ip[32];
	int i;

	begin();
	CHECK(guard_open(&g, run) == 0);
	for (i = 0; i < 20000; i++) {
		(void)snprintf(ip, sizeof(ip), "10.%d.%d.1", i >> 8, i & 255);
		CHECK(wrong(ip, "x") == 2);
	}
	CHECK(wrong(ip, "y") == 4);
	guard_close(&g);
	end();
}

TEST(shared_by_all)
{
	struct guard other;
	int i, status;

	begin();
	CHECK(guard_open(&g, run) == 0);
	for (i = 0; i < 8; i++)
		if (fork() == 0) {
			char password[16];
			int n;

			if (guard_open(&other, run) == -1)
				_exit(1);
			for (n = 0; n < 500; n++) {
				(void)snprintf(password, sizeof(password),
				    "%d.%d", i, n);
				(void)guard_failed(&other, "192.0.2.1", "bob",
				    password);
			}
			_exit(0);
		}
	while (wait(&status) > 0)
		CHECK(status == 0);
	CHECK(guard_delay(&g, "192.0.2.1") == 15);
	/* 4000 failures: none was lost */
	guard_clock(600 * 3997L);
	CHECK(guard_delay(&g, "192.0.2.1") == 8);
	guard_close(&g);
	end();
}

TEST(files_that_are_not_ours)
{
	char path[128];

	begin();
	CHECK(mkdir(run, 0755) == 0);
	(void)snprintf(path, sizeof(path), "%s/failures", run);
	CHECK(symlink("/etc/passwd", path) == 0);
	CHECK(guard_open(&g, run) == -1);
	CHECK(unlink(path) == 0);
	(void)close(open(path, O_WRONLY | O_CREAT, 0600));
	CHECK(chmod(path, 0666) == 0 && guard_open(&g, run) == -1);
	CHECK(strstr(fail_text(), "not a file of ours") != NULL);
	CHECK(chmod(path, 0600) == 0 && guard_open(&g, run) == 0);
	guard_close(&g);
	/* Rubbish in it is no table. */
	CHECK(truncate(path, 0) == 0 && truncate(path, 1000) == 0);
	CHECK(guard_open(&g, run) == 0 && wrong("192.0.2.1", "a") == 2);
	guard_close(&g);
	end();
}

/* ---- slots */

static int
take(struct slots *s, const char *ip, unsigned all, unsigned each)
{
	const char *limit = "";
	int r = slots_take(s, run, "test", ip, all, each, &limit);

	return r != 0 ? r : limit[11] == '\0' /* "connections" */ ? 10 : 20;
}

TEST(slots)
{
	struct slots s[6];

	begin();
	CHECK(take(&s[0], "192.0.2.1", 5, 2) == 1 && s[0].taken == 1);
	CHECK(take(&s[1], "192.0.2.1", 5, 2) == 1 && s[1].taken == 2);
	CHECK(take(&s[2], "192.0.2.1", 5, 2) == 20);
	CHECK(take(&s[2], "::ffff:192.0.2.1", 5, 2) == 20);
	CHECK(take(&s[2], "192.0.2.2", 5, 2) == 1);
	CHECK(!s[2].stress);
	CHECK(take(&s[3], "2001:db8::1", 5, 1) == 1 && !s[3].stress);
	CHECK(take(&s[4], "2001:db8::2", 5, 1) == 20); /* the same /64 */
	CHECK(take(&s[4], "2001:db8:0:1::2", 5, 1) == 1 && s[4].stress);
	CHECK(take(&s[5], "192.0.2.3", 5, 2) == 10);
	CHECK(take(&s[5], "", 5, 2) == 10);
	slots_close(&s[0]);
	/* What was refused left nothing behind. */
	CHECK(take(&s[5], "192.0.2.3", 5, 2) == 1);
	slots_close(&s[5]);
	CHECK(take(&s[0], "192.0.2.1", 5, 2) == 1);
	CHECK(take(&s[5], "192.0.2.1", 6, 2) == 20);
	for (int i = 0; i < 5; i++)
		slots_close(&s[i]);
	end();
}

/* A slot ends with its holder, however he ends. */
TEST(slots_die_with_their_holder)
{
	struct slots s;
	int p[2];
	pid_t pid;
	char c;

	begin();
	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		if (take(&s, "192.0.2.1", 1, 1) != 1)
			_exit(1);
		(void)!write(p[1], "x", 1);
		(void)pause();
	}
	CHECK(read(p[0], &c, 1) == 1);
	CHECK(take(&s, "192.0.2.1", 1, 1) == 20);
	CHECK(take(&s, "", 1, 1) == 10);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	CHECK(take(&s, "192.0.2.1", 1, 1) == 1);
	slots_close(&s);
	end();
}

TEST(slots_of_users)
{
	struct slots a = { .fd = -1 }, b = { .fd = -1 }, c = { .fd = -1 };

	begin();
	CHECK(slots_user(&a, run, "u", "bob", 2) == 1);
	/* In the same file as the slot of a connection. */
	CHECK(take(&b, "192.0.2.1", 5, 2) == 1);
	CHECK(slots_user(&b, run, "u", "bob", 2) == 1);
	slots_close(&b);
	CHECK(slots_user(&b, run, "u", "bob", 2) == 1);
	CHECK(slots_user(&c, run, "u", "bob", 2) == 0);
	CHECK(slots_user(&c, run, "u", "eve", 2) == 1);
	slots_close(&a);
	slots_close(&c);
	CHECK(slots_user(&c, run, "u", "bob", 2) == 1);
	slots_close(&b);
	slots_close(&c);
	end();
}

/* Who waits gets the slot of who leaves, or none. */
TEST(slots_that_are_waited_for)
{
	struct slots a, b;
	pid_t pid;

	begin();
	CHECK(slots_wait(&a, run, "u", 1, 0) == 1);
	CHECK(slots_wait(&b, run, "u", 1, 0) == 0 && b.fd == -1);
	pid = fork(); /* holds it for a while */
	if (pid == 0) {
		(void)usleep(100000);
		_exit(0);
	}
	slots_close(&a);
	CHECK(slots_wait(&b, run, "u", 1, 0) == 0);
	CHECK(slots_wait(&b, run, "u", 1, 30) == 1);
	CHECK(waitpid(pid, NULL, 0) == pid);
	slots_close(&b);
	end();
}

/* Each of many addresses has slots of its own. */
TEST(slots_of_many)
{
	enum { MANY = 300 };
	static struct slots s[MANY];
	char ip[48];
	int i;

	begin();
	for (i = 0; i < MANY; i++) {
		(void)snprintf(ip, sizeof(ip),
		    i % 2 ? "2001:db8:%x:%x::1" : "10.%d.%d.1", i, i);
		CHECK(take(&s[i], ip, MANY, 1) == 1);
		CHECK(s[i].taken == (unsigned)i + 1);
	}
	for (i = 0; i < MANY; i++)
		slots_close(&s[i]);
	end();
}
