/* MAY HOLD ROOT.
 *
 * Two of the requests fork an agent, whose socket goes to the parser; nothing
 * that the agent or the parser says afterwards passes through here. */
#include "smtp-session/rights.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "mailq-run/spool.h"
#include "message/addr.h"
#include "message/fail.h"
#include "session/auth.h"
#include "session/record.h"
#include "smtp-session/agent.h"

static bool
clean(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.len > 0;
}

/* Fork with a socket between the child and the parser.
 * In the child: its end.  In the monitor: -1 when told, -2 when that failed. */
static int
fork_agent(struct monitor *m)
{
	int pair[2], r;
	pid_t pid;

	if (record_pair(pair) == -1)
		return record_send(m->sock, ANSWER_NONE, errno, span(""), -1) ==
			-1 ?
		    -2 :
		    -1;
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGTERM, SIG_DFL);
		(void)close(pair[0]);
		(void)close(m->sock);
		return pair[1];
	}
	(void)close(pair[1]);
	if (pid == -1)
		r = record_send(m->sock, ANSWER_NONE, errno, span(""), -1);
	else
		r = record_send(m->sock, ANSWER_AGENT, 0, span(""), pair[0]);
	(void)close(pair[0]);
	return r == -1 ? -2 : -1;
}

static int
answer_rcpt(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	int sock;

	(void)fd;
	if (r->value < 0 || r->value >= AGENT_HOW_KINDS ||
	    !clean(record_span(r)))
		return fail_as(EBADMSG, "address with odd octets");
	sock = fork_agent(m);
	if (sock >= 0)
		agent_mailbox(sock, x->config, x->peer->local_ip,
		    record_span(r), (enum agent_how)r->value);
	return sock == -1 ? 0 : fail("answer the parser");
}

static int
answer_spool(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	int sock;

	(void)r;
	(void)fd;
	sock = fork_agent(m);
	if (sock >= 0)
		agent_spool(sock, x->config);
	return sock == -1 ? 0 : fail("answer the parser");
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

/* Wrong passwords cost time; only the session that tried them waits. */
static int
answer_login(struct monitor *m, const struct record *r, int fd)
{
	const struct rights_ctx *x = m->ctx;
	size_t name = strnlen(r->data, r->len);
	struct user u;

	(void)fd;
	if (name == r->len)
		return fail_as(EBADMSG, "login without a password");
	switch (auth_check(x->config, r->data, r->data + name + 1, x->peer->ip,
	    &u)) {
	case AUTH_OK:
		return record_send(m->sock, ANSWER_LOGIN, 0, span(u.name), -1);
	case AUTH_BAD:
		(void)sleep(LOGIN_PAUSE);
		return record_send(m->sock, ANSWER_LOGIN_BAD, 0, span(""), -1);
	case AUTH_TEMP:
		break;
	}
	return record_send(m->sock, ANSWER_LOGIN_TEMP, 0, span(fail_text()),
	    -1);
}

/* clang-format off */
const struct right smtp_rights[MONITOR_KINDS] = {
	[ASK_LOG] =	{ 30000, RECORD_DATA,	monitor_log },
	[ASK_RCPT] =	{ 10000, 400,		answer_rcpt },
	[ASK_SPOOL] =	{ 1000,	 0,		answer_spool },
	[ASK_KICK] =	{ 2000,	 0,		answer_kick },
	[ASK_LOGIN] =	{ LOGIN_TRIES, 2 * LOGIN_WORD_MAX + 1, answer_login },
};
/* clang-format on */
