/* MAY HOLD ROOT until agent_become.
 *
 * The agent of a command, a file or a Maildir that an alias or a .forward
 * names.  What it is, is read from there once more.  A command needs programs
 * and files that nobody can foretell, so this agent keeps the rights of its
 * user; it reads records of fixed size and hands the message on unread. */
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/sandbox.h"
#include "smtp-session/agent-parts.h"
#include "smtp-session/forward.h"
#include "smtp-session/mbox.h"
#include "smtp-session/run.h"
#include "smtp-session/trace.h"

/* It is no longer what it was called. */
noreturn static void
gone(int sock, const struct outlet *o)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "%s: no command or file number %u",
	    o->at[0] == '\0' ? "aliases" : o->at, o->number);
	agent_tell(sock, AGENT_UNKNOWN, 0, span(text));
	_exit(0);
}

/* Of an alias.  Returned as its user. */
static void
begin_alias(int sock, const struct config *c, struct outlet *o,
    const char *local, const char *domain)
{
	switch (o->behind ? 0 : outlet_find(o, c, local, domain)) {
	case 0:
		gone(sock, o);
	case -1:
		agent_give_up(sock);
	}
	agent_become(sock, &o->box, c->shared_folders[0] != '\0');
}

/* 1: o is it.  0: it is no longer there.  -1. */
static int
find_home(int sock, struct outlet *o)
{
	struct buf targets;
	int r;

	if (o->box.nobodys)
		return 0;
	if (!o->behind)
		return forward_outlet(o);
	buf_init(&targets, FORWARD_MAX);
	r = forward_read(&o->box, &o->number, &targets);
	if (r == 1) {
		agent_targets(sock, &targets);
		_exit(0);
	}
	buf_free(&targets);
	return r;
}

/* Of a .forward.  Mail for one that is no longer there is its user's. */
static void
begin_home(int sock, const struct config *c, struct outlet *o,
    const char *local, const char *domain)
{
	struct room room;

	switch (box_find(c, local, domain, &o->box)) {
	case 0:
		gone(sock, o);
	case -1:
		agent_give_up(sock);
	}
	agent_become(sock, &o->box, c->shared_folders[0] != '\0');
	switch (find_home(sock, o)) {
	case 0:
		agent_maildir(sock, c, &o->box, agent_move_in(&o->box, &room),
		    &room);
	case -1:
		agent_give_up(sock);
	}
}

static void
answer_command(int sock, const struct outlet *o, const struct run_mail *m)
{
	int status, more = o->more ? AGENT_MORE : 0;
	struct buf said;

	buf_init(&said, RECORD_DATA - 1);
	switch (run_command(o, m, &status, &said)) {
	case RUN_DONE:
		agent_tell(sock, AGENT_DONE, more, span(""));
		break;
	case RUN_ENOUGH:
		agent_tell(sock, AGENT_DONE, 0, span(""));
		break;
	case RUN_LATER:
		agent_tell(sock, AGENT_FAILED, EAGAIN, buf_all(&said));
		break;
	case RUN_REFUSED:
		agent_tell(sock, AGENT_BOUNCED, status | more, buf_all(&said));
	}
	buf_free(&said);
}

static void
deliver(int sock, const struct outlet *o, struct span data, int fd)
{
	struct run_mail m = { .fd = fd };
	struct buf head;

	m.from = agent_string(&data);
	m.original = agent_string(&data);
	buf_init(&head, AGENT_HEAD_MAX);
	if (o->kind == ALIAS_COMMAND)
		mbox_line(&head, m.from);
	trace_delivery(&head, m.from, m.original, o->box.final);
	m.head = buf_all(&head);
	if (head.over)
		agent_answer(sock, fail_as(ENOMEM, "no memory"));
	else if (o->kind == ALIAS_COMMAND)
		answer_command(sock, o, &m);
	else
		agent_answer(sock, mbox_append(o->text, m.from, m.head, fd));
	buf_free(&head);
}

noreturn static void
serve(int sock, const struct outlet *o)
{
	static struct record r;
	int fd;

	for (;;) {
		agent_wait(sock, &r, &fd);
		(void)alarm(RUN_SECONDS + AGENT_SECONDS);
		if (r.kind == AGENT_DELIVER && fd != -1)
			deliver(sock, o, record_span(&r), fd);
		else if (r.kind != AGENT_ABORT || r.value == -1)
			_exit(0);
		if (fd != -1)
			(void)close(fd);
	}
}

/* A path that ends with "/" is a Maildir. */
static void
maildir(int sock, const struct config *c, struct outlet *o)
{
	size_t n = strlen(o->text);
	struct room room;
	int dir;

	if (o->kind != ALIAS_FILE || n < 2 || o->text[n - 1] != '/')
		return;
	o->text[n - 1] = '\0';
	dir = maildir_open(o->text);
	if (dir != -1)
		room_open(&room, dir, o->text);
	agent_maildir(sock, c, &o->box, dir, &room);
}

noreturn void
agent_outlet(int sock, const struct config *c, const struct addr *a)
{
	static struct outlet o;
	char local[ADDR_LOCAL_MAX + 1];

	if (outlet_read(&o, a, local) == -1) {
		agent_tell(sock, AGENT_UNKNOWN, 0, span("no such name"));
		_exit(0);
	}
	if (o.home)
		begin_home(sock, c, &o, local, a->domain);
	else
		begin_alias(sock, c, &o, local, a->domain);
	maildir(sock, c, &o);
	if (sandbox_final() == -1)
		agent_give_up(sock);
	agent_found(sock, &o.box);
	serve(sock, &o);
}
