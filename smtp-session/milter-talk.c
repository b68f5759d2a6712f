/* Sending to one mail filter and hearing it, with a deadline on each. */
#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/clock.h"
#include "session/conn.h"
#include "session/log.h"
#include "smtp-session/milter-parts.h"

/* ---- failures */

const struct reply *
milter_refuse(struct smtp *s, const struct milter *m, const struct refusal *f)
{
	const struct reply *r = smtp_say(s, f->code,
	    f->status[0] != '\0' ? f->status : NULL, "%s", f->text.p);

	s->reply.close = f->code == 421;
	return smtp_because(s, r, "milter %.*s: %s", (int)m->place.text.len,
	    m->place.text.p, f->text.p);
}

static enum heard
refuse(struct milters *ms, unsigned code, const char *status, const char *text)
{
	ms->now.code = code;
	(void)strlcpy(ms->now.status, status, sizeof(ms->now.status));
	buf_reset(&ms->now.text);
	buf_str(&ms->now.text, text);
	return HEARD_REFUSED;
}

enum heard
milter_failed(struct smtp *s, const struct milter *m)
{
	if (m->place.failure == MILTER_ACCEPT)
		return HEARD_GO;
	if (m->place.failure == MILTER_REJECT)
		return refuse(s->milters, 550, "5.7.1",
		    "A mail filter is away");
	return refuse(s->milters, 451, "4.7.1",
	    "A mail filter is away, try later");
}

enum heard
milter_lost(struct smtp *s, struct milter *m, const struct milter_step *step,
    const char *why)
{
	static const char *const then[] = { "tempfail", "accept", "reject" };

	log_line(LOG_ERR, "milter place=%.*s stage=%s reason=\"%s\" then=%s",
	    (int)m->place.text.len, m->place.text.p, step->name, why,
	    then[m->place.failure]);
	if (m->fd != -1)
		(void)close(m->fd);
	m->fd = -1;
	return milter_failed(s, m);
}

/* ---- macros */

static const char *const usual[MILTER_STAGES] = {
	[MILTER_AT_CONNECT] = "j v {daemon_name} {daemon_addr} {client_addr}",
	[MILTER_AT_HELO] = "{tls_version} {cipher}",
	[MILTER_AT_MAIL] =
	    "i {auth_type} {auth_authen} {mail_mailer} {mail_host} {mail_addr}",
	[MILTER_AT_RCPT] = "i {rcpt_mailer} {rcpt_host} {rcpt_addr}",
	[MILTER_AT_DATA] = "i",
	[MILTER_AT_END] = "i",
	[MILTER_AT_END_HEADER] = "i",
};

static const char *
daemon_name(const struct smtp *s)
{
	if (s->facts.peer == POLICY_LOCAL)
		return "local";
	return s->facts.submission ? "submission" : "exchange";
}

static const char *
rcpt_mailer(const struct smtp *s)
{
	if (s->milters->refused)
		return "error";
	return s->facts.rcpt == CLASS_REMOTE ? "smtp" : "local";
}

static struct span
rcpt_macro(const struct smtp *s, struct span name)
{
	const struct recipient *to = s->milters->asked;

	if (to == NULL)
		return span("");
	if (span_eq(name, span("rcpt_mailer")))
		return span(rcpt_mailer(s));
	return span(
	    span_eq(name, span("rcpt_host")) ? to->addr.domain : to->text);
}

/* What is known without looking further; empty: nothing is sent. */
static struct span
value(const struct smtp *s, struct span name)
{
	struct span cipher = span(s->milters->tls);
	struct span version = span_word(&cipher);
	const struct {
		const char *name;
		struct span value;
	} known[] = {
		{ "j", span(s->config->hostname) },
		{ "v", span("mailroom") },
		{ "i", span(s->milters->id) },
		{ "daemon_name", span(daemon_name(s)) },
		{ "daemon_addr", span(s->peer->local_ip) },
		{ "if_addr", span(s->peer->local_ip) },
		{ "client_addr", span(s->peer->ip) },
		{ "client_port", span(s->peer->port) },
		{ "tls_version", version },
		{ "cipher", span_trim(cipher) },
		{ "auth_type", span(s->mechanism) },
		{ "auth_authen", span(s->user) },
		{ "mail_addr", span(s->envelope.from) },
		{ "mail_host", span(s->envelope.sender.domain) },
		{ "mail_mailer", span("smtp") },
		{ "rcpt_addr", rcpt_macro(s, name) },
		{ "rcpt_host", rcpt_macro(s, name) },
		{ "rcpt_mailer", rcpt_macro(s, name) },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_eq(name, span(known[i].name)))
			return known[i].value;
	return span("");
}

static void
put_macro(struct smtp *s, struct span name)
{
	struct buf *out = &s->milters->out;
	struct span bare = name, v;

	if (bare.len > 2 && bare.p[0] == '{' && bare.p[bare.len - 1] == '}')
		bare = span_n(bare.p + 1, bare.len - 2);
	v = value(s, bare);
	if (v.len == 0)
		return;
	milter_string(out, name);
	milter_string(out, v);
}

void
milter_macros(struct smtp *s, const struct milter *m,
    const struct milter_step *step)
{
	struct buf *out = &s->milters->out;
	struct span names =
	    span(m->o.asked[step->stage] ? m->o.symbols[step->stage] :
					   usual[step->stage]);
	size_t at;

	buf_reset(out);
	at = milter_begin(out, MILTER_MACROS);
	buf_char(out, (char)step->command);
	while (names.len > 0) {
		struct span part = span_cut(&names, ','), name;

		while ((name = span_word(&part)).len > 0)
			put_macro(s, name);
	}
	milter_finish(out, at);
}

/* ---- octets */

static int
send_all(struct smtp *s, int fd, int64_t until)
{
	struct span rest = buf_all(&s->milters->out);

	if (s->milters->out.over) {
		errno = ENOMEM;
		return -1;
	}
	while (rest.len > 0) {
		ssize_t n = write(fd, rest.p, rest.len);

		if (n > 0)
			rest = span_from(rest, (size_t)n);
		else if ((n == -1 && errno != EAGAIN && errno != EINTR) ||
		    conn_await(fd, POLLOUT, until) == -1)
			return -1;
	}
	return 0;
}

/* The next whole packet; NULL or what is wrong. */
static const char *
packet(struct smtp *s, int fd, int64_t until, struct span *got)
{
	struct milters *ms = s->milters;
	ssize_t n;

	for (;;) {
		n = milter_frame(span_n(ms->in + ms->at, ms->end - ms->at),
		    got);
		if (n == -1)
			return "not a packet";
		if (n > 0) {
			ms->at += (size_t)n;
			return NULL;
		}
		memmove(ms->in, ms->in + ms->at, ms->end - ms->at);
		ms->end -= ms->at;
		ms->at = 0;
		n = conn_await(fd, POLLIN, until) == -1 ?
		    -1 :
		    read(fd, ms->in + ms->end, sizeof(ms->in) - ms->end);
		if (n == 0)
			return "it has left";
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return strerrordesc_np(errno);
		ms->end += n > 0 ? (size_t)n : 0;
	}
}

/* ---- answers */

static enum heard
replied(struct smtp *s, struct milter *m, const struct milter_step *step)
{
	struct milters *ms = s->milters;

	ms->now.code =
	    milter_reply(ms->answer.value, ms->now.status, &ms->now.text);
	return ms->now.code == 0 ? milter_lost(s, m, step, "not a reply") :
				   HEARD_REFUSED;
}

static enum heard
judge(struct smtp *s, struct milter *m, const struct milter_step *step)
{
	struct milters *ms = s->milters;

	switch (ms->answer.kind) {
	case MILTER_CONTINUE:
		return HEARD_GO;
	case MILTER_ACCEPTED:
		return HEARD_DONE;
	case MILTER_DISCARD:
		return HEARD_DISCARD;
	case MILTER_SKIP:
		return HEARD_SKIP;
	case MILTER_REJECTED:
		return refuse(ms, 550, "5.7.1", "Refused by a mail filter");
	case MILTER_TEMPFAILED:
		return refuse(ms, 451, "4.7.1",
		    "A mail filter says to try later");
	case MILTER_SHUTDOWN:
	case MILTER_CONN_FAIL:
		return refuse(ms, 421, "4.7.1", "Closed by a mail filter");
	case MILTER_REPLY:
		return replied(s, m, step);
	default:
		return HEARD_EDIT;
	}
}

/* SKIP is for the header and the body only, an edit for the end, and who has
 * heard of no message cannot discard it. */
static bool
fits(const struct milter *m, const struct milter_step *step, enum heard h)
{
	switch (h) {
	case HEARD_EDIT:
		return step->command == MILTER_END;
	case HEARD_SKIP:
		return (m->o.steps & MILTER_SKIPS) != 0 &&
		    (step->command == MILTER_BODY ||
			step->command == MILTER_HEADER);
	case HEARD_DISCARD:
		return step->command != MILTER_CONNECT &&
		    step->command != MILTER_HELO &&
		    step->command != MILTER_UNKNOWN;
	default:
		return true;
	}
}

enum heard
milter_hear(struct smtp *s, struct milter *m, const struct milter_step *step,
    int64_t until)
{
	struct milters *ms = s->milters;
	int64_t last = clock_ms() + (int64_t)MILTER_PATIENCE * 1000;
	const char *wrong;
	struct span got;
	enum heard h;

	for (;;) {
		wrong = packet(s, m->fd, until < last ? until : last, &got);
		if (wrong != NULL)
			return milter_lost(s, m, step, wrong);
		if (milter_parse(&ms->answer, got) == -1)
			return milter_lost(s, m, step, "not an answer");
		if (ms->answer.kind != MILTER_PROGRESS)
			break;
		until = clock_ms() + (int64_t)m->place.seconds * 1000;
	}
	h = judge(s, m, step);
	if (m->fd == -1)
		return h;
	if (!fits(m, step, h))
		return milter_lost(s, m, step, "not an answer to that");
	if (h != HEARD_EDIT && ms->at != ms->end)
		return milter_lost(s, m, step, "more than one answer");
	return h;
}

static int64_t
deadline(const struct milter *m, const struct milter_step *step)
{
	unsigned seconds = m->place.seconds;

	if (step->command == MILTER_END)
		seconds *= MILTER_LONGER;
	return clock_ms() + (int64_t)seconds * 1000;
}

void
milter_tell(struct smtp *s, struct milter *m, const struct milter_step *step)
{
	struct milters *ms = s->milters;

	buf_reset(&ms->out);
	milter_finish(&ms->out, milter_begin(&ms->out, step->command));
	if (send_all(s, m->fd, deadline(m, step)) == -1)
		(void)milter_lost(s, m, step, strerrordesc_np(errno));
}

enum heard
milter_ask(struct smtp *s, struct milter *m, const struct milter_step *step)
{
	struct milters *ms = s->milters;
	int64_t until = deadline(m, step);

	ms->at = ms->end = 0;
	if (send_all(s, m->fd, until) == -1)
		return milter_lost(s, m, step, strerrordesc_np(errno));
	if ((m->o.steps & step->mute) != 0)
		return HEARD_GO;
	return milter_hear(s, m, step, until);
}

enum heard
milter_negotiate(struct smtp *s, struct milter *m)
{
	static const struct milter_step step = { .name = "options" };
	struct milters *ms = s->milters;
	int64_t until = deadline(m, &step);
	const char *wrong;
	struct span got;
	size_t at;

	buf_reset(&ms->out);
	at = milter_begin(&ms->out, MILTER_OPTIONS);
	milter_number(&ms->out, MILTER_VERSION);
	milter_number(&ms->out, MILTER_DOES_ALL);
	milter_number(&ms->out, MILTER_STEPS_ALL);
	milter_finish(&ms->out, at);
	ms->at = ms->end = 0;
	if (send_all(s, m->fd, until) == -1)
		return milter_lost(s, m, &step, strerrordesc_np(errno));
	wrong = packet(s, m->fd, until, &got);
	if (wrong == NULL && milter_parse_options(&m->o, got) == -1)
		wrong = "not our protocol";
	if (wrong == NULL && ms->at != ms->end)
		wrong = "more than one answer";
	return wrong != NULL ? milter_lost(s, m, &step, wrong) : HEARD_GO;
}
