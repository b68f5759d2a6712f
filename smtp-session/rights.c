/* MAY HOLD ROOT.
 *
 * Some requests fork an agent, whose socket goes to the parser; nothing
 * that the agent or the parser says afterwards passes through here. */
#include "smtp-session/rights.h"

#include <bsd/string.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mailq-run/spool.h"
#include "message/addr.h"
#include "message/fail.h"
#include "session/guard.h"
#include "session/log.h"
#include "session/record.h"
#include "session/sasl.h"
#include "session/tls.h"
#include "smtp-session/agent.h"
#include "smtp-session/envelope.h"
#include "smtp-session/grey.h"
#include "smtp-session/milter.h"
#include "smtp-session/names.h"
#include "smtp-session/sends.h"

enum { LOGIN_LONGEST = SASL_NAME_MAX + SASL_PASSWORD_MAX + 1 };

/* Fork with a socket between the child and the parser.
 * In the child: its end.  In the monitor: -1, the parser knows or has left;
 * -2 when it could not be told. */
static int
fork_agent(struct monitor *m)
{
	enum { NONE = -1 };
	int pair[2] = { NONE, NONE }, e = 0, r;
	pid_t pid = -1;

	if (record_pair(pair) == -1 || (pid = fork()) == -1)
		e = errno;
	if (pid == 0) {
		(void)signal(SIGTERM, SIG_DFL);
		monitor_leave(pair[1]);
		return pair[1];
	}
	r = record_send(m->sock, e == 0 ? ANSWER_AGENT : ANSWER_NONE, e,
	    span(""), e == 0 ? pair[0] : NONE);
	if (r == -1 && (errno == EPIPE || errno == ECONNRESET))
		r = 0;
	if (pair[0] != NONE) {
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
	return r == -1 ? -2 : -1;
}

/* It is there while the client still greets. */
void
rights_first(struct monitor *m)
{
	const struct rights_ctx *x = m->ctx;
	pid_t pid = x->agent == -1 ? -1 : fork();

	if (pid == 0) {
		(void)signal(SIGTERM, SIG_DFL);
		monitor_leave(x->agent);
		agent_ready(x->agent, x->config, x->peer->local_ip);
	}
	if (x->agent != -1)
		(void)close(x->agent);
}

/* A child that writes for somebody, connects the mail filters or asks the
 * DNS. */
static int
answer_agent(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	int sock;

	(void)fd;
	if (r->kind == ASK_RCPT && !agent_may(r->value, record_span(r)))
		return fail_as(EBADMSG, "address with odd octets");
	sock = fork_agent(m);
	if (sock < 0)
		return sock == -1 ? 0 : fail("answer the parser");
	switch (r->kind) {
	case ASK_RCPT:
		agent_mailbox(sock, x->config, x->peer->local_ip,
		    record_span(r), (enum agent_how)r->value);
	case ASK_SPOOL:
		agent_spool(sock, x->config);
	case ASK_NAMES:
		names_resolver(sock, x->config);
	default:
		milter_connect(sock, x->config, x->milters);
	}
}

static int
answer_kick(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;

	(void)r;
	(void)fd;
	spool_kick(x->config->run);
	return 0;
}

/* A wrong password costs time, more with each from there; only the session
 * that tried it waits. */
static int
answer_bad(struct monitor *m, const char *name, const char *password)
{
	const struct rights_ctx *x = m->ctx;

	guard_pause(x->config->run, x->peer->ip, name, password, LOGIN_PAUSE);
	return record_send(m->sock, ANSWER_LOGIN_BAD, 0, span(""), -1);
}

static int
answer_temp(struct monitor *m)
{
	return record_send(m->sock, ANSWER_LOGIN_TEMP, 0, span(fail_text()),
	    -1);
}

/* A user has logged in, if he has not too many sessions; "said" goes to the
 * parser behind his name. */
static int
let_in(struct monitor *m, const char *user, uint32_t kind, const char *said)
{
	static struct record both;
	struct rights_ctx *x = m->ctx;
	int n;

	switch (slots_user(&x->slots, x->config->run, "smtp", user,
	    x->config->connections_per_user)) {
	case 1:
		break;
	case 0:
		return record_send(m->sock, ANSWER_LOGIN_MANY, 0, span(user),
		    -1);
	default:
		log_line(LOG_ERR, "slots reason=\"%s\"", fail_text());
	}
	slots_close(&x->in.stranger);
	(void)strlcpy(x->user, user, sizeof(x->user));
	n = snprintf(both.data, sizeof(both.data), "%s%c%s", user, '\0', said);
	return record_send(m->sock, kind, 0, span_n(both.data, (size_t)n), -1);
}

static int
answer_login(struct monitor *m, const struct record *r, int fd)
{
	struct rights_ctx *x = m->ctx;
	size_t name = strnlen(r->data, r->len);
	const char *password = r->data + name + 1;
	struct user u;

	(void)fd;
	if (name == r->len)
		return fail_as(EBADMSG, "login without a password");
	switch (auth_check(x->config, r->data, password, x->peer->ip, &u)) {
	case AUTH_OK:
		return let_in(m, u.name, ANSWER_LOGIN, "");
	case AUTH_BAD:
		return answer_bad(m, r->data, password);
	case AUTH_TEMP:
		break;
	}
	return answer_temp(m);
}

static int
answer_scram_first(struct monitor *m, const struct record *r, int fd)
{
	static struct record answer;
	struct rights_ctx *x = m->ctx;

	(void)fd;
	auth_scram_end(&x->scram);
	memset(&x->scram, 0, sizeof(x->scram));
	switch (auth_scram_first(&x->scram, x->config, record_span(r),
	    r->value != 0, &x->binding, &answer)) {
	case AUTH_OK:
		return record_send(m->sock, ANSWER_SCRAM, 0,
		    record_span(&answer), -1);
	case AUTH_BAD:
		return answer_bad(m, "", r->data);
	case AUTH_TEMP:
		break;
	}
	return answer_temp(m);
}

static int
answer_scram_final(struct monitor *m, const struct record *r, int fd)
{
	static struct record answer;
	struct rights_ctx *x = m->ctx;
	struct user u;

	(void)fd;
	switch (auth_scram_final(&x->scram, record_span(r), &answer, &u)) {
	case AUTH_OK:
		return let_in(m, u.name, ANSWER_SCRAM, answer.data);
	case AUTH_BAD:
		return answer_bad(m, x->scram.user.name, r->data);
	case AUTH_TEMP:
		break;
	}
	return answer_temp(m);
}

static int
answer_tls_ready(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	bool ready = tls_ready(x->config) == 0;

	(void)r;
	(void)fd;
	return record_send(m->sock, ANSWER_TLS_READY, ready ? 0 : -1,
	    span(ready ? "" : fail_text()), -1);
}

/* STARTTLS: the parser gives us the client's socket, which we leave to
 * tls-relay, and gets another for it. */
static int
answer_tls(struct monitor *m, const struct record *r, int fd)
{
	struct rights_ctx *x = m->ctx;
	char data[TLS_TEXT];
	int sock;

	(void)r;
	if (fd == -1)
		return fail_as(EBADMSG, "no socket came");
	sock = tls_session(x->config, fd, x->peer->ip, &x->binding, data);
	if (sock == -1)
		return record_send(m->sock, ANSWER_NONE, errno, span(""), -1);
	if (record_send(m->sock, ANSWER_TLS, x->binding.exporter_len > 0,
		span(data), sock) == -1)
		return fail("answer the parser");
	(void)close(sock);
	return 0;
}

/* Who has logged in is known here; a local user the parser names. */
static int
answer_sends(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	const char *user = x->user[0] != '\0' ? x->user : r->data;
	enum sends_got got;

	(void)fd;
	if (r->value > SPOOL_RCPTS || r->value < -SPOOL_RCPTS)
		return fail_as(EBADMSG, "no number of recipients");
	got = sends_count(x->config->run, user, r->value,
	    x->config->sends_per_day, time(NULL));
	if (got == SENDS_TROUBLE)
		log_line(LOG_ERR, "sends user=%s reason=\"%s\"", user,
		    fail_text());
	return record_send(m->sock, ANSWER_SENDS, (int)got, span(""), -1);
}

/* The client's address is known here. */
static int
answer_grey(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	size_t from = strnlen(r->data, r->len);
	long left;

	(void)fd;
	if (from == r->len)
		return fail_as(EBADMSG, "no sender and recipient");
	left = grey_ask(x->config->run, x->peer->ip, r->data,
	    r->data + from + 1, x->config->greylist, time(NULL));
	if (left == -1)
		log_line(LOG_ERR, "greylist ip=%s reason=\"%s\"", x->peer->ip,
		    fail_text());
	return record_send(m->sock, ANSWER_GREY, left == -1 ? 0 : (int)left,
	    span(""), -1);
}

/* clang-format off */
const struct right smtp_rights[MONITOR_KINDS] = {
	[ASK_LOG] =	{ 30000, RECORD_DATA,	monitor_log },
	[ASK_RCPT] =	{ 20000, 400,		answer_agent },
	[ASK_SPOOL] =	{ 1000,	 0,		answer_agent },
	[ASK_KICK] =	{ 6000,	 0,		answer_kick },
	[ASK_LOGIN] =	{ LOGIN_TRIES, LOGIN_LONGEST, answer_login },
	[ASK_SCRAM_FIRST] = { LOGIN_TRIES, SCRAM_TEXT_MAX, answer_scram_first },
	[ASK_SCRAM_FINAL] = { LOGIN_TRIES, SCRAM_TEXT_MAX, answer_scram_final },
	[ASK_TLS] =	{ 1,	 0,		answer_tls },
	[ASK_SENDS] =	{ 3000,	 USER_NAME_MAX, answer_sends },
	[ASK_NAMES] =	{ 1,	 0,		answer_agent },
	[ASK_MILTERS] =	{ MILTER_TIMES, 0,	answer_agent },
	[ASK_TLS_READY] = { 1,	 0,		answer_tls_ready },
	[ASK_GREY] =	{ 20000, 2 * ENVELOPE_TEXT, answer_grey },
};
/* clang-format on */
