/* AUTH (RFC 4954): the words are session/sasl.c's, what they are worth the
 * monitor has checked. */
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#include "session/log.h"
#include "session/record.h"
#include "session/sasl.h"
#include "smtp-session/rights.h"
#include "smtp-session/command.h"

/* clang-format off */
static const struct reply
welcome =	{ 235, "2.7.0", "Logged in", false },
bad_login =	{ 535, "5.7.8", "Wrong name or password", false },
last_login =	{ 535, "5.7.8", "Wrong name or password", true },
too_many =	{ 421, "4.7.0", "Too many connections of this user (connections-per-user)", true },
no_backend =	{ 454, "4.7.0", "Cannot check passwords now", false },
no_mechanism =	{ 504, "5.5.4", "No such mechanism", false },
need_tls =	{ 538, "5.7.11", "Needs an encrypted connection", false },
cancelled =	{ 501, "5.7.0", "Cancelled", false },
bad_response =	{ 501, "5.5.2", "Not base64, or not what the mechanism wants", false },
long_response =	{ 500, "5.5.6", "Response too long", false },
lost =		{ 421, "4.4.2", "Nothing heard for too long, closing", true },
only_once =	{ 503, "5.5.1", "Logged in already", false },
disabled =	{ 502, "5.5.1", "Not for you", false };
/* clang-format on */

/* Passwords may cross a connection that nobody can read, or where the
 * configuration says that it does not matter. */
bool
login_possible(const struct smtp *s)
{
	if (!s->facts.submission || s->facts.authenticated)
		return false;
	return s->tls[0] != '\0' || s->config->plain_login == PLAIN_ALWAYS ||
	    s->peer->kind != PEER_INET ||
	    (s->config->plain_login == PLAIN_LOOPBACK && s->peer->loopback);
}

/* The mechanisms that may be offered now. */
unsigned
login_offered(const struct smtp *s)
{
	if (!login_possible(s))
		return 0;
	if (!s->keys)
		return SASL_PLAIN | SASL_LOGIN;
	return SASL_PLAIN | SASL_LOGIN | SASL_SCRAM |
	    (s->plus ? SASL_SCRAM_PLUS : 0);
}

static const struct reply *
refused(struct smtp *s, const char *name)
{
	bool last = ++s->logins == LOGIN_TRIES;

	return smtp_because(s, last ? &last_login : &bad_login,
	    "login-refused user=%s", name);
}

static const struct reply *
accepted(struct smtp *s, const char *name)
{
	(void)strlcpy(s->user, name, sizeof(s->user));
	s->facts.authenticated = true;
	log_line(LOG_INFO, "login user=%s ip=%s", s->user, s->peer->ip);
	return &welcome;
}

/* Ask the monitor; its answer is in s->deliver.record.  NULL when that is of
 * the kind that was hoped for. */
static const struct reply *
ask(struct smtp *s, uint32_t kind, int value, struct span data, uint32_t wanted,
    const char *name)
{
	struct record *r = &s->deliver.record;

	if (record_send(s->deliver.monitor, kind, value, data, -1) == -1 ||
	    record_recv(s->deliver.monitor, r, NULL, LOGIN_SECONDS * 1000) != 1)
		return smtp_because(s, &no_backend, "monitor");
	if (r->kind == wanted)
		return NULL;
	if (r->kind == ANSWER_LOGIN_BAD)
		return refused(s, name);
	if (r->kind == ANSWER_LOGIN_MANY)
		return smtp_because(s, &too_many, "connections-per-user %u",
		    s->config->connections_per_user);
	return smtp_because(s, &no_backend, "%s", r->data);
}

static const struct reply *
ask_password(struct smtp *s, const struct sasl *a)
{
	char data[SASL_NAME_MAX + SASL_PASSWORD_MAX + 2];
	size_t name = strlen(a->name) + 1, password = strlen(a->password);
	const struct reply *r;

	memcpy(data, a->name, name);
	memcpy(data + name, a->password, password);
	r = ask(s, ASK_LOGIN, 0, span_n(data, name + password), ANSWER_LOGIN,
	    a->name);
	explicit_bzero(data, sizeof(data));
	return r != NULL ? r : accepted(s, s->deliver.record.data);
}

/* The line that answers a challenge. */
static const struct reply *
exchange(struct smtp *s, struct sasl *a, enum sasl_step *step)
{
	struct span line;

	conn_printf(&s->conn, "334 %s\r\n", a->out.p);
	switch (
	    conn_line(&s->conn, &line, SASL_LINE_MAX, SMTP_COMMAND_SECONDS)) {
	case CONN_LINE:
		*step = sasl_line(a, line);
		return NULL;
	case CONN_LONG:
		return &long_response;
	default:
		return &lost;
	}
}

static const struct reply *
by_step(struct smtp *s, const struct sasl *a, enum sasl_step step)
{
	if (step == SASL_UNKNOWN)
		return &no_mechanism;
	if (step == SASL_CANCELLED)
		return &cancelled;
	return step == SASL_OTHER ? refused(s, a->name) : &bad_response;
}

static const struct reply *
converse(struct smtp *s, struct sasl *a, enum sasl_step step)
{
	const char *answer = s->deliver.record.data;
	const struct reply *r = NULL;
	char user[sizeof(s->user)] = "";

	while (r == NULL) {
		switch (step) {
		case SASL_SEND:
			r = exchange(s, a, &step);
			break;
		case SASL_PASSWORD:
			return ask_password(s, a);
		case SASL_FIRST:
			r = ask(s, ASK_SCRAM_FIRST,
			    a->mechanism == SASL_SCRAM_PLUS, a->text,
			    ANSWER_SCRAM, a->name);
			if (r == NULL)
				step = sasl_answer(a, span(answer));
			break;
		case SASL_FINAL: /* the answer: user NUL text */
			r = ask(s, ASK_SCRAM_FINAL, 0, a->text, ANSWER_SCRAM,
			    a->name);
			if (r != NULL)
				break;
			(void)strlcpy(user, answer, sizeof(user));
			step = sasl_answer(a,
			    span_from(record_span(&s->deliver.record),
				strlen(user) + 1));
			break;
		case SASL_DONE:
			return accepted(s, user);
		default:
			return by_step(s, a, step);
		}
	}
	return r;
}

const struct reply *
cmd_auth(struct smtp *s, struct span arg)
{
	struct span mechanism = span_word(&arg), initial = span_trim(arg);
	const struct reply *r;
	struct sasl a;

	if (!s->facts.submission)
		return &disabled;
	if (s->facts.authenticated)
		return &only_once;
	if (!login_possible(s))
		return &need_tls;
	r = converse(s, &a,
	    sasl_begin(&a, mechanism, login_offered(s),
		initial.len > 0 ? &initial : NULL));
	if (s->facts.authenticated)
		(void)snprintf(s->mechanism, sizeof(s->mechanism), "%.*s",
		    (int)mechanism.len, mechanism.p);
	sasl_end(&a);
	explicit_bzero(s->conn.ibuf, s->conn.at);
	return r;
}
