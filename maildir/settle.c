/* A directory is not listed when its times are those that the index has noted.
 * Just after a change of ours they prove nothing, since the clock of a file
 * system stands still for some milliseconds, and another program's change in
 * the same moment would leave the same times.  So, for each directory:
 *
 *	the kernel has told of as many names that came or went as were ours
 *	the time of a directory is put back by a nanosecond
 *	it has still not told of any other: note this time
 *
 * Whatever happens after the second step sets the time to that of the clock,
 * which never is this one; what happened before was counted, since the kernel
 * tells of a name under the lock of the directory, which that step takes, too.
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

#include "maildir/disk.h"
#include "maildir/maildir.h"
#include "maildir/sync.h"
#include "maildir/watch.h"

enum {
	SIGNAL = 1, /* above SIGRTMIN */
	MOST = 32, /* messages: to count costs a fourth of what a rename does */
};

_Static_assert(SCAN_CUR == 1 << WATCH_CUR && SCAN_NEW == 1 << WATCH_NEW,
    "bits");

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
			s->seen[got[i].ssi_fd == s->dir[WATCH_NEW]]++;
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
	    n > MOST || !disk_is_local(f->dir))
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
	int e = errno;

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
	errno = e;
}

void
settle_sure(struct settle *s, const struct folder *f)
{
	struct scan_stamp now[2];

	if (s->on && scan_stamps(f->dir, now) == 0)
		s->sure = sync_known(f->ix.h, now);
	if (s->sure == 0)
		settle_drop(s);
}

/* The time of a directory, a nanosecond earlier.  False: somebody was quicker, or
 * the file system keeps no nanoseconds. */
static bool
put_back(int dir, struct scan_stamp *stamp)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, stamp->mtime };
	struct stat st;

	if (t[1].tv_nsec-- == 0 || futimens(dir, t) == -1 ||
	    fstat(dir, &st) == -1)
		return false;
	*stamp = (struct scan_stamp){ st.st_mtim, st.st_ctim };
	return st.st_mtim.tv_sec == t[1].tv_sec &&
	    st.st_mtim.tv_nsec == t[1].tv_nsec;
}

unsigned
settle_stamps(const int dir[2], unsigned which, struct scan_stamp stamp[2])
{
	unsigned done = 0;

	for (int i = 0; i < 2; i++)
		if ((which & 1U << i) != 0 && put_back(dir[i], &stamp[i]))
			done |= 1U << i;
	return done;
}

/* Where all that happened was ours. */
static unsigned
ours(struct settle *s)
{
	unsigned only = 0;

	if (!drain(s))
		s->sure = 0; /* nor will it be known again */
	for (int i = 0; i < 2; i++)
		if (s->seen[i] == s->wanted[i])
			only |= 1U << i;
	return only & s->sure;
}

void
settle_end(struct settle *s, struct folder *f)
{
	struct header *h = f->ix.h;
	struct scan_stamp now[2];
	unsigned good, known;

	if (!s->on || (good = ours(s)) == 0 || scan_stamps(f->dir, now) == -1)
		return;
	known = sync_known(h, now);
	/* Until it is sure, what was noted before must not come true again. */
	h->settled &= ~(good & ~known);
	good = (good & known) | settle_stamps(s->dir, good & ~known, now);
	good &= ours(s);
	for (int i = 0; i < 2; i++)
		if ((good & 1U << i) != 0)
			h->stamp[i] = now[i];
	h->settled |= good;
}
