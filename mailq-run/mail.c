/* A mail stays open, and its entry locked, as long as one of its jobs is
 * under way.  A verdict is in memory first; it is made durable when the job is
 * over and others are not, so that nothing that was delivered waits for a
 * slow host to be remembered.  An entry with nothing left is unlinked without
 * further ado: that it is gone is the verdict. */
#include "mailq-run/mail.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mailq-run/bounce.h"
#include "mailq-run/dest.h"
#include "mailq-run/find.h"
#include "mailq-run/judge.h"
#include "mailq-run/progress.h"
#include "message/fail.h"
#include "message/header.h"
#include "session/log.h"

enum { HEADER = 32768 };

/* ---- jobs */

static struct job *
job_new(struct run *r, struct mail *m)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->token = ++r->token;
	j->mail = m;
	m->jobs++;
	return j;
}

static const char *
domain_of(const struct spool_rcpt *rcpt)
{
	const char *at = strrchr(rcpt->addr, '@');

	return at == NULL ? "" : at + 1;
}

/* Recipient i may join the job; "cost" is what the job's record holds. */
static bool
joins(const struct job *j, const struct spool_rcpt *first,
    const struct spool_rcpt *rcpt, size_t *cost)
{
	const struct letter_rcpt l = { rcpt->addr, rcpt->orcpt, rcpt->notify };

	if (j->rcpts == LETTER_RCPTS ||
	    strcasecmp(domain_of(first), domain_of(rcpt)) != 0)
		return false;
	*cost += letter_cost(&l);
	return j->rcpts == 0 || *cost <= LETTER_ROOM;
}

/* Collect the recipients from the first one on that has no job yet.
 * 1; 0: there is none; -1: no memory. */
static int
group(struct run *r, struct mail *m, bool *have, size_t *from, struct job **out)
{
	const struct spool_envelope *env = &m->e.env;
	size_t cost = 0, i = *from;
	struct job *j;

	while (i < env->rcpts && have[i])
		i++;
	*from = i;
	if (i == env->rcpts)
		return 0;
	*out = j = job_new(r, m);
	if (j == NULL)
		return fail_as(ENOMEM, "no memory for a job");
	for (; i < env->rcpts; i++)
		if (!have[i] &&
		    joins(j, &env->rcpt[*from], &env->rcpt[i], &cost)) {
			j->rcpt[j->rcpts++] = (uint32_t)i;
			have[i] = true;
		}
	return 1;
}

/* ---- the end of a mail */

static void
log_out(struct run *r, const struct mail *m, size_t i, const char *state,
    const char *status, const char *remote, const char *reply)
{
	const struct spool_envelope *env = &m->e.env;
	const struct spool_rcpt *rcpt = &env->rcpt[i];
	struct span dialogue, said = judge_said(span(reply), &dialogue);

	log_line(state[0] == 's' ? LOG_INFO : LOG_NOTICE,
	    "out id=%s from=<%s> to=<%s> relay=%s delay=%lld dsn=%s state=%s "
	    "reply=\"%.*s\"",
	    env->id, env->from, rcpt->addr, remote[0] == '\0' ? "none" : remote,
	    (long long)(run_time(r) - env->arrival), status, state,
	    (int)said.len, said.p);
	progress_outcome(r, "%s %s <%s> %s %s", env->id, state, rcpt->addr,
	    remote, reply);
}

/* Its time is over: what still waits has failed. */
static void
expire(struct run *r, struct mail *m)
{
	struct entry *e = &m->e;
	struct buf scratch;
	char reply[RESULT_REPLY + 64];

	buf_init(&scratch, HISTORY_REPLY + 16);
	for (size_t i = 0; i < e->env.rcpts; i++) {
		struct history_line l = { .when = 0 };

		if (e->env.rcpt[i].state != SPOOL_TODO)
			continue;
		(void)history_last(&e->history, i, &l, &scratch);
		(void)snprintf(reply, sizeof(reply),
		    "too old to be tried again; the last answer was:\n%.*s",
		    (int)(l.reply.len < 900 ? l.reply.len : 900),
		    l.reply.p == NULL ? "" : l.reply.p);
		log_out(r, m, i, "failed", "5.4.7", "", reply);
		entry_verdict(e, i, SPOOL_FAILED, span("5.4.7"), l.remote,
		    span(reply), run_time(r));
		r->failed++;
	}
	buf_free(&scratch);
}

/* All jobs have ended: reports, the next try, or the end. */
static int
settle(struct run *r, struct mail *m)
{
	struct entry *e = &m->e;
	time_t now = run_time(r), arrival = e->env.arrival;
	const struct bounce b = { r->c->hostname, &r->retry, now,
		r->c->milters_local[0] != '\0' };

	if (entry_count(e, SPOOL_TODO) > 0 &&
	    retry_over(&r->retry, arrival, now, m->bounce))
		expire(r, m);
	if (entry_count(e, SPOOL_DONE) + entry_count(e, SPOOL_BOUNCED) ==
	    e->env.rcpts)
		return entry_finish(e, &r->dirty);
	if (entry_settle(e) == -1)
		return -1;
	if (entry_count(e, SPOOL_FAILED) > 0 &&
	    bounce_report(e, REPORT_FAILED, &b) == -1)
		return -1;
	if (entry_count(e, SPOOL_SUCCESS) > 0 &&
	    bounce_report(e, REPORT_SUCCESS, &b) == -1)
		return -1;
	if (entry_count(e, SPOOL_TODO) == 0)
		return entry_finish(e, &r->dirty);
	if (retry_notice(&r->retry, arrival, now) && !e->history.delayed &&
	    bounce_report(e, REPORT_DELAYED, &b) == -1)
		return -1;
	return entry_defer(e,
	    retry_next(&r->retry, arrival, now, m->first, m->bounce,
		arc4random()));
}

static void
end(struct run *r, struct mail *m)
{
	if (settle(r, m) == -1)
		log_line(LOG_ERR, "spool id=%s error=\"%s\"", m->e.env.id,
		    fail_text());
	entry_close(&m->e);
	free(m);
	r->mails--;
	r->ended++;
}

/* One job less; the last one ends the mail. */
static void
release(struct run *r, struct mail *m, bool durable)
{
	if (--m->jobs == 0)
		end(r, m);
	else if (durable && entry_settle(&m->e) == -1)
		log_line(LOG_ERR, "spool id=%s error=\"%s\"", m->e.env.id,
		    fail_text());
}

/* ---- the beginning */

static int
hand_out(struct run *r, struct mail *m)
{
	const struct spool_envelope *env = &m->e.env;
	bool *have = calloc(env->rcpts, sizeof(*have));
	struct job *j;
	size_t from = 0;
	int got;

	if (have == NULL)
		return fail_as(ENOMEM, "no memory for recipients");
	for (size_t i = 0; i < env->rcpts; i++)
		have[i] = env->rcpt[i].state != SPOOL_TODO;
	while ((got = group(r, m, have, &from, &j)) == 1)
		find_queue(r, j, domain_of(&env->rcpt[from]));
	free(have);
	return got;
}

/* RFC 8689 s. 5; REQUIRETLS overrides it.  The field is looked for where
 * headers end but for those that nobody wrote. */
static bool
is_open(const struct entry *e)
{
	static char block[HEADER];
	struct field f;
	ssize_t n;

	if (e->env.tls)
		return false;
	n = pread(e->fd, block, sizeof(block), e->message);
	return n > 0 &&
	    header_find(span_n(block, (size_t)n), "TLS-Required", &f) &&
	    span_same(span_trim(f.value), span("No"));
}

static bool
never_tried(const struct entry *e)
{
	for (size_t i = 0; i < e->env.rcpts; i++)
		if (e->history.rcpt[i].tries > 0)
			return false;
	return true;
}

static int
take(struct entry *e, int spool, const char *id)
{
	switch (entry_take(e, spool, id)) {
	case ENTRY_OK:
		return 1;
	case ENTRY_BAD:
		log_line(LOG_ERR, "spool quarantined=%s error=\"%s\"", id,
		    fail_text());
		return 0;
	case ENTRY_ERROR:
		return -1;
	default:
		return 0;
	}
}

int
mail_take(struct run *r, const char *id)
{
	struct mail *m = calloc(1, sizeof(*m));
	int got;

	if (m == NULL)
		return fail_as(ENOMEM, "no memory for a mail");
	got = take(&m->e, r->spool, id);
	/* An old name in the list: it has been tried meanwhile. */
	if (got == 1 && m->e.place == SPOOL_HELD)
		got = 0;
	if (got == 1 && m->e.place == SPOOL_DUE && m->e.next > run_time(r))
		got = 0;
	if (got != 1) {
		entry_close(&m->e);
		free(m);
		return got;
	}
	m->first = never_tried(&m->e);
	m->bounce = m->e.env.from[0] == '\0';
	m->asked = m->e.history.asked;
	m->open = is_open(&m->e);
	m->jobs = 1; /* ours, until all are handed out */
	r->mails++;
	got = hand_out(r, m);
	release(r, m, false);
	return got;
}

int
mail_letter(const struct job *j, struct letter *l)
{
	const struct entry *e = &j->mail->e;

	l->token = j->token;
	l->at = e->message;
	l->size = (uint64_t)(e->size - e->message);
	l->ret = e->env.ret;
	l->body8 = e->env.body8;
	l->utf8 = e->env.utf8;
	l->tls = e->env.tls;
	l->report = e->env.report;
	l->from = e->env.from;
	l->envid = e->env.envid;
	l->rcpts = j->rcpts;
	for (size_t i = 0; i < j->rcpts; i++) {
		const struct spool_rcpt *rcpt = &e->env.rcpt[j->rcpt[i]];

		l->rcpt[i] = (struct letter_rcpt){ rcpt->addr, rcpt->orcpt,
			rcpt->notify };
	}
	return entry_message(e);
}

/* ---- verdicts */

static void
judge(struct run *r, struct job *j, size_t i, enum spool_state state,
    const char *status, const char *remote, const char *reply)
{
	static const char *const words[] = { "sent", "failed", "deferred" };
	struct mail *m = j->mail;
	size_t *count[] = { &r->sent, &r->failed, &r->deferred };
	size_t k = state == SPOOL_TODO ? 2 : state == SPOOL_FAILED ? 1 : 0;

	j->fate[i] = JOB_JUDGED;
	j->settle = j->settle || state != SPOOL_TODO;
	++*count[k];
	log_out(r, m, j->rcpt[i], words[k], status, remote, reply);
	/* The lone recipient of a mail that is gone needs no history. */
	if (state == SPOOL_DONE && m->e.env.rcpts == 1)
		entry_mark(&m->e, j->rcpt[i], state);
	else
		entry_verdict(&m->e, j->rcpt[i], state, span(status),
		    span(remote), span(reply), run_time(r));
}

void
mail_verdict(struct run *r, struct job *j, size_t i, enum verdict v,
    const char *status, const char *remote, const char *reply, bool relayed)
{
	unsigned notify = j->mail->e.env.rcpt[j->rcpt[i]].notify, most;

	if (j->fate[i] != JOB_OPEN)
		return;
	switch (v) {
	case VERDICT_SENT:
		judge(r, j, i,
		    relayed && (notify & NOTIFY_SUCCESS) != 0 ? SPOOL_SUCCESS :
								SPOOL_DONE,
		    status, remote, reply);
		return;
	case VERDICT_FAIL:
		judge(r, j, i, SPOOL_FAILED, status, remote, reply);
		return;
	case VERDICT_AGAIN:
		j->fate[i] = JOB_AGAIN;
		return;
	case VERDICT_NEXT:
		/* What a host lacks, another one may have. */
		most = status[0] == '5' ? RUN_ADDRESSES : RUN_SESSIONS;
		if (j->tries + 1 < most &&
		    dest_elsewhere(j->dest, j->tried | 1U << j->address)) {
			j->fate[i] = JOB_ELSEWHERE;
			return;
		}
		if (status[0] == '5') { /* the last host cannot either */
			judge(r, j, i, SPOOL_FAILED, status, remote, reply);
			return;
		}
		__attribute__((fallthrough));
	case VERDICT_DEFER:
		judge(r, j, i, SPOOL_TODO, status, remote, reply);
		return;
	}
}

void
mail_verdict_all(struct run *r, struct job *j, enum verdict v,
    const char *status, const char *remote, const char *reply)
{
	for (size_t i = 0; i < j->rcpts; i++)
		mail_verdict(r, j, i, v, status, remote, reply, false);
}

static bool
any(const struct job *j, enum job_fate fate)
{
	for (size_t i = 0; i < j->rcpts; i++)
		if (j->fate[i] == fate)
			return true;
	return false;
}

/* Recipients of one fate make a new job. */
static void
again(struct run *r, const struct job *old, enum job_fate fate)
{
	struct job *j = NULL;

	for (size_t i = 0; i < old->rcpts; i++) {
		if (old->fate[i] != fate)
			continue;
		if (j == NULL)
			j = job_new(r, old->mail);
		if (j == NULL) {
			log_line(LOG_ERR,
			    "spool error=\"no memory for a job\"");
			return; /* they stay in state T */
		}
		j->rcpt[j->rcpts++] = old->rcpt[i];
	}
	if (j == NULL)
		return;
	j->dest = old->dest;
	j->tried = old->tried;
	j->tries = old->tries;
	j->again = old->again;
	if (fate == JOB_ELSEWHERE) {
		j->tried |= 1U << old->address;
		j->tries++;
	} else if (!any(old, JOB_JUDGED)) { /* else it is on its way */
		j->again++;
	}
	dest_requeue(r, j);
}

void
mail_job_over(struct run *r, struct job *j)
{
	struct mail *m = j->mail;
	bool durable;

	mail_verdict_all(r, j, VERDICT_DEFER, "4.3.0", "", "no verdict");
	durable = j->settle;
	again(r, j, JOB_AGAIN);
	again(r, j, JOB_ELSEWHERE);
	free(j);
	release(r, m, durable);
}

void
mail_flush(struct run *r)
{
	if (place_flush(r->spool, &r->dirty) == -1)
		log_line(LOG_ERR, "spool error=\"%s\"", fail_text());
}
