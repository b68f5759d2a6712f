/* The spool, looked at by a process that has become its owner: does somebody
 * run the queue, and what waits too long? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "mailq-run/survey.h"
#include "message/fail.h"
#include "session/role.h"

enum {
	MINUTE = 60,
	DAY = 24 * 60 * MINUTE,
	RUNS = 20 * MINUTE, /* without one: nobody starts it */
	MANY = 1000, /* messages */
};

static const char see_files[] = "see what mailroom-check files says";

struct waiting {
	size_t count, held;
	time_t oldest;
	char id[SPOOL_ID]; /* of the oldest */
};

static int
look(void *ctx, const struct entry *e)
{
	struct waiting *w = ctx;

	if (e->place == SPOOL_HELD) {
		w->held++;
		return 0;
	}
	if (w->count++ == 0 || e->env.arrival < w->oldest) {
		w->oldest = e->env.arrival;
		(void)snprintf(w->id, sizeof(w->id), "%s", e->env.id);
	}
	return 0;
}

/* Whatever runs all of the queue touches this file first. */
static void
check_runs(struct check *k, int spool, time_t now)
{
	static const char fix[] =
	    "run: systemctl enable --now mailq-run.timer  or copy "
	    "mailq-run/cron.d to /etc/cron.d/mailroom";
	struct stat st;

	if (fstatat(spool, "lock", &st, AT_SYMLINK_NOFOLLOW) == -1)
		check_say(k, CHECK_WARNING, "mailq-run", fix,
		    "it has never run");
	else if (st.st_mtime < now - RUNS)
		check_say(k, CHECK_FAULT, "mailq-run", fix,
		    "it has not run for %lld minutes; waiting mail is not "
		    "tried again",
		    (long long)(now - st.st_mtime) / MINUTE);
	else
		check_ok(k, "mailq-run ran %lld minutes ago",
		    (long long)(now - st.st_mtime) / MINUTE);
}

/* How many names are in that directory. */
static size_t
names(int spool, const char *name)
{
	int fd = openat(spool, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static void
check_aside(struct check *k, int spool)
{
	char where[400], fix[900];
	size_t n = names(spool, "bad");

	(void)snprintf(where, sizeof(where), "%s/bad", k->config.spool);
	(void)snprintf(fix, sizeof(fix),
	    "correct each as spool(5) says and move it to %s/new, or remove "
	    "it",
	    k->config.spool);
	if (n > 0)
		check_say(k, CHECK_FAULT, where, fix,
		    "%zu file%s there that could not be read as mail", n,
		    check_plural(n));
	n = names(spool, "postmaster/new");
	(void)snprintf(where, sizeof(where), "%s/postmaster", k->config.spool);
	if (n > 0)
		check_say(k, CHECK_WARNING, where,
		    "write \"postmaster: NAME\" and \"root: NAME\" into "
		    "aliases, and move them to the Maildir of NAME",
		    "%zu message%s to postmaster or root that nobody gets", n,
		    check_plural(n));
	n = names(spool, "double-bounce/new");
	(void)snprintf(where, sizeof(where), "%s/double-bounce",
	    k->config.spool);
	(void)snprintf(fix, sizeof(fix),
	    "read them (maildir -d %s list), then remove them", where);
	if (n > 0)
		check_say(k, CHECK_WARNING, where, fix,
		    "%zu report%s there that nobody else could get", n,
		    check_plural(n));
}

static void
check_waiting(struct check *k, int spool, time_t now)
{
	struct waiting w = { .count = 0 };
	char fix[SPOOL_ID + 64];

	if (names(spool, "new") + names(spool, "due") + names(spool, "hold") ==
	    0) {
		check_ok(k, "the queue is empty");
		return;
	}
	if (survey_all(spool, look, &w) == -1)
		check_say(k, CHECK_WARNING, k->config.spool,
		    "look at it with mailq", "some of it cannot be read");
	(void)snprintf(fix, sizeof(fix), "see why: mailq show %s", w.id);
	if (w.count > 0 && w.oldest < now - DAY)
		check_say(k, CHECK_WARNING, w.id, fix,
		    "it waits for %lld hours, the longest of %zu message%s",
		    (long long)(now - w.oldest) / (60 * MINUTE), w.count,
		    check_plural(w.count));
	else if (w.count > MANY)
		check_say(k, CHECK_WARNING, k->config.spool,
		    "see where to: mailq summary", "%zu messages wait",
		    w.count);
	else
		check_ok(k, "%zu message%s wait%s, %zu held", w.count,
		    check_plural(w.count), w.count == 1 ? "s" : "", w.held);
}

static void
not_looked(struct check *k, const char *fix, const char *why)
{
	check_say(k, CHECK_WARNING, k->config.spool, fix,
	    "it cannot be looked at: %s", why);
}

/* In the child, as the owner of the spool. */
static void
look_at_spool(struct check *k, const struct role *spool)
{
	time_t now = time(NULL);
	int fd;

	if (role_drop(spool) == -1) {
		not_looked(k, see_files, fail_text());
		return;
	}
	fd = open(k->config.spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		not_looked(k,
		    errno == EACCES ? "run this program as root" : see_files,
		    strerror(errno));
		return;
	}
	check_runs(k, fd, now);
	check_waiting(k, fd, now);
	check_aside(k, fd);
}

void
check_queue(struct check *k)
{
	struct role spool = { 0, 0 };
	int status = 0;
	pid_t pid;

	if (role_root() && role_find(&spool, k->config.spool_user) == -1) {
		not_looked(k, see_files, fail_text());
		return;
	}
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		look_at_spool(k, &spool);
		(void)fflush(stdout);
		_exit((int)k->worst);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || !WIFEXITED(status))
		check_say(k, CHECK_WARNING, k->config.spool,
		    "try it again, or look at it with mailq",
		    "it could not be looked at");
	else if (WEXITSTATUS(status) > (int)k->worst)
		k->worst = (enum check_level)WEXITSTATUS(status);
}
