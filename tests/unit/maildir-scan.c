#include "maildir/scan.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "maildir/watch.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static bool
has(const struct scan *s, const char *name, bool in_new)
{
	int n = 0;

	for (size_t i = 0; i < s->names; i++)
		n += s->name[i].in_new == in_new &&
		    strcmp(scan_text(s, i), name) == 0;
	return n == 1;
}

TEST(what_is_listed)
{
	struct place p;
	struct scan s;
	char path[SCAN_PATH];

	place_make(&p);
	place_put(&p, "new/1.a", "");
	place_put(&p, "cur/1.b:2,S", "");
	place_put(&p, "cur/no colon", "");
	place_put(&p, "cur/.hidden", "");
	place_put(&p, "cur/:2,S", "");
	place_put(&p, "cur/line\nend", "");
	CHECK(symlinkat("/etc/passwd", p.dir, "cur/link") == 0);
	CHECK(mkfifoat(p.dir, "cur/fifo", 0600) == 0);
	CHECK(mkdirat(p.dir, "cur/directory", 0700) == 0);
	CHECK(scan_run(&s, p.dir) == 0);
	CHECK(s.names == 3 && s.exact);
	CHECK(has(&s, "1.a", true) && has(&s, "1.b:2,S", false));
	CHECK(has(&s, "no colon", false));
	for (size_t i = 0; i < s.names; i++)
		if (s.name[i].in_new) {
			scan_path(&s, i, path);
			CHECK_STR(path, "new/1.a");
		}
	scan_free(&s);
	place_drop(&p);
}

TEST(no_maildir)
{
	struct place p;
	struct scan s;

	place_make(&p);
	CHECK(unlinkat(p.dir, "cur", AT_REMOVEDIR) == 0);
	CHECK(scan_run(&s, p.dir) == -1 && errno == ENOENT);
	scan_free(&s);
	/* a link to somebody else's directory is no folder either */
	CHECK(symlinkat("/tmp", p.dir, "cur") == 0);
	CHECK(scan_run(&s, p.dir) == -1);
	scan_free(&s);
	place_drop(&p);
}

TEST(settled)
{
	struct place p;
	struct scan s;

	place_make(&p);
	place_put(&p, "new/1.a", "");
	CHECK(scan_run(&s, p.dir) == 0 && s.settled != SCAN_BOTH);
	scan_free(&s);
	(void)usleep(40000);
	CHECK(scan_run(&s, p.dir) == 0 && s.settled == SCAN_BOTH);
	scan_free(&s);
	place_drop(&p);
}

TEST(again)
{
	struct place p;
	struct scan s;
	size_t i;

	place_make(&p);
	place_put(&p, "new/1.a", "");
	place_put(&p, "cur/2.b:2,", "");
	place_put(&p, "cur/3.c:2,", "");
	CHECK(scan_run(&s, p.dir) == 0 && s.names == 3);
	CHECK(renameat(p.dir, "new/1.a", p.dir, "cur/1.a,U=5:2,S") == 0);
	CHECK(unlinkat(p.dir, "cur/2.b:2,", 0) == 0);
	place_put(&p, "new/4.d", "");
	CHECK(scan_again(&s, p.dir) == 0 && s.names == 3);
	CHECK(has(&s, "1.a,U=5:2,S", false));
	for (i = 0; i < s.names; i++)
		CHECK(s.name[i].gone ==
		    (strncmp(scan_text(&s, i), "2.b", 3) == 0));
	scan_free(&s);
	place_drop(&p);
}

/* The queue tells the truth about names that came and went meanwhile. */
TEST(events)
{
	struct place p;
	struct watch w;

	place_make(&p);
	place_put(&p, "cur/a:2,", "");
	CHECK(watch_open(&w, p.dir) == 0);
	if (w.fd != -1) {
		CHECK(renameat(p.dir, "cur/a:2,", p.dir, "cur/a:2,S") == 0);
		place_put(&p, "new/b", "");
		CHECK(renameat(p.dir, "new/b", p.dir, "x") == 0);
		CHECK(watch_settle(&w) == 0);
		CHECK(w.events == 3);
		CHECK(!watch_find(&w, "a:2,", false)->here);
		CHECK(watch_find(&w, "a:2,S", false)->here);
		CHECK(!watch_find(&w, "b", true)->here);
		CHECK(watch_find(&w, "b", false) == NULL);
		watch_reset(&w);
		CHECK(w.events == 0 && watch_find(&w, "b", true) == NULL);
	}
	watch_close(&w);
	place_drop(&p);
}

enum { FILES = 8000, SCANS = 150, SOAK_SCANS = 3000 };

/* Rename flags as fast as possible, until killed. */
static void
rename_all_the_time(const struct place *p)
{
	for (unsigned n = 0;; n++) {
		char from[40], to[40];

		(void)snprintf(from, sizeof(from), "cur/%u.x:2,%s", n % FILES,
		    n / FILES % 2 == 0 ? "" : "S");
		(void)snprintf(to, sizeof(to), "cur/%u.x:2,%s", n % FILES,
		    n / FILES % 2 == 0 ? "S" : "");
		if (renameat(p->dir, from, p->dir, to) == -1)
			_exit(1);
	}
}

/* One file moves to and fro between new/ and cur/ for ever. */
static void
move_all_the_time(const struct place *p)
{
	for (;;)
		if (renameat(p->dir, "new/f", p->dir, "cur/f:2,") == -1 ||
		    renameat(p->dir, "cur/f:2,", p->dir, "new/f") == -1)
			_exit(1);
}

static void
race(void (*work)(const struct place *), size_t files)
{
	struct place p;
	int status = 0, wrong = 0;
	int scans = test_soak() ? SOAK_SCANS : SCANS;
	pid_t pid;

	place_make(&p);
	for (unsigned i = 0; i < FILES; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "cur/%u.x:2,", i);
		if (files > 1 || i == 0)
			place_put(&p, files > 1 ? name : "new/f", "");
	}
	pid = fork();
	if (pid == 0)
		work(&p);
	for (int n = 0; n < scans; n++) {
		struct scan s;

		CHECK(scan_run(&s, p.dir) == 0);
		wrong += s.exact && s.names != files;
		scan_free(&s);
	}
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	CHECK(wrong == 0);
	place_drop(&p);
}

TEST(race_of_flags)
{
	race(rename_all_the_time, FILES);
}

TEST(race_between_directories)
{
	race(move_all_the_time, 1);
}
