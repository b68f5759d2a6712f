/* Finding and keeping agents: who gets a copy.  What they are told at the end
 * of the data stands in commit.c. */
#include "smtp-session/deliver.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "smtp-session/resolve.h"
#include "smtp-session/rights.h"

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
	buf_init(&d->why, 1024);
}

void
deliver_reset(struct deliver *d)
{
	for (int i = 0; i < d->agents; i++)
		d->agent[i].used = false;
	d->targets = 0;
	d->held = false;
	buf_reset(&d->text);
}

void
deliver_hold(struct deliver *d)
{
	d->held = true;
	for (size_t i = 0; i < d->targets; i++) {
		d->target[i].agent = -1;
		d->target[i].entry = 1;
	}
}

void
deliver_let_go(struct deliver_agent *a)
{
	if (a->sock != -1)
		(void)close(a->sock);
	a->sock = -1;
	a->used = false;
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
	if (record_send(d->monitor, ask, value, span(addr), -1) == -1 ||
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
	switch (record_recv(sock, &d->record, NULL, DELIVER_SECONDS * 1000)) {
	case 1:
		return true;
	case 0:
		errno = EPIPE;
	}
	(void)trouble(d, errno, who);
	return false;
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
find_asked(struct deliver *d, const char *addr)
{
	for (int i = 0; i < d->agents; i++)
		if (d->agent[i].sock != -1 &&
		    strcmp(d->agent[i].addr, addr) == 0)
			return i;
	return -1;
}

/* An agent has opened a mailbox: keep it in "slot". */
static void
keep(struct deliver *d, int slot, int sock, const char *addr)
{
	struct deliver_agent *a = &d->agent[slot];

	a->sock = sock;
	a->used = a->asked = false;
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
	buf_span(&d->why, data);
	d->error = d->record.value;
	return d->record.kind == AGENT_REFUSED ? CLASS_REFUSED : CLASS_TROUBLE;
}

enum policy_class
deliver_look(struct deliver *d, const char *addr, enum agent_how how)
{
	enum policy_class class;
	int sock, slot = -1;

	buf_reset(&d->found_targets);
	buf_reset(&d->why);
	d->found = how == AGENT_LOOK ? -1 : find_asked(d, addr);
	if (d->found != -1) {
		(void)strlcpy(d->found_name, d->agent[d->found].name,
		    sizeof(d->found_name));
		return CLASS_MAILBOX;
	}
	if (how != AGENT_LOOK)
		slot = free_slot(d);
	if (slot == -1 && how == AGENT_OPEN)
		how = AGENT_LOOK;
	if (slot == -1 && how == AGENT_FINAL)
		return trouble(d, EBUSY, "all agents");
	sock = deliver_hire(d, ASK_RCPT, (int)how, addr);
	if (sock == -1)
		return CLASS_TROUBLE;
	class =
	    deliver_hear(d, sock, "agent") ? classify(d, sock) : CLASS_TROUBLE;
	if (class == CLASS_MAILBOX && slot != -1)
		keep(d, slot, sock, addr);
	else
		(void)close(sock);
	return class;
}

/* ---- targets */

static size_t
string(struct deliver *d, const char *s)
{
	size_t at = d->text.len;

	buf_add(&d->text, s, strlen(s) + 1);
	return at;
}

static bool
is_twice(struct deliver *d, int agent, const char *addr)
{
	for (size_t i = 0; i < d->targets; i++) {
		const struct target *t = &d->target[i];

		if (agent != -1 && t->agent != -1 &&
		    strcmp(d->agent[agent].name, d->agent[t->agent].name) == 0)
			return true;
		if (span_same(span(d->text.p + t->addr), span(addr)))
			return true;
	}
	return false;
}

/* "addr" is what the spool would have to say. */
static int
add(struct deliver *d, int agent, const char *addr, const struct recipient *r)
{
	struct target *t = &d->target[d->targets];

	if (is_twice(d, agent, addr)) {
		d->twice = true;
		return 0;
	}
	if (d->targets == DELIVER_TARGETS)
		return -1;
	t->agent = agent;
	t->entry = agent == -1 ? 1 : 0;
	t->state = SPOOL_TODO;
	t->notify = r->notify;
	t->addr = string(d, addr);
	t->original = string(d, r->text);
	t->orcpt = string(d, r->orcpt);
	if (d->text.over)
		return -1;
	if (agent != -1)
		d->agent[agent].used = true;
	d->targets++;
	return 0;
}

/* A mailbox that an alias names, in a form that no alias changes again:
 * "\\bob"@here.example, as \bob is in aliases(5). */
static void
final_form(char out[ENVELOPE_TEXT], const char *addr)
{
	const char *at = strrchr(addr, '@');

	if (at == NULL)
		at = addr + strlen(addr);
	(void)snprintf(out, ENVELOPE_TEXT, "\"\\\\%.*s\"%s", (int)(at - addr),
	    addr, at);
}

/* The agent of a mailbox that an alias names, "form" being what the spool
 * would call it; -1: it cannot be opened now. */
static int
find_final(struct deliver *d, const char *addr, const char *form)
{
	int agent = find_asked(d, form), slot, sock;

	if (agent != -1)
		return agent;
	slot = free_slot(d);
	if (slot == -1)
		return -1;
	sock = deliver_hire(d, ASK_RCPT, AGENT_FINAL, addr);
	if (sock == -1)
		return -1;
	if (deliver_hear(d, sock, "agent") &&
	    classify(d, sock) == CLASS_MAILBOX) {
		keep(d, slot, sock, form);
		return slot;
	}
	(void)close(sock);
	return -1;
}

/* Has this address of a .forward been asked for before in "work"? */
static bool
asked_before(const struct buf *work, size_t at)
{
	struct span before = span_n(work->p, at);

	while (before.len > 0)
		if (span_same(span_cut(&before, '\0'), span(work->p + at)))
			return true;
	return false;
}

/* A .forward's target: what it means is asked like that of a RCPT.  What that
 * leads to is appended to "work"; what nobody can tell now goes by the spool,
 * which asks again. */
static int
add_asked(struct deliver *d, const struct recipient *r, struct buf *work,
    size_t at)
{
	char addr[ENVELOPE_TEXT];

	if (asked_before(work, at))
		return 0;
	(void)strlcpy(addr, work->p + at + 1, sizeof(addr));
	switch (deliver_look(d, addr, AGENT_OPEN)) {
	case CLASS_MAILBOX:
		return add(d, d->found, addr, r);
	case CLASS_ALIAS:
		buf_span(work, buf_all(&d->found_targets));
		return work->over ? -1 : 0;
	default:
		return add(d, -1, addr, r);
	}
}

/* One target.  A mailbox that cannot be opened now waits in the spool: the
 * others shall not wait for it. */
static int
add_one(struct deliver *d, const struct recipient *r, struct buf *work,
    size_t at)
{
	char addr[ENVELOPE_TEXT], form[ENVELOPE_TEXT];

	(void)strlcpy(addr, work->p + at + 1, sizeof(addr));
	switch (work->p[at]) {
	case TARGET_MAILBOX:
		final_form(form, addr);
		return add(d, find_final(d, addr, form), form, r);
	case TARGET_ASK:
		return add_asked(d, r, work, at);
	default:
		return add(d, -1, addr, r);
	}
}

/* Each target of an alias or a .forward, and those of its targets. */
static int
add_alias(struct deliver *d, const struct recipient *r)
{
	struct buf work;
	size_t n = 0;
	int bad = 0;

	buf_init(&work, RESOLVE_TEXT_MAX);
	buf_span(&work, buf_all(&d->found_targets));
	if (work.over || d->found_targets.over)
		bad = -1;
	for (size_t at = 0; at < work.len && bad == 0;
	     at += strlen(work.p + at) + 1)
		bad = ++n > RESOLVE_TARGETS ? -1 : add_one(d, r, &work, at);
	buf_free(&work);
	return bad;
}

int
deliver_add(struct deliver *d, const struct recipient *r,
    enum policy_class class)
{
	size_t before = d->targets;
	int n;

	d->twice = false;
	if (class == CLASS_ALIAS)
		n = add_alias(d, r);
	else
		n = add(d, class == CLASS_MAILBOX ? d->found : -1, r->text, r);
	if (n == -1)
		d->targets = before;
	else if (d->targets == before && !d->twice) {
		buf_reset(&d->why);
		buf_printf(&d->why, "forwards of %s lead in circles", r->text);
		return -2;
	}
	return n;
}
