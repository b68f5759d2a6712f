/* Mail filters, up to the content: who is asked, and what his answer means
 * for the session.  The content stands in milter-content.c. */
#include "smtp-session/milter.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/log.h"
#include "session/record.h"
#include "smtp-session/deliver-parts.h"
#include "smtp-session/milter-parts.h"
#include "smtp-session/rights.h"

/* clang-format off */
static const struct milter_step
to_connect = { MILTER_CONNECT, "connect", MILTER_NO_CONNECT,
    MILTER_MUTE_CONNECT, 2, MILTER_AT_CONNECT },
to_helo = { MILTER_HELO, "helo", MILTER_NO_HELO, MILTER_MUTE_HELO, 2,
    MILTER_AT_HELO },
to_mail = { MILTER_MAIL, "mail", MILTER_NO_MAIL, MILTER_MUTE_MAIL, 2,
    MILTER_AT_MAIL },
to_rcpt = { MILTER_RCPT, "rcpt", MILTER_NO_RCPT, MILTER_MUTE_RCPT, 2,
    MILTER_AT_RCPT },
to_data = { MILTER_DATA, "data", MILTER_NO_DATA, MILTER_MUTE_DATA, 4,
    MILTER_AT_DATA },
to_unknown = { MILTER_UNKNOWN, "unknown", MILTER_NO_UNKNOWN,
    MILTER_MUTE_UNKNOWN, 3, MILTER_AT_CONNECT };

static const struct reply
no_filters =	{ 451, "4.3.0", "Local trouble, try later", false };
/* clang-format on */

/* ---- one step, one filter */

static enum heard
ask(struct smtp *s, struct milter *m, const struct milter_step *step,
    const struct buf *data)
{
	struct milters *ms = s->milters;
	size_t at;

	if (m->fd == -1)
		return milter_failed(s, m);
	if ((m->o.steps & step->no) != 0 || m->o.version < step->since)
		return HEARD_GO;
	milter_macros(s, m, step);
	at = milter_begin(&ms->out, step->command);
	buf_span(&ms->out, buf_all(data));
	milter_finish(&ms->out, at);
	return milter_ask(s, m, step);
}

/* ---- one step, all filters */

/* In a message.  The first that refuses ends it. */
static const struct reply *
ask_all(struct smtp *s, const struct milter_step *step, const struct buf *data)
{
	struct milters *ms = s->milters;

	for (size_t i = 0; i < ms->n && !ms->discard; i++) {
		struct milter *m = &ms->m[i];

		if (m->at != FILTER_ASKED)
			continue;
		switch (ask(s, m, step, data)) {
		case HEARD_REFUSED:
			return milter_refuse(s, m, &ms->now);
		case HEARD_DONE:
			m->at = FILTER_DONE;
			break;
		case HEARD_DISCARD:
			ms->discard = true;
			break;
		default:
			break;
		}
	}
	return NULL;
}

/* Before the first message; what a filter refuses here it refuses of all. */
static void
introduce(struct smtp *s, const struct milter_step *step,
    const struct buf *data)
{
	struct milters *ms = s->milters;

	for (size_t i = 0; i < ms->n && ms->barred == NULL; i++) {
		struct milter *m = &ms->m[i];

		if (m->fd == -1 || m->at == FILTER_OUT)
			continue;
		switch (ask(s, m, step, data)) {
		case HEARD_REFUSED:
			if (m->fd == -1)
				break; /* said at each message anyway */
			ms->barred = m;
			ms->bar.code = ms->now.code;
			(void)strlcpy(ms->bar.status, ms->now.status,
			    sizeof(ms->bar.status));
			buf_reset(&ms->bar.text);
			buf_span(&ms->bar.text, buf_all(&ms->now.text));
			break;
		case HEARD_DONE:
			m->at = FILTER_OUT;
			break;
		default:
			break;
		}
	}
}

/* A program of this host looks like a client from loopback: that is what
 * filters know as "inside". */
static void
introduce_client(struct smtp *s)
{
	const char *ip = s->peer->ip;
	uint64_t port = 0;
	struct buf data;
	char octets[2];

	buf_init(&data, 1024);
	if (ip[0] == '\0') {
		ip = "127.0.0.1";
		milter_string(&data, span("localhost"));
	} else {
		buf_printf(&data, "[%s]%c", ip, '\0');
		(void)span_number(span(s->peer->port), 65535, &port);
	}
	buf_char(&data, strchr(ip, ':') == NULL ? '4' : '6');
	octets[0] = (char)(unsigned char)(port >> 8);
	octets[1] = (char)(unsigned char)port;
	buf_add(&data, octets, sizeof(octets));
	milter_string(&data, span(ip));
	introduce(s, &to_connect, &data);
	buf_free(&data);
}

/* Each greeting that they have not heard: a client greets again behind
 * STARTTLS. */
static void
introduce_name(struct smtp *s)
{
	struct milters *ms = s->milters;
	struct buf data;

	if (strcmp(ms->helo, s->helo) == 0 && strcmp(ms->tls, s->tls) == 0)
		return;
	(void)strlcpy(ms->helo, s->helo, sizeof(ms->helo));
	(void)strlcpy(ms->tls, s->tls, sizeof(ms->tls));
	buf_init(&data, sizeof(ms->helo));
	milter_string(&data, span(s->helo));
	introduce(s, &to_helo, &data);
	buf_free(&data);
}

/* ---- their connections */

static struct milters *
milters_new(const struct smtp *s)
{
	struct milters *ms = calloc(1, sizeof(*ms));
	struct span rest = span(s->milter_list);

	if (ms == NULL)
		return NULL;
	while (ms->n < MILTERS_MAX &&
	    milter_place_next(&rest, &ms->m[ms->n].place) == 1)
		ms->m[ms->n++].fd = -1;
	buf_init(&ms->bar.text, MILTER_PIECE);
	buf_init(&ms->now.text, MILTER_PIECE);
	buf_init(&ms->out, (size_t)4 * MILTER_PACKET);
	buf_init(&ms->field, 2 * MILTER_PACKET);
	buf_init(&ms->from, ENVELOPE_TEXT);
	buf_init(&ms->moves, DELIVER_TEXT_MAX);
	buf_init(&ms->hold, 512);
	edit_init(&ms->edit);
	ms->body.fd = ms->fresh.fd = -1;
	return ms;
}

/* The sockets, in the order of the list. */
static int
connect_all(struct smtp *s)
{
	static const struct milter_step step = { .name = "open" };
	struct milters *ms = s->milters;
	struct record *r = &s->deliver.record;
	int sock = deliver_hire(&s->deliver, ASK_MILTERS, 0, "");
	int got = 1;

	if (sock == -1)
		return -1;
	for (size_t i = 0; i < ms->n; i++) {
		struct milter *m = &ms->m[i];
		int wait = (int)(m->place.seconds + 5) * 1000;

		if (got == 1)
			got = record_recv(sock, r, &m->fd, wait);
		if (got != 1)
			(void)milter_lost(s, m, &step, "cannot connect");
		else if (r->kind != MILTER_UP || m->fd == -1)
			(void)milter_lost(s, m, &step, r->data);
		else
			(void)milter_negotiate(s, m);
	}
	(void)close(sock);
	return 0;
}

static void
milters_free(struct milters *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (ms->m[i].fd != -1)
			(void)close(ms->m[i].fd);
	buf_free(&ms->bar.text);
	buf_free(&ms->now.text);
	buf_free(&ms->out);
	buf_free(&ms->field);
	buf_free(&ms->from);
	buf_free(&ms->moves);
	buf_free(&ms->hold);
	edit_free(&ms->edit);
	stow_close(&ms->body);
	stow_close(&ms->fresh);
	free(ms->rcpt);
	free(ms);
}

static int
begin(struct smtp *s)
{
	s->milters = milters_new(s);
	if (s->milters == NULL)
		return -1;
	if (connect_all(s) == -1) {
		milters_free(s->milters);
		s->milters = NULL;
		return -1;
	}
	introduce_client(s);
	return 0;
}

/* One that died, or was never there, may be back: all begin anew, because the
 * order in which they came is that of the list. */
static void
begin_anew(struct smtp *s)
{
	static unsigned times = 1; /* of one client */
	bool lost = false;

	for (size_t i = 0; i < s->milters->n; i++)
		lost |= s->milters->m[i].fd == -1;
	if (lost && times < MILTER_TIMES) {
		times++;
		milter_end(s);
	}
}

/* ---- the commands */

/* Parameters as we understood them. */
static void
put_mail(struct buf *data, const struct envelope *e)
{
	buf_printf(data, "<%s>%c", e->from, '\0');
	if (e->size != 0)
		buf_printf(data, "SIZE=%llu%c", (unsigned long long)e->size,
		    '\0');
	if (e->body8)
		milter_string(data, span("BODY=8BITMIME"));
	if (e->utf8)
		milter_string(data, span("SMTPUTF8"));
	if (e->ret != 0)
		milter_string(data,
		    span(e->ret == 'F' ? "RET=FULL" : "RET=HDRS"));
	if (e->envid[0] != '\0')
		buf_printf(data, "ENVID=%s%c", e->envid, '\0');
}

const struct reply *
milter_mail(struct smtp *s)
{
	const struct reply *r;
	struct milters *ms;
	struct buf data;

	if (s->milter_list == NULL || s->milter_list[0] == '\0')
		return NULL;
	if (s->from_queue && !s->envelope.filter) {
		milter_end(s);
		return NULL;
	}
	if (s->milters != NULL)
		begin_anew(s);
	if (s->milters == NULL && begin(s) == -1)
		return smtp_because(s, &no_filters, "milters: %s",
		    s->deliver.why.p);
	ms = s->milters;
	introduce_name(s);
	if (ms->barred != NULL)
		return milter_refuse(s, ms->barred, &ms->bar);
	for (size_t i = 0; i < ms->n; i++)
		if (ms->m[i].at == FILTER_IDLE)
			ms->m[i].at = FILTER_ASKED;
	(void)snprintf(ms->id, sizeof(ms->id), "%s-%u", log_id_get(),
	    s->mails + 1);
	buf_init(&data, 4096);
	put_mail(&data, &s->envelope);
	r = ask_all(s, &to_mail, &data);
	buf_free(&data);
	return r;
}

static void
put_rcpt(struct buf *data, const struct recipient *to)
{
	static const char *const names[] = { "NEVER", "SUCCESS", "FAILURE",
		"DELAY" };
	const char *comma = "NOTIFY=";

	buf_printf(data, "<%s>%c", to->text, '\0');
	for (unsigned i = 0; i < 4; i++)
		if ((to->notify & 1u << i) != 0) {
			buf_printf(data, "%s%s", comma, names[i]);
			comma = ",";
		}
	if (to->notify != 0)
		buf_char(data, '\0');
	if (to->orcpt[0] != '\0')
		buf_printf(data, "ORCPT=%s%c", to->orcpt, '\0');
}

/* Those who want to hear of refused recipients cannot change that. */
static void
tell_refused(struct smtp *s, const struct buf *data)
{
	struct milters *ms = s->milters;

	for (size_t i = 0; i < ms->n; i++) {
		struct milter *m = &ms->m[i];

		if (m->at == FILTER_ASKED && m->fd != -1 &&
		    (m->o.steps & MILTER_REFUSED_RCPT) != 0)
			(void)ask(s, m, &to_rcpt, data);
	}
}

const struct reply *
milter_rcpt(struct smtp *s, const struct recipient *to,
    const struct reply *refusal)
{
	struct milters *ms = s->milters;
	const struct reply *r = refusal;
	struct buf data;

	if (ms == NULL)
		return refusal;
	buf_init(&data, 4096);
	put_rcpt(&data, to);
	ms->asked = to;
	ms->refused = refusal != NULL;
	if (refusal != NULL)
		tell_refused(s, &data);
	else
		r = ask_all(s, &to_rcpt, &data);
	ms->asked = NULL;
	buf_free(&data);
	return r;
}

void
milter_taken(struct smtp *s, const struct recipient *to)
{
	struct milters *ms = s->milters;
	struct recipient *more;

	if (ms == NULL)
		return;
	if (ms->rcpts == ms->room) {
		size_t room = ms->room == 0 ? 8 : 2 * ms->room;

		more = reallocarray(ms->rcpt, room, sizeof(*more));
		if (more == NULL)
			return; /* only an edit of a filter will miss him */
		ms->rcpt = more;
		ms->room = room;
	}
	ms->rcpt[ms->rcpts++] = *to;
}

const struct reply *
milter_data(struct smtp *s)
{
	struct buf none;

	if (s->milters == NULL)
		return NULL;
	buf_init(&none, 1);
	return ask_all(s, &to_data, &none);
}

const struct reply *
milter_unknown(struct smtp *s, struct span line)
{
	struct milters *ms = s->milters;
	struct buf data;

	if (ms == NULL || line.len > 512)
		return NULL;
	buf_init(&data, 513);
	milter_string(&data, line);
	for (size_t i = 0; i < ms->n; i++) {
		struct milter *m = &ms->m[i];
		bool refused = m->fd != -1 && m->at != FILTER_OUT &&
		    ask(s, m, &to_unknown, &data) == HEARD_REFUSED;

		if (refused && m->fd != -1) {
			buf_free(&data);
			return milter_refuse(s, m, &ms->now);
		}
	}
	buf_free(&data);
	return NULL;
}

/* ---- ends */

/* A filter that is told nothing more of a message has to forget it. */
void
milter_reset(struct smtp *s)
{
	static const struct milter_step step = { .command = MILTER_ABORT,
		.name = "abort" };
	struct milters *ms = s->milters;

	if (ms == NULL)
		return;
	for (size_t i = 0; i < ms->n; i++) {
		struct milter *m = &ms->m[i];

		if (m->at == FILTER_OUT)
			continue;
		if (m->at != FILTER_IDLE && m->fd != -1)
			milter_tell(s, m, &step);
		m->at = FILTER_IDLE;
	}
	ms->rcpts = 0;
	ms->discard = ms->new_body = ms->body_cr = false;
	buf_reset(&ms->from);
	buf_reset(&ms->moves);
	buf_reset(&ms->hold);
	edit_free(&ms->edit);
}

void
milter_end(struct smtp *s)
{
	static const struct milter_step step = { .command = MILTER_QUIT,
		.name = "quit" };
	struct milters *ms = s->milters;

	if (ms == NULL)
		return;
	for (size_t i = 0; i < ms->n; i++)
		if (ms->m[i].fd != -1)
			milter_tell(s, &ms->m[i], &step);
	milters_free(ms);
	s->milters = NULL;
}
