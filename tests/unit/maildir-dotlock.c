#include "maildir/dotlock.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static const char name[] = "x.lock";

static bool
there(const struct place *p)
{
	return faccessat(p->dir, name, F_OK, 0) == 0;
}

/* A process id that is no more. */
static pid_t
dead(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return pid;
}

static void
text(char out[200], pid_t pid)
{
	char host[100] = "";

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(out, 200, "%ld:%s", (long)pid, host);
}

TEST(take_and_drop)
{
	struct place p;
	struct dotlock l;
	char want[200];

	place_make(&p);
	CHECK(dotlock_take(&l, p.dir, name) == 0);
	CHECK(dotlock_held(&l));
	text(want, getpid());
	CHECK_STR(place_get(&p, name), want);
	dotlock_drop(&l);
	CHECK(!there(&p));
	place_drop(&p);
}

TEST(lock_of_a_dead_dovecot)
{
	struct place p;
	struct dotlock l;
	char who[200];

	place_make(&p);
	text(who, dead());
	place_put(&p, name, who);
	CHECK(dotlock_take(&l, p.dir, name) == 0);
	dotlock_drop(&l);
	place_drop(&p);
}

/* Killed between the open and the write: of ours, so nobody waits. */
TEST(lock_of_ours_without_holder)
{
	struct place p;
	struct dotlock l;
	time_t start = time(NULL);

	place_make(&p);
	place_put(&p, name, "");
	CHECK(fchmodat(p.dir, name, 0400, 0) == 0);
	CHECK(dotlock_take(&l, p.dir, name) == 0);
	CHECK(time(NULL) - start < 2);
	dotlock_drop(&l);
	place_drop(&p);
}

/* It may be at work: only its age could tell. */
TEST(lock_of_another_host)
{
	struct place p;
	struct dotlock l;
	pid_t pid;

	place_make(&p);
	place_put(&p, name, "1:elsewhere.test");
	pid = fork();
	if (pid == 0)
		_exit(dotlock_take(&l, p.dir, name) == 0);
	(void)usleep(500000);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	CHECK(there(&p));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	place_drop(&p);
}

/* A live Dovecot is waited for. */
TEST(wait_for_a_living_holder)
{
	struct place p;
	struct dotlock l;
	char who[200];
	int status = 1;
	pid_t pid;

	place_make(&p);
	pid = fork();
	if (pid == 0) {
		(void)usleep(300000);
		_exit(unlinkat(p.dir, name, 0) == 0 ? 0 : 1);
	}
	text(who, pid);
	place_put(&p, name, who);
	CHECK(dotlock_take(&l, p.dir, name) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	dotlock_drop(&l);
	place_drop(&p);
}

/* Four processes count in a file without any other protection. */
TEST(one_at_a_time)
{
	enum { WHO = 4, TIMES = 25 };
	struct place p;
	pid_t pid[WHO];
	int bad = 0;

	place_make(&p);
	place_put(&p, "count", "0");
	for (int i = 0; i < WHO; i++) {
		pid[i] = fork();
		if (pid[i] != 0)
			continue;
		for (int k = 0; k < TIMES; k++) {
			struct dotlock l;
			char n[24];

			if (dotlock_take(&l, p.dir, name) == -1)
				_exit(1);
			(void)snprintf(n, sizeof(n), "%ld",
			    strtol(place_get(&p, "count"), NULL, 10) + 1);
			place_put(&p, "count", n);
			dotlock_drop(&l);
		}
		_exit(0);
	}
	for (int i = 0; i < WHO; i++) {
		int status = 1;

		(void)waitpid(pid[i], &status, 0);
		bad += status != 0;
	}
	CHECK(bad == 0);
	CHECK_STR(place_get(&p, "count"), "100");
	place_drop(&p);
}

TEST(another_took_it_away)
{
	struct place p;
	struct dotlock l;

	place_make(&p);
	CHECK(dotlock_take(&l, p.dir, name) == 0);
	place_put(&p, "y", "of another");
	CHECK(renameat(p.dir, "y", p.dir, name) == 0);
	CHECK(!dotlock_held(&l));
	dotlock_drop(&l);
	CHECK_STR(place_get(&p, name), "of another");
	place_drop(&p);
}
