#include "maildir/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/clock.h"
#include "message/fail.h"

enum {
	OURS = 0400, /* mode of our lock files; Dovecot's are 0600 */
	STALE = 120, /* seconds, as in Dovecot */
	NAMELESS = 10, /* seconds until one without a process is given up */
	PAUSE_MS = 2, /* first wait, doubled up to PAUSE_MAX_MS */
	PAUSE_MAX_MS = 64,
};

static void
wait_ms(int *ms)
{
	struct timespec t = { 0, *ms * 1000000L };

	(void)nanosleep(&t, NULL);
	if (*ms < PAUSE_MAX_MS)
		*ms *= 2;
}

/* Is there a process of that number?  F_SETOWN asks for no right over it and,
 * unlike kill, is a call that sandboxed sessions keep. */
static bool
alive(int fd, pid_t pid)
{
	bool gone = fcntl(fd, F_SETOWN, pid) == -1 && errno == ESRCH;

	(void)fcntl(fd, F_SETOWN, 0);
	return !gone;
}

/* The lock file says PID:HOST.  1: that process is gone; 0: it lives, or is
 * not of this host; -1: nobody is named. */
static int
orphan(int dir, const char *name)
{
	char text[160], me[HOST_NAME_MAX + 1] = "", *end;
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;
	long pid;
	int r;

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	pid = strtol(text, &end, 10);
	if (end == text || *end != ':' || pid <= 0 || pid > INT_MAX)
		r = -1;
	else if (gethostname(me, sizeof(me) - 1) == -1 ||
	    strcmp(end + 1, me) != 0)
		r = 0;
	else
		r = pid == getpid() || !alive(fd, (pid_t)pid);
	(void)close(fd);
	return r;
}

/* Take away a lock file whose holder is dead.  Looked at twice: between the
 * two another process may have replaced it. */
static int
clear_stale(struct dotlock *l, bool flocked)
{
	struct stat st, again;
	time_t age;
	bool stale;
	int dead;

	if (fstatat(l->borrowed, l->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : fail("stat %s", l->name);
	age = time(NULL) -
	    (st.st_mtime > st.st_ctime ? st.st_mtime : st.st_ctime);
	dead = orphan(l->borrowed, l->name);
	stale = age > STALE || dead == 1 || (dead == -1 && age > NAMELESS) ||
	    (flocked && (st.st_mode & 07777) == OURS);
	if (!stale ||
	    fstatat(l->borrowed, l->name, &again, AT_SYMLINK_NOFOLLOW) == -1 ||
	    again.st_ino != st.st_ino || again.st_ctime != st.st_ctime)
		return 0;
	if (unlinkat(l->borrowed, l->name, 0) == -1 && errno != ENOENT)
		return fail("remove stale %s", l->name);
	return 0;
}

/* 1: made and ours; 0: there is one; -1. */
static int
make(struct dotlock *l)
{
	char text[HOST_NAME_MAX + 32], me[HOST_NAME_MAX + 1] = "";
	int n, e,
	    fd = openat(l->borrowed, l->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OURS);
	struct stat st;

	if (fd == -1)
		return errno == EEXIST ? 0 : fail("create %s", l->name);
	(void)gethostname(me, sizeof(me) - 1);
	n = snprintf(text, sizeof(text), "%ld:%s", (long)getpid(), me);
	if (write(fd, text, (size_t)n) == n && fstat(fd, &st) == 0) {
		(void)close(fd);
		l->dev = st.st_dev;
		l->ino = st.st_ino;
		return 1;
	}
	e = errno;
	(void)close(fd);
	(void)unlinkat(l->borrowed, l->name, 0);
	errno = e;
	return fail("write %s", l->name);
}

/* The flock: 1 held, 0 this file system has none for directories, -1. */
static int
lock_dir(const struct dotlock *l, int64_t end)
{
	int ms = PAUSE_MS;

	while (flock(l->dir, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 0;
		if (clock_seconds() > end)
			return fail_as(EAGAIN, "%s is held by another process",
			    l->name);
		wait_ms(&ms);
	}
	return 1;
}

int
dotlock_take(struct dotlock *l, int dir, const char *name)
{
	int64_t end = clock_seconds() + DOTLOCK_WAIT;
	int e, flocked, r = 0, ms = PAUSE_MS;

	*l = (struct dotlock){ .borrowed = dir, .name = name };
	l->dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir == -1)
		return fail("open directory for %s", name);
	flocked = lock_dir(l, end);
	while (flocked != -1 && (r = make(l)) == 0) {
		if (clear_stale(l, flocked == 1) == -1) {
			r = -1;
			break;
		}
		if ((r = make(l)) != 0)
			break;
		if (clock_seconds() > end) {
			r = fail_as(EAGAIN, "%s is held by another program",
			    name);
			break;
		}
		wait_ms(&ms);
	}
	if (r == 1)
		return 0;
	e = errno;
	(void)close(l->dir);
	l->dir = -1;
	errno = e;
	return -1;
}

int
dotlock_held(const struct dotlock *l)
{
	struct stat st;

	return l->dir != -1 &&
	    fstatat(l->borrowed, l->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == l->ino && st.st_dev == l->dev;
}

void
dotlock_drop(struct dotlock *l)
{
	if (l->dir == -1)
		return;
	if (dotlock_held(l))
		(void)unlinkat(l->borrowed, l->name, 0);
	(void)close(l->dir);
	l->dir = -1;
}
