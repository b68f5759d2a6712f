/* Runs in the sandboxed parser.  The password goes to the monitor; here it is
 * only cut out of its line. */
#include "pop3-session/login.h"

#include <string.h>
#include <strings.h>

#include "message/fail.h"
#include "pop3-session/pop3.h"
#include "session/log.h"
#include "session/record.h"
#include "session/users.h"

enum {
	PATIENCE = 30, /* seconds for a command */
	ANSWER_MS = 90000, /* longer than the monitor's checker may take */
	PASSWORD_MAX = 512,
};

struct login {
	int monitor;
	bool plain;
	unsigned tries;
	char name[USER_NAME_MAX + 1];
};

static const struct reply go_on = { .ok = true, .text = "Password?" };
static const struct reply no_tls = { .text = "[SYS/PERM] TLS required" };
static const struct reply bad = {
	.text = "[AUTH] Wrong name or password",
};
static const struct reply bad_last = {
	.last = true,
	.text = "[AUTH] Wrong name or password",
};
static const struct reply trouble = {
	.last = true,
	.text = "[SYS/TEMP] Cannot check passwords now",
};

bool
login_permitted(const struct pop3 *p)
{
	return p->login->plain;
}

const struct reply *
login_user(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;
	struct span name = span_trim(a->text);

	if (!l->plain)
		return &no_tls;
	/* No user has a name that long, and "" is none either: PASS tells,
	 * in its own time. */
	if (name.len > USER_NAME_MAX)
		name.len = 0;
	memcpy(l->name, name.p, name.len);
	l->name[name.len] = '\0';
	p->state = S_NAME;
	return &go_on;
}

/* Ask the monitor.  Its answer, or -1. */
static int
ask(struct login *l, struct span password)
{
	static struct record answer;
	char data[LOGIN_LONGEST];
	size_t n;
	int r;

	if (password.len > PASSWORD_MAX) {
		password.len = 0;
		l->name[0] = '\0'; /* never the empty password of a user */
	}
	n = strlen(l->name) + 1;
	memcpy(data, l->name, n);
	memcpy(data + n, password.p, password.len);
	n += password.len;
	r = record_send(l->monitor, ASK_LOGIN, 0, span_n(data, n), -1);
	explicit_bzero(data, sizeof(data));
	if (r == -1)
		return fail("ask for a login");
	if (record_recv(l->monitor, &answer, NULL, ANSWER_MS) != 1)
		return fail("wait for the login");
	return (int)answer.kind;
}

const struct reply *
login_pass(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;

	/* What is still here when the monitor takes over is never sent. */
	if (conn_flush(p->conn) == -1)
		return &bad_last;
	p->state = S_START;
	switch (ask(l, a->text)) {
	case LOGIN_BAD:
		return ++l->tries < LOGIN_TRIES ? &bad : &bad_last;
	case LOGIN_TEMP:
		break;
	default:
		log_line(LOG_ERR, "login-error reason=%s", fail_text());
	}
	return &trouble;
}

int
login_serve(struct conn *c, int monitor, bool plain)
{
	struct login l = { .monitor = monitor, .plain = plain };
	struct pop3 p = {
		.conn = c,
		.state = S_START,
		.patience = PATIENCE,
		.login = &l,
	};

	buf_init(&p.text, 0);
	return pop3_serve(&p);
}
