#include "maildir/cmd-progress.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "message/clock.h"

enum { WIDTH = 40, WAIT = 300, EVERY = 100 /* ms */, FRAMES = 4 };

static void
draw(const char *what, uint64_t done, uint64_t total)
{
	char bar[WIDTH + 1];
	uint64_t full = total == 0 ? 0 : done * WIDTH / total;

	if (total == 0) {
		(void)fprintf(stderr, "\r%s: %ju", what, (uintmax_t)done);
		return;
	}
	for (uint64_t i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '=' : i == full ? '>' : ' ';
	bar[WIDTH] = '\0';
	(void)fprintf(stderr, "\r%s [%s] %ju/%ju", what, bar, (uintmax_t)done,
	    (uintmax_t)total);
}

/* What is over soon shows nothing. */
void
progress(const char *what, uint64_t done, uint64_t total)
{
	static int64_t begun, last;
	static int terminal = -1;
	int64_t t;

	if (terminal == -1)
		terminal = isatty(STDERR_FILENO);
	if (terminal == 0)
		return;
	if (total > 0 && done >= total) {
		if (last != 0)
			(void)fputs("\r\033[K", stderr);
		begun = last = 0;
		return;
	}
	t = clock_ms();
	if (begun == 0)
		begun = t;
	if (t - begun < WAIT || t - last < EVERY)
		return;
	last = t;
	draw(what, done, total);
}

/* ---- by a timer, whose signal may only write */

static char frame[FRAMES][128];
static volatile sig_atomic_t drawn;

static void
tick(int number)
{
	const char *f = frame[drawn % FRAMES];
	int e = errno;

	(void)number;
	if (write(STDERR_FILENO, f, strlen(f)) != -1)
		drawn = drawn % FRAMES + 1;
	errno = e;
}

static void
timer(long first, long again)
{
	const struct itimerval t = {
		.it_value.tv_usec = first * 1000,
		.it_interval.tv_usec = again * 1000,
	};

	(void)setitimer(ITIMER_REAL, &t, NULL);
}

void
progress_wait(const char *what)
{
	struct sigaction a = { .sa_handler = tick, .sa_flags = SA_RESTART };

	if (!isatty(STDERR_FILENO))
		return;
	for (int i = 0; i < FRAMES; i++)
		(void)snprintf(frame[i], sizeof(frame[i]), "\r%.100s %c ", what,
		    "|/-\\"[i]);
	drawn = 0;
	if (sigaction(SIGALRM, &a, NULL) == 0)
		timer(WAIT, EVERY);
}

void
progress_over(void)
{
	if (frame[0][0] == '\0')
		return;
	timer(0, 0);
	if (drawn != 0)
		(void)fputs("\r\033[K", stderr);
}
