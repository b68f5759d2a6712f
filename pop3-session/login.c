/* Runs in the sandboxed parser.  The password goes to the monitor; here it is
 * only cut out of its line. */
#include "pop3-session/login.h"

#include <string.h>

#include "pop3-session/pop3.h"
#include "session/front.h"
#include "session/users.h"

enum { PATIENCE = 30 }; /* seconds for a command */

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

const struct reply *
login_pass(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;

	p->state = S_START;
	if (front_login(p->conn, l->monitor, span(l->name), a->text,
		span("")) == FRONT_TEMP)
		return &trouble;
	return ++l->tries < FRONT_TRIES ? &bad : &bad_last;
}

void
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
	(void)pop3_serve(&p);
}
