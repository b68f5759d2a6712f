/* The end of the data: who writes what, in which order it becomes visible.
 *
 *	1  every mailbox agent writes tmp/ and fsyncs; so does the spool agent
 *	   if somebody's mail goes there.  All at once, so the fsyncs overlap.
 *	2  mailboxes that failed become recipients of the spool entry.  If
 *	   nobody's mail could be written, or the spool's not: take all back.
 *	3  the spool entry is renamed, then the mailboxes, at once again.
 *	4  a mailbox that fails now gets an entry of its own (commit_late).
 *
 * Up to the first rename a failure is a 4xx and nothing is left.  After it
 * only a failure of the late entry, too, is one: then somebody has the mail
 * and the client sends it again.  A duplicate is better than a loss. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "session/record.h"
#include "smtp-session/deliver.h"
#include "smtp-session/rights.h"

enum { /* numbers of spool entries of one message, and what their id adds */
	ENTRY_NONE,
	ENTRY_MAIN,
	ENTRY_LATE,
	ENTRY_SUCCESS,
};

static const char *const id_ends[] = { "", "", "-late", "-done" };

static enum deliver_result
by_error(int error)
{
	if (error == ENOSPC || error == EFBIG)
		return DELIVER_FULL;
	return error == EDQUOT ? DELIVER_QUOTA : DELIVER_TROUBLE;
}

static const char *
target_addr(const struct deliver *d, const struct target *t)
{
	return d->text.p + t->addr;
}

/* ---- talking to agents */

/* Whether it arrived, answer() will tell. */
static int
say(struct deliver_agent *a, uint32_t kind, int value, struct span data, int fd)
{
	bool sent =
	    a->sock != -1 && record_send(a->sock, kind, value, data, fd) == 0;

	a->asked = sent && kind != AGENT_ABORT;
	return sent ? 0 : -1;
}

/* The answer to what was said last. */
static int
answer(struct deliver *d, struct deliver_agent *a)
{
	bool asked = a->asked;

	a->asked = false;
	if (asked && deliver_hear(d, a->sock, "agent")) {
		if (d->record.kind == AGENT_DONE)
			return 0;
		d->error = d->record.value;
		buf_reset(&d->why);
		buf_span(&d->why, record_span(&d->record));
		return -1;
	}
	if (!asked) {
		d->error = EPIPE;
		buf_reset(&d->why);
		buf_str(&d->why, "agent is gone");
	}
	deliver_let_go(a);
	return -1;
}

static int
say_strings(struct deliver_agent *a, uint32_t kind, int value, int fd,
    const char *const strings[], size_t n)
{
	struct buf b;
	int r;

	buf_init(&b, RECORD_DATA - 1);
	for (size_t i = 0; i < n; i++)
		buf_add(&b, strings[i], strlen(strings[i]) + 1);
	errno = EMSGSIZE;
	r = b.over ? -1 : say(a, kind, value, buf_all(&b), fd);
	buf_free(&b);
	return r;
}

/* ---- the spool */

static int
hire_spool(struct deliver *d)
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

static int
flags(const struct envelope *e, bool held)
{
	return (held ? ENVELOPE_HELD : 0) | (e->body8 ? ENVELOPE_BODY8 : 0) |
	    (e->utf8 ? ENVELOPE_UTF8_ASKED : 0) |
	    (e->ret == 'F' ? ENVELOPE_RET_FULL : 0) |
	    (e->ret == 'H' ? ENVELOPE_RET_HDRS : 0);
}

/* Have the recipients of "entry" written; spool_answer follows. */
static int
spool_write(struct deliver *d, const struct deliver_mail *m, int entry)
{
	char id[SPOOL_ID + 8], state[ENVELOPE_TEXT + 1];
	const char *const head[] = { id, m->from, m->user, m->envelope->envid };

	if (hire_spool(d) == -1)
		return -1;
	(void)snprintf(id, sizeof(id), "%s%s", m->id, id_ends[entry]);
	if (say_strings(&d->spool, AGENT_ENVELOPE, flags(m->envelope, d->held),
		-1, head, 4) == -1)
		return -1;
	for (size_t i = 0; i < d->targets; i++) {
		const struct target *t = &d->target[i];
		const char *const one[] = { state, d->text.p + t->orcpt };

		if (t->entry != entry)
			continue;
		(void)snprintf(state, sizeof(state), "%c%s", (char)t->state,
		    target_addr(d, t));
		if (say_strings(&d->spool, AGENT_RCPT, (int)t->notify, -1, one,
			2) == -1)
			return -1;
	}
	return say(&d->spool, AGENT_PREPARE, 0, span(""), m->fd);
}

/* Without an agent, hire_spool has said why. */
static int
spool_answer(struct deliver *d)
{
	return d->spool.sock == -1 ? -1 : answer(d, &d->spool);
}

static int
spool_prepare(struct deliver *d, const struct deliver_mail *m, int entry)
{
	(void)spool_write(d, m, entry);
	return spool_answer(d);
}

static int
spool_visible(struct deliver *d)
{
	(void)say(&d->spool, AGENT_COMMIT, 0, span(""), -1);
	if (answer(d, &d->spool) == -1)
		return -1;
	(void)record_send(d->monitor, ASK_KICK, 0, span(""), -1);
	return 0;
}

int
deliver_file(struct deliver *d)
{
	struct record *r = &d->record;
	int fd = -1;

	if (hire_spool(d) == -1)
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

/* ---- the mailboxes */

static void
log_target(const struct deliver *d, const struct deliver_mail *m,
    const struct target *t, const char *event)
{
	log_line(LOG_INFO,
	    "%s id=%s from=<%s> to=<%s> orig=<%s> %s%s "
	    "size=%llu",
	    event, m->id, m->from, target_addr(d, t), d->text.p + t->original,
	    t->agent == -1 ? "" : "mailbox=",
	    t->agent == -1 ? "via=spool" : d->agent[t->agent].name,
	    (unsigned long long)m->data->size);
}

/* A mailbox that failed: its copy goes by the spool. */
static void
divert(struct deliver *d, const struct deliver_mail *m, struct target *t,
    char entry)
{
	log_line(LOG_WARNING, "diverted id=%s to=<%s> reason=\"%s\"", m->id,
	    target_addr(d, t), d->why.p);
	if (d->agent[t->agent].sock != -1)
		(void)say(&d->agent[t->agent], AGENT_ABORT, 0, span(""), -1);
	t->agent = -1;
	t->entry = entry;
}

static void
say_mailbox(struct deliver *d, const struct deliver_mail *m,
    const struct target *t, uint32_t kind)
{
	const char *const strings[] = { m->from, d->text.p + t->original };

	(void)say_strings(&d->agent[t->agent], kind, 0,
	    kind == AGENT_COMMIT ? -1 : m->fd, strings,
	    kind == AGENT_COMMIT ? 0 : 2);
}

static void
say_mailboxes(struct deliver *d, const struct deliver_mail *m, uint32_t kind)
{
	for (size_t i = 0; i < d->targets; i++)
		if (d->target[i].agent != -1)
			say_mailbox(d, m, &d->target[i], kind);
}

/* Collect what the mailboxes said; those that failed move to "entry".
 * How many did. */
static size_t
hear_mailboxes(struct deliver *d, const struct deliver_mail *m, char entry)
{
	size_t failed = 0;

	for (size_t i = 0; i < d->targets; i++) {
		struct target *t = &d->target[i];

		if (t->agent == -1 || answer(d, &d->agent[t->agent]) == 0)
			continue;
		divert(d, m, t, entry);
		failed++;
	}
	return failed;
}

static size_t
count_entry(const struct deliver *d, char entry)
{
	size_t n = 0;

	for (size_t i = 0; i < d->targets; i++)
		n += d->target[i].entry == entry;
	return n;
}

/* Nothing is visible yet: nothing shall be. */
static enum deliver_result
abort_all(struct deliver *d)
{
	for (size_t i = 0; i < d->targets; i++) {
		int agent = d->target[i].agent;

		if (agent != -1)
			(void)say(&d->agent[agent], AGENT_ABORT, 0, span(""),
			    -1);
	}
	if (d->spool.sock != -1)
		(void)say(&d->spool, AGENT_ABORT, 0, span(""), -1);
	return by_error(d->error);
}

/* ---- the whole */

/* Mail that was here before: its loop ends with a report to the sender.
 * How many recipients still want it. */
static size_t
find_loops(struct deliver *d, const struct deliver_mail *m)
{
	size_t good = 0;

	for (size_t i = 0; i < d->targets; i++) {
		struct target *t = &d->target[i];

		if (t->agent == -1 ||
		    !data_loops(m->data, d->agent[t->agent].final)) {
			good++;
			continue;
		}
		log_line(LOG_WARNING, "loop id=%s to=<%s>", m->id,
		    target_addr(d, t));
		t->agent = -1;
		t->entry = ENTRY_MAIN;
		t->state = SPOOL_FAILED;
	}
	return good;
}

/* Delivered to a mailbox whose sender wants to know (RFC 3461 s. 6.2).  The
 * mail is there already, so a failure here is only logged. */
static void
report_success(struct deliver *d, const struct deliver_mail *m)
{
	for (size_t i = 0; i < d->targets; i++) {
		struct target *t = &d->target[i];

		if (t->agent == -1 || (t->notify & NOTIFY_SUCCESS) == 0)
			continue;
		t->entry = ENTRY_SUCCESS;
		t->state = SPOOL_SUCCESS;
	}
	if (m->from[0] == '\0' || count_entry(d, ENTRY_SUCCESS) == 0)
		return;
	if (spool_prepare(d, m, ENTRY_SUCCESS) == -1 || spool_visible(d) == -1)
		log_line(LOG_ERR, "no-report id=%s reason=\"%s\"", m->id,
		    d->why.p);
}

static enum deliver_result
finish(struct deliver *d, const struct deliver_mail *m)
{
	for (size_t i = 0; i < d->targets; i++)
		log_target(d, m, &d->target[i],
		    d->target[i].agent == -1 ? "queued" : "delivered");
	report_success(d, m);
	return DELIVER_OK;
}

/* One copy, no second party: both phases in one request. */
static enum deliver_result
deliver_lone(struct deliver *d, const struct deliver_mail *m)
{
	const struct target *t = &d->target[0];

	say_mailbox(d, m, t, AGENT_DELIVER);
	if (answer(d, &d->agent[t->agent]) == -1)
		return by_error(d->error);
	return finish(d, m);
}

/* The mailboxes' renames; what fails is late. */
static enum deliver_result
commit_late(struct deliver *d, const struct deliver_mail *m)
{
	say_mailboxes(d, m, AGENT_COMMIT);
	if (hear_mailboxes(d, m, ENTRY_LATE) > 0 &&
	    (spool_prepare(d, m, ENTRY_LATE) == -1 || spool_visible(d) == -1)) {
		log_line(LOG_ERR, "torn id=%s reason=\"%s\"", m->id, d->why.p);
		return by_error(d->error);
	}
	return finish(d, m);
}

enum deliver_result
deliver_message(struct deliver *d, const struct deliver_mail *m)
{
	bool spool;
	size_t failed;

	if (find_loops(d, m) == 0)
		return DELIVER_LOOP;
	if (d->targets == 1 && d->target[0].agent != -1)
		return deliver_lone(d, m);
	spool = count_entry(d, ENTRY_MAIN) > 0;
	say_mailboxes(d, m, AGENT_PREPARE);
	if (spool)
		(void)spool_write(d, m, ENTRY_MAIN);
	failed = hear_mailboxes(d, m, ENTRY_MAIN);
	if (spool && spool_answer(d) == -1)
		return abort_all(d);
	if (!spool && failed == d->targets)
		return abort_all(d);
	if (failed > 0 && spool_prepare(d, m, ENTRY_MAIN) == -1)
		return abort_all(d);
	if ((spool || failed > 0) && spool_visible(d) == -1)
		return abort_all(d);
	return commit_late(d, m);
}
