#include "mailq-run/letter.h"

#include <errno.h>
#include <string.h>

#include "message/buf.h"
#include "message/fail.h"

enum { START_MAX = 2048 };

struct letter_head {
	uint64_t at, size;
	uint32_t token, rcpts;
	char ret;
	bool body8, utf8, tls, report;
};

struct result_head {
	uint32_t token;
	uint16_t rcpt, code;
	uint8_t last, verdict;
	char status[12];
};

/* The next string of a record's tail; NULL when there is none. */
static const char *
next_string(struct span *rest)
{
	size_t n = span_find(*rest, '\0');
	const char *s = rest->p;

	if (n == rest->len)
		return NULL;
	*rest = span_from(*rest, n + 1);
	return s;
}

static void
put_string(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

int
start_send(int sock, const struct start *s, int fd)
{
	struct buf b;
	int r;

	buf_init(&b, START_MAX);
	buf_char(&b, (char)s->tls);
	buf_char(&b, s->smtps ? 'T' : '-');
	put_string(&b, s->hello);
	put_string(&b, s->by);
	put_string(&b, s->user);
	put_string(&b, s->password);
	r = b.over ?
	    fail_as(EMSGSIZE, "our name is too long") :
	    record_send(sock, WORK_START, (int32_t)s->hurry, buf_all(&b), fd);
	explicit_bzero(b.p, b.len);
	buf_free(&b);
	return r;
}

int
start_read(struct start *s, const struct record *r)
{
	struct span rest;

	if (r->kind != WORK_START || r->value < 1 || r->len < 2)
		return fail_as(EBADMSG, "no start record");
	s->tls = (enum start_tls)r->data[0];
	s->smtps = r->data[1] == 'T';
	s->hurry = (unsigned)r->value;
	rest = span_from(record_span(r), 2);
	s->hello = next_string(&rest);
	s->by = next_string(&rest);
	s->user = next_string(&rest);
	s->password = next_string(&rest);
	return s->password == NULL || rest.len > 0 ?
	    fail_as(EBADMSG, "no start record") :
	    0;
}

size_t
letter_cost(const struct letter_rcpt *r)
{
	return strlen(r->addr) + strlen(r->orcpt) + 3;
}

int
letter_send(int sock, const struct letter *l, int fd)
{
	struct letter_head h = {
		.at = (uint64_t)l->at,
		.size = l->size,
		.token = l->token,
		.rcpts = (uint32_t)l->rcpts,
		.ret = l->ret,
		.body8 = l->body8,
		.utf8 = l->utf8,
		.tls = l->tls,
		.report = l->report,
	};
	struct buf b;
	int r;

	buf_init(&b, RECORD_DATA - 1);
	buf_add(&b, &h, sizeof(h));
	put_string(&b, l->from);
	put_string(&b, l->envid);
	for (size_t i = 0; i < l->rcpts; i++) {
		put_string(&b, l->rcpt[i].addr);
		put_string(&b, l->rcpt[i].orcpt);
		buf_char(&b, (char)l->rcpt[i].notify);
	}
	r = b.over ? fail_as(EMSGSIZE, "letter too long") :
		     record_send(sock, WORK_LETTER, 0, buf_all(&b), fd);
	buf_free(&b);
	return r;
}

int
letter_read(struct letter *l, const struct record *r)
{
	struct letter_head h;
	struct span rest;

	if (r->kind != WORK_LETTER || r->len < sizeof(h))
		return fail_as(EBADMSG, "no letter");
	memcpy(&h, r->data, sizeof(h));
	memcpy(l->text, r->data, r->len);
	rest = span_n(l->text + sizeof(h), r->len - sizeof(h));
	l->token = h.token;
	l->at = (off_t)h.at;
	l->size = h.size;
	l->ret = h.ret;
	l->body8 = h.body8;
	l->utf8 = h.utf8;
	l->tls = h.tls;
	l->report = h.report;
	l->rcpts = h.rcpts;
	l->from = next_string(&rest);
	l->envid = next_string(&rest);
	if (h.rcpts == 0 || h.rcpts > LETTER_RCPTS || l->envid == NULL)
		return fail_as(EBADMSG, "bad letter");
	for (size_t i = 0; i < l->rcpts; i++) {
		l->rcpt[i].addr = next_string(&rest);
		l->rcpt[i].orcpt = next_string(&rest);
		if (l->rcpt[i].orcpt == NULL || rest.len == 0)
			return fail_as(EBADMSG, "bad letter");
		l->rcpt[i].notify = (unsigned char)*rest.p;
		rest = span_from(rest, 1);
	}
	return rest.len == 0 ? 0 : fail_as(EBADMSG, "bad letter");
}

int
result_send(int sock, enum work_kind kind, const struct result *r)
{
	struct result_head h = {
		.token = r->token,
		.rcpt = r->rcpt,
		.code = r->code,
		.last = r->last,
		.verdict = (uint8_t)r->verdict,
	};
	char data[sizeof(h) + RESULT_REPLY];
	size_t n = strnlen(r->reply, RESULT_REPLY - 1);

	memcpy(h.status, r->status, sizeof(h.status));
	memcpy(data, &h, sizeof(h));
	memcpy(data + sizeof(h), r->reply, n);
	return record_send(sock, kind, 0, span_n(data, sizeof(h) + n), -1);
}

/* "C.D.D" with up to three digits each. */
static bool
status_ok(const char *s)
{
	size_t n = strspn(s, "0123456789.");

	return (s[0] == '2' || s[0] == '4' || s[0] == '5') && s[1] == '.' &&
	    s[n] == '\0';
}

int
result_read(struct result *r, const struct record *rec)
{
	struct result_head h;
	size_t n;

	if ((rec->kind != WORK_RESULT && rec->kind != WORK_LOST) ||
	    rec->len < sizeof(h) || rec->len - sizeof(h) >= RESULT_REPLY)
		return fail_as(EBADMSG, "no result");
	memcpy(&h, rec->data, sizeof(h));
	n = rec->len - sizeof(h);
	if (h.verdict > VERDICT_AGAIN || h.code > 999 ||
	    memchr(h.status, '\0', sizeof(h.status)) == NULL ||
	    !status_ok(h.status))
		return fail_as(EBADMSG, "bad result");
	r->token = h.token;
	r->rcpt = h.rcpt;
	r->last = h.last != 0;
	r->verdict = (enum verdict)h.verdict;
	r->code = h.code;
	memcpy(r->status, h.status, sizeof(r->status));
	memcpy(r->reply, rec->data + sizeof(h), n);
	r->reply[n] = '\0';
	return 0;
}
