/* A waiting message as people and programs read it. */
#include "mailq-run/show.h"

#include <stdio.h>

#include "message/date.h"
#include "message/utf8.h"

/* ---- words */

void
show_span(struct buf *b, time_t seconds)
{
	long long s = seconds < 0 ? 0 : (long long)seconds;

	if (s >= 86400)
		buf_printf(b, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		buf_printf(b, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else if (s >= 60)
		buf_printf(b, "%lldm", s / 60);
	else
		buf_printf(b, "%llds", s);
}

void
show_text(struct buf *b, struct span s)
{
	while (s.len > 0) {
		uint32_t code = 0;
		size_t n = utf8_get(s, &code);

		/* C0, C1 and the characters that turn text around */
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
		    (code >= 0x200e && code <= 0x200f) ||
		    (code >= 0x2028 && code <= 0x202e) ||
		    (code >= 0x2066 && code <= 0x2069)) {
			buf_char(b, code == '\n' ? ' ' : '?');
			s = span_from(s, n == 0 ? 1 : n);
			continue;
		}
		buf_span(b, span_n(s.p, n));
		s = span_from(s, n);
	}
}

static void
put_size(struct buf *b, off_t octets)
{
	char s[32];

	if (octets < 10000)
		(void)snprintf(s, sizeof(s), "%lld", (long long)octets);
	else if (octets < 10000 << 10)
		(void)snprintf(s, sizeof(s), "%lldK", (long long)octets >> 10);
	else
		(void)snprintf(s, sizeof(s), "%lldM", (long long)octets >> 20);
	buf_printf(b, "%6s", s);
}

static const char *
state_word(enum spool_state s)
{
	switch (s) {
	case SPOOL_DONE:
	case SPOOL_SUCCESS:
		return "delivered";
	case SPOOL_FAILED:
		return "failed";
	case SPOOL_BOUNCED:
		return "returned";
	case SPOOL_TODO:
	default:
		return "waiting";
	}
}

static const char *
place_word(enum spool_place p)
{
	return p == SPOOL_NEW ? "new" : p == SPOOL_HELD ? "held" : "deferred";
}

static const char *
report_word(enum history_report r)
{
	return r == REPORT_FAILED ? "returned" :
	    r == REPORT_DELAYED	  ? "delayed" :
				    "delivered";
}

static void
put_next(struct buf *b, const struct entry *e, time_t now)
{
	if (e->place == SPOOL_HELD) {
		buf_str(b, "held");
	} else if (e->place == SPOOL_NEW || e->next <= now) {
		buf_str(b, "due now");
	} else {
		buf_str(b, "in ");
		show_span(b, e->next - now);
	}
}

/* ---- for people */

static void
put_reason(struct buf *b, const struct history_line *l, time_t now)
{
	if (l->tries > 1)
		buf_printf(b, "%u times, last ", l->tries);
	show_span(b, now - l->when);
	buf_str(b, " ago");
	if (l->remote.len > 0) {
		buf_str(b, ", ");
		show_text(b, l->remote);
	}
	if (l->reply.len > 0) {
		buf_str(b, ": ");
		show_text(b, l->reply);
	}
}

static void
put_rcpt(struct buf *b, const struct entry *e, size_t i, time_t now,
    struct buf *scratch)
{
	const struct spool_rcpt *r = &e->env.rcpt[i];
	struct history_line l;

	buf_printf(b, "    ");
	show_text(b, span(r->addr));
	if (r->state != SPOOL_TODO)
		buf_printf(b, "  %s", state_word(r->state));
	buf_char(b, '\n');
	if (history_last(&e->history, i, &l, scratch) == 1) {
		buf_str(b, "        tried ");
		put_reason(b, &l, now);
		buf_char(b, '\n');
	}
}

void
show_brief(struct buf *b, const struct entry *e, time_t now)
{
	struct buf scratch;
	struct buf next;

	buf_init(&scratch, 8192);
	buf_init(&next, 64);
	put_next(&next, e, now);
	buf_printf(b, "%-14s", e->env.id);
	put_size(b, e->size - e->message);
	buf_str(b, "  ");
	show_span(b, now - e->env.arrival);
	buf_printf(b, " old  %s  <", next.p);
	show_text(b, span(e->env.from));
	buf_str(b, ">\n");
	for (size_t i = 0; i < e->env.rcpts; i++)
		if (e->env.rcpt[i].state == SPOOL_TODO ||
		    e->env.rcpt[i].state == SPOOL_FAILED)
			put_rcpt(b, e, i, now, &scratch);
	buf_free(&next);
	buf_free(&scratch);
}

static void
put_log(struct buf *b, const struct entry *e)
{
	struct span rest = buf_all(&e->history.text);
	struct history_line l;
	struct buf scratch;
	char date[DATE_SIZE];

	buf_init(&scratch, 8192);
	while (history_next(&rest, &l, &scratch) == 1) {
		buf_printf(b, "    %s  ", date_put(date, l.when));
		switch (l.kind) {
		case HISTORY_TRY:
			if (l.rcpt < e->env.rcpts)
				show_text(b, span(e->env.rcpt[l.rcpt].addr));
			buf_printf(b, " %s", state_word(l.state));
			if (l.remote.len > 0)
				buf_str(b, ", ");
			show_text(b, l.remote);
			if (l.reply.len > 0)
				buf_str(b, ": ");
			break;
		case HISTORY_REPORT:
			buf_printf(b, "sender told: %s", report_word(l.report));
			if (l.child.len > 0)
				buf_str(b, " in ");
			show_text(b, l.child);
			break;
		case HISTORY_ADMIN:
			show_text(b, l.remote);
			buf_str(b, ": ");
			break;
		}
		show_text(b, l.reply);
		buf_char(b, '\n');
	}
	buf_free(&scratch);
}

static void
put_optional(struct buf *b, const char *word, const char *value)
{
	if (value[0] == '\0')
		return;
	buf_printf(b, "%-10s", word);
	show_text(b, span(value));
	buf_char(b, '\n');
}

void
show_full(struct buf *b, const struct entry *e, time_t now)
{
	char date[DATE_SIZE];
	struct buf scratch;

	buf_init(&scratch, 8192);
	buf_printf(b, "id        %s (%s)\narrived   %s\nnext try  ", e->env.id,
	    place_word(e->place), date_put(date, e->env.arrival));
	put_next(b, e, now);
	if (e->place == SPOOL_DUE)
		buf_printf(b, ", %s", date_put(date, e->next));
	buf_printf(b, "\nsize      %lld\nsender    <",
	    (long long)(e->size - e->message));
	show_text(b, span(e->env.from));
	buf_str(b, ">\n");
	put_optional(b, "user", e->env.user);
	put_optional(b, "envid", e->env.envid);
	if (e->history.delayed)
		buf_printf(b, "notice    delay told %s\n",
		    date_put(date, e->history.delayed_at));
	buf_str(b, "recipients\n");
	for (size_t i = 0; i < e->env.rcpts; i++)
		put_rcpt(b, e, i, now, &scratch);
	if (e->history.text.len > 0)
		buf_str(b, "log\n");
	put_log(b, e);
	buf_free(&scratch);
}

/* ---- for programs */

static void
json_string(struct buf *b, struct span s)
{
	buf_char(b, '"');
	while (s.len > 0) {
		uint32_t code = 0;
		size_t n = utf8_get(s, &code);

		if (n == 0)
			utf8_put(b, 0xfffd);
		else if (code == '"' || code == '\\')
			buf_printf(b, "\\%c", (int)code);
		else if (code < 0x20 || code == 0x7f)
			buf_printf(b, "\\u%04x", (unsigned)code);
		else
			buf_span(b, span_n(s.p, n));
		s = span_from(s, n == 0 ? 1 : n);
	}
	buf_char(b, '"');
}

static void
json_pair(struct buf *b, const char *name, struct span value)
{
	buf_printf(b, ",\"%s\":", name);
	json_string(b, value);
}

static void
json_rcpt(struct buf *b, const struct entry *e, size_t i, struct buf *scratch)
{
	const struct spool_rcpt *r = &e->env.rcpt[i];
	struct history_line l;

	buf_printf(b, "%s{\"address\":", i == 0 ? "" : ",");
	json_string(b, span(r->addr));
	json_pair(b, "state", span(state_word(r->state)));
	if (r->orcpt[0] != '\0')
		json_pair(b, "orcpt", span(r->orcpt));
	if (history_last(&e->history, i, &l, scratch) == 1) {
		buf_printf(b, ",\"tries\":%u,\"last_try\":%lld", l.tries,
		    (long long)l.when);
		json_pair(b, "status", l.status);
		json_pair(b, "remote", l.remote);
		json_pair(b, "reply", l.reply);
	}
	buf_char(b, '}');
}

static void
json_event(struct buf *b, const struct history_line *l)
{
	buf_printf(b, "{\"time\":%lld", (long long)l->when);
	switch (l->kind) {
	case HISTORY_TRY:
		buf_printf(b, ",\"recipient\":%zu", l->rcpt);
		json_pair(b, "state", span(state_word(l->state)));
		json_pair(b, "status", l->status);
		json_pair(b, "remote", l->remote);
		json_pair(b, "reply", l->reply);
		break;
	case HISTORY_REPORT:
		json_pair(b, "told", span(report_word(l->report)));
		json_pair(b, "in", l->child);
		break;
	case HISTORY_ADMIN:
		json_pair(b, "by", l->remote);
		json_pair(b, "did", l->reply);
		break;
	}
	buf_char(b, '}');
}

static void
json_log(struct buf *b, const struct entry *e, struct buf *scratch)
{
	struct span rest = buf_all(&e->history.text);
	struct history_line l;
	const char *between = ",\"log\":[";

	while (history_next(&rest, &l, scratch) == 1) {
		buf_str(b, between);
		json_event(b, &l);
		between = ",";
	}
	buf_str(b, between[1] == '\0' ? "]" : ",\"log\":[]");
}

void
show_json(struct buf *b, const struct entry *e, bool with_log)
{
	struct buf scratch;

	buf_init(&scratch, 8192);
	buf_str(b, "{\"id\":");
	json_string(b, span(e->env.id));
	json_pair(b, "queue", span(place_word(e->place)));
	buf_printf(b, ",\"arrival\":%lld,\"size\":%lld",
	    (long long)e->env.arrival, (long long)(e->size - e->message));
	if (e->place == SPOOL_DUE)
		buf_printf(b, ",\"next_try\":%lld", (long long)e->next);
	json_pair(b, "sender", span(e->env.from));
	if (e->env.user[0] != '\0')
		json_pair(b, "user", span(e->env.user));
	if (e->env.envid[0] != '\0')
		json_pair(b, "envid", span(e->env.envid));
	buf_printf(b, ",\"delay_told\":%s,\"recipients\":[",
	    e->history.delayed ? "true" : "false");
	for (size_t i = 0; i < e->env.rcpts; i++)
		json_rcpt(b, e, i, &scratch);
	buf_char(b, ']');
	if (with_log)
		json_log(b, e, &scratch);
	buf_str(b, "}\n");
	buf_free(&scratch);
}
