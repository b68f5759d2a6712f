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

#include "message/fail.h"
#include "session/log.h"
#include "session/record.h"
#include "smtp-session/deliver-parts.h"
#include "smtp-session/rights.h"
#include "smtp-session/run.h"

/* What the id of an entry adds to that of the message. */
static const char *const id_ends[] = { "", "", "-late", "-done" };

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
	if (a->sock == -1 || record_send(a->sock, kind, value, data, fd) == -1)
		return -1;
	a->asked += kind == AGENT_PREPARE || kind == AGENT_COMMIT ||
	    kind == AGENT_DELIVER;
	return 0;
}

/* The answer to what was said. */
static int
answer(struct deliver *d, struct deliver_agent *a)
{
	bool asked = a->asked > 0;

	a->asked -= asked;
	if (asked && deliver_hear(d, a->sock, "agent")) {
		d->more = (d->record.value & AGENT_MORE) != 0;
		if (d->record.kind == AGENT_DONE)
			return 0;
		if (d->record.kind == AGENT_BOUNCED)
			d->status = d->record.value & ~AGENT_MORE;
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
flags(const struct deliver *d, const struct envelope *e, bool owned)
{
	return (d->held ? ENVELOPE_HELD : 0) |
	    (d->foreign && !owned ? ENVELOPE_FOREIGN : 0) |
	    (e->body8 ? ENVELOPE_BODY8 : 0) |
	    (e->utf8 ? ENVELOPE_UTF8_ASKED : 0) | (e->tls ? ENVELOPE_TLS : 0) |
	    (e->ret == 'F' && !owned ? ENVELOPE_RET_FULL : 0) |
	    (e->ret == 'H' && !owned ? ENVELOPE_RET_HDRS : 0);
}

/* Who gets the reports on such a copy.  What has the null path is a report
 * itself and stays one. */
static const char *
sender(const struct deliver *d, const struct deliver_mail *m, unsigned group)
{
	size_t owner = d->group[group].owner;

	return owner == 0 || m->from[0] == '\0' ? m->from : d->text.p + owner;
}

static int
say_envelope(struct deliver *d, const struct deliver_mail *m, int entry,
    unsigned group)
{
	char id[SPOOL_ID + 16], number[8] = "";
	bool owned = d->group[group].owner != 0;
	const char *const head[] = { id, sender(d, m, group), m->user,
		owned ? "" : m->envelope->envid,
		d->text.p + d->group[group].via };

	if (group > 0)
		(void)snprintf(number, sizeof(number), "-%u", group);
	(void)snprintf(id, sizeof(id), "%s%s%s", m->id, id_ends[entry], number);
	return say_strings(&d->spool, AGENT_ENVELOPE,
	    flags(d, m->envelope, owned), -1, head, 5);
}

/* Have the recipients of "entry" and this group written, if there are. */
static int
write_group(struct deliver *d, const struct deliver_mail *m, int entry,
    unsigned group)
{
	char state[ENVELOPE_TEXT + 1];
	bool begun = false;

	for (size_t i = 0; i < d->targets; i++) {
		const struct target *t = &d->target[i];
		const char *const one[] = { state, d->text.p + t->orcpt };

		if (t->entry != entry || t->group != group)
			continue;
		if (!begun && say_envelope(d, m, entry, group) == -1)
			return -1;
		begun = true;
		(void)snprintf(state, sizeof(state), "%c%s", (char)t->state,
		    target_addr(d, t));
		if (say_strings(&d->spool, AGENT_RCPT, (int)t->notify, -1, one,
			2) == -1)
			return -1;
	}
	return begun ? say(&d->spool, AGENT_PREPARE, 0, span(""), m->fd) : 0;
}

/* The same for all groups; spool_answer follows. */
static int
spool_write(struct deliver *d, const struct deliver_mail *m, int entry)
{
	if (deliver_hire_spool(d) == -1)
		return -1;
	for (unsigned group = 0; group < d->groups; group++)
		if (write_group(d, m, entry, group) == -1)
			return -1;
	return 0;
}

/* Without an agent, deliver_hire_spool has said why. */
static int
spool_answer(struct deliver *d)
{
	int r = 0;

	if (d->spool.sock == -1)
		return -1;
	do
		if (answer(d, &d->spool) == -1)
			r = -1;
	while (d->spool.asked > 0);
	return r;
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

/* ---- the mailboxes */

static void
log_target(const struct deliver *d, const struct deliver_mail *m,
    const struct target *t)
{
	log_line(LOG_INFO,
	    "%s id=%s from=<%s> to=<%s> orig=<%s> %s%s size=%llu",
	    t->agent == -1 ? "queued" : "delivered", m->id,
	    sender(d, m, t->group), target_addr(d, t), d->text.p + t->original,
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
	const char *const strings[] = { sender(d, m, t->group),
		d->text.p + t->original };
	struct deliver_agent *a = &d->agent[t->agent];
	bool bare = kind == AGENT_COMMIT || (kind == AGENT_AHEAD && a->ahead);

	(void)say_strings(a, kind, a->ahead ? AGENT_CONTINUE : 0,
	    bare ? -1 : m->fd, strings, bare ? 0 : 2);
	a->ahead = kind == AGENT_AHEAD;
}

void
deliver_ahead(struct deliver *d, const struct deliver_mail *m, uint64_t size)
{
	for (size_t i = 0; size >= d->ahead && i < d->targets; i++) {
		int agent = d->target[i].agent;

		if (agent != -1 && d->agent[agent].how != AGENT_OUTLET)
			say_mailbox(d, m, &d->target[i], AGENT_AHEAD);
	}
	if (size >= d->ahead)
		d->ahead = size + DELIVER_STEP;
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
	return deliver_by_error(d->error);
}

/* ---- the whole */

/* The address of ours by which this copy may have come before: that of the
 * mailbox, or the one that sends it on. */
static const char *
loops_by(const struct deliver *d, const struct target *t)
{
	if (t->agent != -1)
		return d->agent[t->agent].final;
	return d->text.p + d->group[t->group].via;
}

/* Mail that was here before: its loop ends with a report to the sender.
 * How many recipients still want it. */
static size_t
find_loops(struct deliver *d, const struct deliver_mail *m)
{
	size_t good = 0;

	for (size_t i = 0; i < d->targets; i++) {
		struct target *t = &d->target[i];
		const char *by = loops_by(d, t);

		if (t->entry == DELIVER_REPORT)
			continue;
		if (by[0] == '\0' || !data_loops(m->data, by)) {
			good++;
			continue;
		}
		log_line(LOG_WARNING, "loop id=%s to=<%s> by=<%s>", m->id,
		    target_addr(d, t), by);
		t->agent = -1;
		t->entry = DELIVER_MAIN;
		t->group = 0;
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
		t->entry = DELIVER_REPORT;
		t->state = SPOOL_SUCCESS;
		t->group = 0;
	}
	if (m->from[0] == '\0' || count_entry(d, DELIVER_REPORT) == 0)
		return;
	if (spool_prepare(d, m, DELIVER_REPORT) == -1 || spool_visible(d) == -1)
		log_line(LOG_ERR, "no-report id=%s reason=\"%s\"", m->id,
		    d->why.p);
}

static enum deliver_result
finish(struct deliver *d, const struct deliver_mail *m)
{
	for (size_t i = 0; i < d->targets; i++)
		if (d->target[i].entry != DELIVER_REPORT)
			log_target(d, m, &d->target[i]);
	report_success(d, m);
	return DELIVER_OK;
}

/* After others have the mail. */
static int
spool_late(struct deliver *d, const struct deliver_mail *m)
{
	if (spool_prepare(d, m, DELIVER_LATE) == 0 && spool_visible(d) == 0)
		return 0;
	log_line(LOG_ERR, "torn id=%s reason=\"%s\"", m->id, d->why.p);
	return -1;
}

/* One copy, no second party: both phases in one request. */
static enum deliver_result
deliver_lone(struct deliver *d, const struct deliver_mail *m)
{
	const struct target *t = &d->target[0];
	struct deliver_agent *a = &d->agent[t->agent];
	int r;

	if (a->how == AGENT_OUTLET)
		d->seconds = RUN_SECONDS + DELIVER_SECONDS;
	say_mailbox(d, m, t, AGENT_DELIVER);
	r = answer(d, a);
	d->seconds = DELIVER_SECONDS;
	if (d->more)
		deliver_behind(d);
	if (d->more ? spool_late(d, m) == -1 : r == -1 && d->status == 0)
		return deliver_by_error(d->error);
	if (r == 0)
		return finish(d, m);
	for (size_t i = 1; i < d->targets; i++)
		log_target(d, m, &d->target[i]);
	return DELIVER_BOUNCED;
}

/* The mailboxes' renames; what fails is late. */
static enum deliver_result
commit_late(struct deliver *d, const struct deliver_mail *m)
{
	say_mailboxes(d, m, AGENT_COMMIT);
	if (hear_mailboxes(d, m, DELIVER_LATE) > 0 && spool_late(d, m) == -1)
		return deliver_by_error(d->error);
	return finish(d, m);
}

/* Does the sender need another name when his mail goes on?  Asked for those. */
static void
find_foreign(struct deliver *d, const struct deliver_mail *m)
{
	bool onward = false;

	for (size_t i = 1; i < d->groups; i++)
		onward |= d->group[i].via != 0;
	d->foreign = onward && m->from[0] != '\0' &&
	    deliver_look(d, m->from, AGENT_LOOK) == CLASS_REMOTE;
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
	find_foreign(d, m);
	spool = count_entry(d, DELIVER_MAIN) > 0;
	say_mailboxes(d, m, AGENT_PREPARE);
	if (spool)
		(void)spool_write(d, m, DELIVER_MAIN);
	failed = hear_mailboxes(d, m, DELIVER_MAIN);
	if (spool ? spool_answer(d) == -1 :
		    failed + count_entry(d, DELIVER_REPORT) == d->targets)
		return abort_all(d);
	/* What is written already would lack them. */
	if (spool && failed > 0)
		(void)say(&d->spool, AGENT_ABORT, 0, span(""), -1);
	if (failed > 0 && spool_prepare(d, m, DELIVER_MAIN) == -1)
		return abort_all(d);
	if ((spool || failed > 0) && spool_visible(d) == -1) {
		if (d->groups > 1) /* some of them may be */
			log_line(LOG_ERR, "torn id=%s reason=\"%s\"", m->id,
			    d->why.p);
		return abort_all(d);
	}
	return commit_late(d, m);
}
