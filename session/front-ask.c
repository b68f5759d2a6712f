/* Runs in the sandboxed parser: the client's words on their way to the
 * monitor, and what it answers. */
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/front-parts.h"
#include "session/log.h"
#include "session/record.h"
#include "session/sasl.h"

enum {
	ANSWER_MS = 90000, /* longer than the checker may take */
	PATIENCE = 30, /* seconds for a response */
};

static struct record answer;

/* True: the answer is text for the client; else *v. */
static bool
ask(const struct front_stranger *s, uint32_t kind, int32_t value,
    struct span data, enum front_verdict *v)
{
	*v = FRONT_TEMP;
	if (record_send(s->monitor, kind, value, data, -1) == -1 ||
	    record_recv(s->monitor, &answer, NULL, ANSWER_MS) != 1) {
		(void)fail("ask for a login");
		log_line(LOG_ERR, "login-error reason=\"%s\"", fail_text());
		return false;
	}
	if (answer.kind == ANSWER_BAD)
		*v = FRONT_BAD;
	if (answer.kind == ANSWER_FULL)
		*v = FRONT_FULL;
	return answer.kind == ANSWER_TEXT;
}

enum front_verdict
front_login(struct front_stranger *s, struct span name, struct span password,
    struct span word)
{
	char data[SASL_NAME_MAX + SASL_PASSWORD_MAX + FRONT_WORD_MAX + 2];
	enum front_verdict v;
	size_t n = 0;

	/* What is still here when the monitor takes over is never sent. */
	(void)conn_flush(s->conn);
	/* No user has such a name; the time it takes is the checker's. */
	if (name.len > SASL_NAME_MAX || password.len > SASL_PASSWORD_MAX ||
	    word.len > FRONT_WORD_MAX)
		name.len = password.len = word.len = 0;
	memcpy(data, name.p, name.len);
	n += name.len;
	data[n++] = '\0';
	memcpy(data + n, password.p, password.len);
	n += password.len;
	data[n++] = '\0';
	memcpy(data + n, word.p, word.len);
	n += word.len;
	(void)ask(s, ASK_LOGIN, 0, span_n(data, n), &v);
	explicit_bzero(data, sizeof(data));
	return v;
}

/* The line that answers a challenge.  -1: there is none. */
static int
exchange(struct conn *c, struct sasl *s, enum sasl_step *step)
{
	struct span line;

	conn_printf(c, "+ %s\r\n", s->out.p);
	switch (conn_line(c, &line, SASL_LINE_MAX, PATIENCE)) {
	case CONN_LINE:
		*step = sasl_line(s, line);
		return 0;
	case CONN_LONG:
		*step = SASL_SYNTAX;
		return 0;
	default:
		return -1;
	}
}

static enum front_verdict
converse(struct front_stranger *st, struct sasl *s, enum sasl_step step,
    struct span word)
{
	enum front_verdict v;

	for (;;) {
		switch (step) {
		case SASL_SEND:
			if (exchange(st->conn, s, &step) == -1)
				return FRONT_LOST;
			break;
		case SASL_PASSWORD:
			return front_login(st, span(s->name), span(s->password),
			    word);
		case SASL_FIRST:
		case SASL_FINAL:
			if (!ask(st, step == SASL_FIRST ? ASK_FIRST : ASK_FINAL,
				s->mechanism == SASL_SCRAM_PLUS, s->text, &v))
				return v;
			step = sasl_answer(s, record_span(&answer));
			break;
		case SASL_DONE:
			(void)conn_flush(st->conn);
			(void)ask(st, ASK_IN, 0, word, &v);
			return v;
		case SASL_UNKNOWN:
			return FRONT_UNKNOWN;
		case SASL_SYNTAX:
			return FRONT_SYNTAX;
		case SASL_CANCELLED:
			return FRONT_CANCELLED;
		case SASL_OTHER:
			return FRONT_OTHER;
		}
	}
}

enum front_verdict
front_sasl(struct front_stranger *st, struct span mechanism,
    const struct span *initial, struct span word)
{
	enum sasl_step step;
	enum front_verdict v;
	struct sasl s;

	step = sasl_begin(&s, mechanism, st->offered, initial);
	v = converse(st, &s, step, word);
	sasl_end(&s);
	return v;
}

/* Begin anew on the new descriptor. */
static void
encrypted(struct front_stranger *s, int sock)
{
	int64_t stop = s->conn->stop;

	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	conn_init(s->conn, sock, sock, false);
	s->conn->stop = stop;
	s->tls = true;
	s->can_tls = false;
	if (answer.value != 0 && (s->with_tls & SASL_SCRAM) != 0)
		s->with_tls |= SASL_SCRAM_PLUS;
	s->offered = s->with_tls;
}

enum front_tls
front_starttls(struct front_stranger *s, const char *go_on)
{
	int sock = -1;

	if (conn_behind(s->conn)) {
		log_line(LOG_NOTICE,
		    "no-tls reason=\"octets behind the "
		    "command\"");
		return FRONT_TLS_BEHIND;
	}
	conn_put(s->conn, go_on, strlen(go_on));
	if (conn_flush(s->conn) == -1 ||
	    record_send(s->monitor, ASK_TLS, 0, span(""), s->conn->in) == -1 ||
	    record_recv(s->monitor, &answer, &sock, ANSWER_MS) != 1 ||
	    answer.kind != ANSWER_TLS || sock == -1) {
		s->conn->broken = true;
		return FRONT_TLS_FAILED;
	}
	encrypted(s, sock);
	return FRONT_TLS_UP;
}
