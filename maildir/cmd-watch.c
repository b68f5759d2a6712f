/* maildir watch: say what comes into a folder, as long as it runs. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

enum { EVERY = 2000 /* ms, where the system does not tell */ };

/* Messages behind UID "last": a line for each.  Their number. */
static uint32_t
tell(struct cmd *c, uint32_t *last)
{
	uint32_t count = folder_count(c->folder);
	struct message m;

	c->n = 0;
	for (uint32_t i = folder_number(c->folder, *last + 1); i <= count; i++)
		if (folder_get(c->folder, i, &m) == 0) {
			cmd_add(c, i);
			*last = m.uid;
		}
	if (c->n > 0)
		cmd_list_picked(c);
	if (fflush(stdout) == EOF)
		exit(EX_IOERR);
	return (uint32_t)c->n;
}

void
cmd_watch(struct cmd *c)
{
	struct folder_news news;
	struct folder_info info;
	uint32_t last, told = 0;
	int fd;

	if (c->argc > 0)
		errx(EX_USAGE, "watch has no arguments");
	cmd_open(c, false);
	folder_info(c->folder, &info);
	last = info.uidnext - 1;
	while (c->most == 0 || told < c->most) {
		struct pollfd p = { .events = POLLIN };

		fd = folder_wait(c->folder);
		p.fd = fd;
		if (poll(&p, 1, fd == -1 ? EVERY : -1) == -1 && errno != EINTR)
			err(EX_OSERR, "poll");
		if (folder_sync(c->folder, true, &news) == -1)
			errx(EX_TEMPFAIL, "%s", fail_text());
		told += tell(c, &last);
	}
}
