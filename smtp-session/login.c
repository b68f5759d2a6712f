/* AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN: the parser takes the words
 * apart, the monitor has them checked. */
#include <bsd/string.h>
#include <string.h>

#include "message/codec.h"
#include "session/log.h"
#include "session/record.h"
#include "smtp-session/rights.h"
#include "smtp-session/smtp.h"

/* clang-format off */
static const struct reply
welcome =	{ 235, "2.7.0", "Logged in", false },
bad_login =	{ 535, "5.7.8", "Wrong name or password", false },
last_login =	{ 535, "5.7.8", "Wrong name or password", true },
no_backend =	{ 454, "4.7.0", "Cannot check passwords now", false },
no_mechanism =	{ 504, "5.5.4", "Mechanisms are PLAIN and LOGIN", false },
need_tls =	{ 538, "5.7.11", "Needs an encrypted connection", false },
cancelled =	{ 501, "5.7.0", "Cancelled", false },
bad_base64 =	{ 501, "5.5.2", "Not base64", false },
bad_response =	{ 501, "5.5.2", "Not a response of this mechanism", false },
long_response =	{ 500, "5.5.6", "Response too long", false },
lost =		{ 421, "4.4.2", "Nothing heard for too long, closing", true },
only_once =	{ 503, "5.5.1", "Logged in already", false },
disabled =	{ 502, "5.5.1", "Not for you", false };
/* clang-format on */

enum { RESPONSE_MAX = 12288, WORD_MAX = LOGIN_WORD_MAX };

/* Passwords may cross a connection that nobody can read, or where the
 * configuration says that it does not matter. */
bool
login_possible(const struct smtp *s)
{
	if (!s->facts.submission || s->facts.authenticated)
		return false;
	return s->config->plain_login == PLAIN_ALWAYS ||
	    s->peer->kind != PEER_INET ||
	    (s->config->plain_login == PLAIN_LOOPBACK && s->peer->loopback);
}

static int
decode(struct buf *out, struct span text)
{
	struct codec c;

	buf_reset(out);
	codec_begin(&c, CODEC_BASE64);
	codec_decode(&c, out, text);
	codec_decode_end(&c, out);
	return c.damaged || out->over ? -1 : 0;
}

/* What the client says to "334 prompt"; NULL when it is in "out", decoded. */
static const struct reply *
prompt(struct smtp *s, const char *text, struct buf *out)
{
	struct span line;

	conn_printf(&s->conn, "334 %s\r\n", text);
	switch (
	    conn_line(&s->conn, &line, RESPONSE_MAX, SMTP_COMMAND_SECONDS)) {
	case CONN_LINE:
		break;
	case CONN_LONG:
		return &long_response;
	default:
		return &lost;
	}
	if (span_eq(line, span("*")))
		return &cancelled;
	return decode(out, line) == -1 ? &bad_base64 : NULL;
}

static const struct reply *
refused(struct smtp *s, struct span name)
{
	bool last = ++s->logins == LOGIN_TRIES;

	return smtp_because(s, last ? &last_login : &bad_login,
	    "login-refused user=%.*s", (int)(name.len < 80 ? name.len : 80),
	    name.p);
}

/* Have the monitor check it. */
static const struct reply *
check(struct smtp *s, struct span name, struct span password)
{
	struct record *r = &s->deliver.record;
	char data[2 * WORD_MAX + 2];
	int sent;

	if (name.len == 0 || name.len > WORD_MAX || password.len == 0 ||
	    password.len > WORD_MAX || span_find(name, '\0') < name.len ||
	    span_find(password, '\0') < password.len)
		return refused(s, name);
	memcpy(data, name.p, name.len);
	data[name.len] = '\0';
	memcpy(data + name.len + 1, password.p, password.len);
	sent = record_send(s->deliver.monitor, ASK_LOGIN, 0,
	    span_n(data, name.len + 1 + password.len), -1);
	explicit_bzero(data, sizeof(data));
	if (sent == -1 ||
	    record_recv(s->deliver.monitor, r, NULL, LOGIN_SECONDS * 1000) != 1)
		return smtp_because(s, &no_backend, "monitor");
	if (r->kind == ANSWER_LOGIN_BAD)
		return refused(s, name);
	if (r->kind != ANSWER_LOGIN)
		return smtp_because(s, &no_backend, "%s", r->data);
	(void)strlcpy(s->user, r->data, sizeof(s->user));
	s->facts.authenticated = true;
	log_line(LOG_INFO, "login user=%s ip=%s", s->user, s->peer->ip);
	return &welcome;
}

/* authzid NUL authcid NUL password; nobody may act for another. */
static const struct reply *
plain(struct smtp *s, struct buf *response, struct span initial)
{
	const struct reply *r = NULL;
	struct span rest, act, name;

	if (initial.p == NULL)
		r = prompt(s, "", response);
	else if (decode(response,
		     span_eq(initial, span("=")) ? span("") : initial) == -1)
		r = &bad_base64;
	if (r != NULL)
		return r;
	rest = buf_all(response);
	act = span_cut(&rest, '\0');
	if (rest.p == NULL)
		return &bad_response;
	name = span_cut(&rest, '\0');
	if (rest.p == NULL)
		return &bad_response;
	if (act.len > 0 && !span_eq(act, name))
		return refused(s, name);
	return check(s, name, rest);
}

/* The prompts of draft-murchison-sasl-login, "User Name" and "Password" with
 * a NUL each. */
static const struct reply *
login(struct smtp *s, struct buf *response, struct span initial)
{
	const struct reply *r = NULL;
	struct buf name;

	buf_init(&name, RESPONSE_MAX);
	if (initial.p == NULL)
		r = prompt(s, "VXNlciBOYW1lAA==", &name);
	else if (decode(&name, initial) == -1)
		r = &bad_base64;
	if (r == NULL)
		r = prompt(s, "UGFzc3dvcmQA", response);
	if (r == NULL)
		r = check(s, buf_all(&name), buf_all(response));
	buf_free(&name);
	return r;
}

const struct reply *
cmd_auth(struct smtp *s, struct span arg)
{
	struct span mechanism = span_word(&arg), initial = span_trim(arg);
	const struct reply *r;
	struct buf response;

	if (!s->facts.submission)
		return &disabled;
	if (s->facts.authenticated)
		return &only_once;
	if (!login_possible(s))
		return &need_tls;
	if (initial.len == 0)
		initial.p = NULL;
	/* The log is not to hold what comes behind the mechanism. */
	(void)strlcpy(s->line, "AUTH", sizeof(s->line));
	buf_init(&response, RESPONSE_MAX);
	if (span_same(mechanism, span("PLAIN")))
		r = plain(s, &response, initial);
	else if (span_same(mechanism, span("LOGIN")))
		r = login(s, &response, initial);
	else
		r = &no_mechanism;
	explicit_bzero(response.p, response.len);
	buf_free(&response);
	explicit_bzero(s->conn.ibuf, s->conn.at);
	return r;
}
