/* Finding and keeping agents.  Who gets a copy stands in deliver-add.c, what
 * they are told at the end of the data in commit.c. */
#include "smtp-session/deliver.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "smtp-session/asks.h"
#include "smtp-session/deliver-parts.h"
#include "smtp-session/resolve.h"
#include "smtp-session/rights.h"
#include "smtp-session/room.h"

void
deliver_init(struct deliver *d, int monitor, int ready)
{
	d->monitor = monitor;
	d->agents = 0; /* the rest are pages that nobody touched */
	d->spool.sock = -1;
	d->ready = ready;
	d->found = -1;
	buf_init(&d->text, DELIVER_TEXT_MAX);
	buf_init(&d->found_targets, RESOLVE_TEXT_MAX);
	buf_init(&d->why, 4096);
	d->seconds = DELIVER_SECONDS;
	deliver_reset(d);
}

void
deliver_reset(struct deliver *d)
{
	for (int i = 0; i < d->agents; i++) {
		struct deliver_agent *a = &d->agent[i];

		if (a->ahead && a->sock != -1)
			(void)record_send(a->sock, AGENT_ABORT, 0, span(""),
			    -1);
		a->used = a->ahead = false;
	}
	d->ahead = 0;
	d->targets = 0;
	d->held = false;
	buf_reset(&d->text);
	buf_char(&d->text, '\0');
	d->group[0] = (struct group){ 0, 0 };
	d->groups = 1;
	d->status = 0;
	d->more = false;
}

void
deliver_hold(struct deliver *d)
{
	d->held = true;
	for (size_t i = 0; i < d->targets; i++) {
		struct target *t = &d->target[i];

		t->agent = -1;
		if (t->entry != DELIVER_REPORT)
			t->entry = DELIVER_MAIN;
	}
}

void
deliver_let_go(struct deliver_agent *a)
{
	if (a->sock != -1)
		(void)close(a->sock);
	a->sock = -1;
	a->used = a->ahead = false;
	a->asked = 0;
}

void
deliver_end(struct deliver *d)
{
	for (int i = 0; i < d->agents; i++)
		deliver_let_go(&d->agent[i]);
	deliver_let_go(&d->spool);
}

static enum policy_class
trouble(struct deliver *d, int error, const char *what)
{
	d->error = error;
	buf_reset(&d->why);
	buf_printf(&d->why, "%s: %s", what, strerrordesc_np(error));
	return CLASS_TROUBLE;
}

int
deliver_hire(struct deliver *d, uint32_t ask, int value, const char *addr)
{
	struct record *r = &d->record;
	int fd = -1, got;

	if (ask == ASK_RCPT && d->ready != -1) {
		fd = d->ready;
		d->ready = -1;
		if (record_send(fd, AGENT_BEGIN, value, span(addr), -1) == 0)
			return fd;
		(void)close(fd);
		fd = -1;
	}
	if (asks_send(d->monitor, ask, value, span(addr), -1) == -1 ||
	    (got = record_recv(d->monitor, r, &fd, DELIVER_SECONDS * 1000)) ==
		-1) {
		(void)trouble(d, errno, "monitor");
		return -1;
	}
	if (got == 1 && r->kind == ANSWER_AGENT && fd != -1)
		return fd;
	if (fd != -1)
		(void)close(fd);
	(void)trouble(d, got == 1 ? r->value : EPIPE, "no agent");
	return -1;
}

bool
deliver_hear(struct deliver *d, int sock, const char *who)
{
	switch (record_recv(sock, &d->record, NULL, d->seconds * 1000)) {
	case 1:
		return true;
	case 0:
		errno = EPIPE;
	}
	(void)trouble(d, errno, who);
	return false;
}

int
deliver_hire_spool(struct deliver *d)
{
	int sock;

	if (d->spool.sock != -1)
		return 0;
	sock = deliver_hire(d, ASK_SPOOL, 0, "");
	if (sock == -1)
		return -1;
	d->spool.sock = sock;
	if (deliver_hear(d, sock, "spool agent")) {
		if (d->record.kind == AGENT_SPOOL)
			return 0;
		d->error = d->record.value;
		buf_reset(&d->why);
		buf_span(&d->why, record_span(&d->record));
	}
	deliver_let_go(&d->spool);
	return -1;
}

int
deliver_file(struct deliver *d)
{
	struct record *r = &d->record;
	int fd = -1;

	if (deliver_hire_spool(d) == -1)
		return -1;
	if (record_send(d->spool.sock, AGENT_FILE, 0, span(""), -1) == 0 &&
	    record_recv(d->spool.sock, r, &fd, DELIVER_SECONDS * 1000) == 1 &&
	    r->kind == AGENT_DONE && fd != -1)
		return fd;
	d->error = r->kind == AGENT_FAILED ? r->value : EPIPE;
	buf_reset(&d->why);
	buf_span(&d->why, record_span(r));
	if (fd != -1)
		(void)close(fd);
	return -1;
}

/* A place for a new agent: a free one, or that of one who has nothing to do
 * now.  -1: all have. */
static int
free_slot(struct deliver *d)
{
	int idle = -1;

	for (int i = 0; i < d->agents; i++) {
		if (d->agent[i].sock == -1)
			return i;
		if (!d->agent[i].used)
			idle = i;
	}
	if (d->agents < DELIVER_AGENTS) {
		d->agent[d->agents].sock = -1;
		return d->agents++;
	}
	if (idle != -1)
		deliver_let_go(&d->agent[idle]);
	return idle;
}

static int
find_asked(struct deliver *d, const char *addr, enum agent_how how)
{
	for (int i = 0; i < d->agents; i++)
		if (d->agent[i].sock != -1 && d->agent[i].how == how &&
		    strcmp(d->agent[i].addr, addr) == 0)
			return i;
	return -1;
}

/* An agent has opened a mailbox: keep it in "slot". */
static void
keep(struct deliver *d, int slot, int sock, const char *addr,
    enum agent_how how)
{
	struct deliver_agent *a = &d->agent[slot];

	a->sock = sock;
	a->how = how;
	a->used = false;
	a->asked = 0;
	(void)strlcpy(a->addr, addr, sizeof(a->addr));
	(void)strlcpy(a->name, d->found_name, sizeof(a->name));
	(void)strlcpy(a->final, d->found_final, sizeof(a->final));
	d->found = slot;
}

static enum policy_class
classify(struct deliver *d, int sock)
{
	struct span data = record_span(&d->record);

	switch (d->record.kind) {
	case AGENT_MAILBOX:
		(void)strlcpy(d->found_name, agent_string(&data),
		    sizeof(d->found_name));
		(void)strlcpy(d->found_final, agent_string(&data),
		    sizeof(d->found_final));
		return CLASS_MAILBOX;
	case AGENT_TARGETS:
		buf_span(&d->found_targets, data);
		while (d->record.value == 1) {
			if (!deliver_hear(d, sock, "agent"))
				return CLASS_TROUBLE;
			buf_span(&d->found_targets, record_span(&d->record));
		}
		return CLASS_ALIAS;
	case AGENT_REMOTE:
		return CLASS_REMOTE;
	case AGENT_UNKNOWN:
		return CLASS_UNKNOWN;
	}
	buf_reset(&d->why);
	buf_span(&d->why, span_cut(&data, '\0'));
	(void)strlcpy(d->rule, agent_string(&data), sizeof(d->rule));
	d->error = d->record.value;
	if (d->record.kind == AGENT_REFUSED)
		return CLASS_REFUSED;
	if (d->error == ROOM_LONG_FULL)
		return CLASS_LONG_FULL;
	return d->error == EDQUOT ? CLASS_FULL : CLASS_TROUBLE;
}

enum policy_class
deliver_look(struct deliver *d, const char *addr, enum agent_how how)
{
	enum policy_class class;
	int sock, slot = -1;

	buf_reset(&d->found_targets);
	buf_reset(&d->why);
	d->found = how == AGENT_LOOK ? -1 : find_asked(d, addr, how);
	if (d->found != -1) {
		(void)strlcpy(d->found_name, d->agent[d->found].name,
		    sizeof(d->found_name));
		(void)strlcpy(d->found_final, d->agent[d->found].final,
		    sizeof(d->found_final));
		return CLASS_MAILBOX;
	}
	if (how != AGENT_LOOK)
		slot = free_slot(d);
	if (slot == -1 && how == AGENT_OPEN)
		how = AGENT_LOOK;
	if (slot == -1 && how != AGENT_LOOK)
		return trouble(d, EBUSY, "all agents");
	sock = deliver_hire(d, ASK_RCPT, (int)how, addr);
	if (sock == -1)
		return CLASS_TROUBLE;
	class =
	    deliver_hear(d, sock, "agent") ? classify(d, sock) : CLASS_TROUBLE;
	if (class == CLASS_MAILBOX && slot != -1)
		keep(d, slot, sock, addr, how);
	else
		(void)close(sock);
	return class;
}

size_t
deliver_string(struct deliver *d, const char *s)
{
	size_t at = d->text.len;

	buf_add(&d->text, s, strlen(s) + 1);
	return at;
}

enum deliver_result
deliver_by_error(int error)
{
	switch (error) {
	case ENOSPC:
	case EFBIG:
		return DELIVER_FULL;
	case EDQUOT:
		return DELIVER_QUOTA;
	case ROOM_LONG_FULL:
		return DELIVER_LONG_FULL;
	default:
		return DELIVER_TROUBLE;
	}
}
