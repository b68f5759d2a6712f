#include "maildir/cmd-progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "message/clock.h"

enum { WIDTH = 40, WAIT = 300, EVERY = 100 /* ms */ };

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
