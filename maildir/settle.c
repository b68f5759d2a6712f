/* A listing is spared when the times of both directories are those that the
 * index has noted.  Just after a change of ours they prove nothing, since the
 * clock of a file system stands still for some milliseconds, and another
 * program's change in the same moment would leave the same times.  So:
 *
 *	the kernel has told of as many names that came or went as were ours
 *	the time of a directory is put back by a nanosecond
 *	it has still not told of any other: note this time
 *
 * Whatever happens after the second step sets the time to that of the clock,
 * which never is this one; what happened before was counted.
 *
 * It tells by a queued signal for each name (F_NOTIFY), or by SIGIO when the
 * queue is full.  An inotify would tell more, and take as long to close as a
 * hundred renames. */
#include "maildir/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/sync.h"

enum {
	SIGNAL = 1, /* above SIGRTMIN */
	MOST = 32, /* messages: to count costs a fourth of what a rename does */
};

static void
signals(sigset_t *s)
{
	(void)sigemptyset(s);
	(void)sigaddset(s, SIGRTMIN + SIGNAL);
	(void)sigaddset(s, SIGIO);
}

/* Take what is queued, many at a time.  False: some were lost. */
static bool
drain(struct settle *s)
{
	struct signalfd_siginfo got[64];
	bool whole = true;
	ssize_t n;

	while ((n = read(s->queue, got, sizeof(got))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(*got); i++) {
			whole &= got[i].ssi_signo != SIGIO;
			s->seen++;
		}
	return whole && n == -1 && errno == EAGAIN;
}

static int
tell_of(int dir, const char *name)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd != -1 &&
	    (fcntl(fd, F_SETSIG, SIGRTMIN + SIGNAL) == -1 ||
		fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT) ==
		    -1)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

void
settle_begin(struct settle *s, const struct folder *f, size_t n)
{
	sigset_t set;

	*s = (struct settle){ .dir = { -1, -1 }, .queue = -1 };
	if ((f->store->options & STORE_SETTLE) == 0 || f->files == -1 ||
	    n > MOST)
		return;
	signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, &s->before) == -1)
		return;
	s->on = true;
	s->queue = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->dir[0] = tell_of(f->dir, "cur");
	s->dir[1] = tell_of(f->dir, "new");
	if (s->dir[0] == -1 || s->dir[1] == -1 || s->queue == -1)
		settle_drop(s);
}

void
settle_drop(struct settle *s)
{
	if (!s->on)
		return;
	for (int i = 0; i < 2; i++)
		if (s->dir[i] != -1)
			(void)close(s->dir[i]);
	/* What is queued would end us; when it cannot be read, it waits. */
	(void)drain(s);
	if (s->queue != -1) {
		(void)close(s->queue);
		(void)sigprocmask(SIG_SETMASK, &s->before, NULL);
	}
	s->on = false;
}

void
settle_sure(struct settle *s, const struct folder *f)
{
	if (s->on && !sync_current(f))
		settle_drop(s);
}

static bool
same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
settle_back(const struct folder *f, const int dir[2],
    struct scan_stamp stamp[2])
{
	struct scan_stamp now[2];

	for (int i = 0; i < 2; i++) {
		struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
			stamp[i].mtime };

		if (same(&f->ix.h->stamp[i].mtime, &stamp[i].mtime))
			continue; /* nothing came or went here */
		if (t[1].tv_nsec == 0)
			return false;
		t[1].tv_nsec--;
		if (futimens(dir[i], t) == -1)
			return false;
		stamp[i].mtime = t[1];
	}
	if (scan_stamps(f->dir, now) == -1 ||
	    !same(&now[0].mtime, &stamp[0].mtime) ||
	    !same(&now[1].mtime, &stamp[1].mtime))
		return false;
	(void)memcpy(stamp, now, sizeof(now));
	return true;
}

void
settle_end(struct settle *s, struct folder *f)
{
	struct scan_stamp now[2];

	if (!s->on || !drain(s) || s->seen != s->wanted ||
	    scan_stamps(f->dir, now) == -1 || !settle_back(f, s->dir, now) ||
	    !drain(s) || s->seen != s->wanted)
		return;
	(void)memcpy(f->ix.h->stamp, now, sizeof(now));
	f->ix.h->settled = 1;
}
