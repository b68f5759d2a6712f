/* Runs in the sandboxed parser: the client's words on their way to the
 * monitor, and what it answers. */
#include <string.h>

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
ask(int monitor, uint32_t kind, struct span data, enum front_verdict *v)
{
	*v = FRONT_TEMP;
	if (record_send(monitor, kind, 0, data, -1) == -1 ||
	    record_recv(monitor, &answer, NULL, ANSWER_MS) != 1) {
		(void)fail("ask for a login");
		log_line(LOG_ERR, "login-error reason=\"%s\"", fail_text());
		return false;
	}
	if (answer.kind == ANSWER_BAD)
		*v = FRONT_BAD;
	return answer.kind == ANSWER_TEXT;
}

enum front_verdict
front_login(struct conn *c, int monitor, struct span name, struct span password,
    struct span word)
{
	char data[SASL_NAME_MAX + SASL_PASSWORD_MAX + FRONT_WORD_MAX + 2];
	enum front_verdict v;
	size_t n = 0;

	/* What is still here when the monitor takes over is never sent. */
	(void)conn_flush(c);
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
	(void)ask(monitor, ASK_LOGIN, span_n(data, n), &v);
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
converse(struct conn *c, int monitor, struct sasl *s, enum sasl_step step,
    struct span word)
{
	enum front_verdict v;

	for (;;) {
		switch (step) {
		case SASL_SEND:
			if (exchange(c, s, &step) == -1)
				return FRONT_LOST;
			break;
		case SASL_PASSWORD:
			return front_login(c, monitor, span(s->name),
			    span(s->password), word);
		case SASL_FIRST:
		case SASL_FINAL:
			if (!ask(monitor,
				step == SASL_FIRST ? ASK_FIRST : ASK_FINAL,
				s->text, &v))
				return v;
			step = sasl_answer(s, record_span(&answer));
			break;
		case SASL_DONE:
			(void)conn_flush(c);
			(void)ask(monitor, ASK_IN, word, &v);
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
front_sasl(struct conn *c, int monitor, struct span mechanism, unsigned offered,
    const struct span *initial, struct span word)
{
	enum front_verdict v;
	struct sasl s;

	v = converse(c, monitor, &s,
	    sasl_begin(&s, mechanism, offered, initial), word);
	sasl_end(&s);
	return v;
}
