/* maildir watch: say what comes into a folder, as long as it runs. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

enum { EVERY = 2000 /* ms, where the system does not tell */ };

/* -x: the command of the user, with the number of the message as its first
 * argument; who wrote the message has no say in what is run. */
static void
run(struct cmd *c, uint32_t uid)
{
	char number[16];
	pid_t pid = fork();

	(void)snprintf(number, sizeof(number), "%u", uid);
	if (pid == 0) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		(void)dup2(fd, STDIN_FILENO);
		(void)setenv("MAILDIR", c->path, 1);
		(void)setenv("FOLDER", c->folder_said, 1);
		(void)setenv("MESSAGE", number, 1);
		(void)execl("/bin/sh", "sh", "-c", c->exec, "sh", number,
		    (char *)NULL);
		_exit(127);
	}
	while (pid != -1 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	if (pid == -1)
		cmd_complain(c, "fork: %s", strerror(errno));
}

static void
run_all(struct cmd *c)
{
	struct message m;

	(void)fflush(stdout);
	for (size_t i = 0; i < c->n; i++)
		if (folder_get(c->folder, c->number[i], &m) == 0)
			run(c, m.uid);
}

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
	if (c->n > 0 && c->exec != NULL)
		run_all(c);
	else if (c->n > 0)
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
