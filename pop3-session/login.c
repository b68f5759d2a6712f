/* Runs in the sandboxed parser.  The password goes to the monitor; here it is
 * only cut out of its line. */
#include "pop3-session/login.h"

#include <string.h>

#include "pop3-session/pop3.h"
#include "session/users.h"

enum { PATIENCE = 30 }; /* seconds for a command */

struct login {
	struct front_stranger *stranger;
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
static const struct reply no_mechanism = { .text = "Unknown mechanism" };
static const struct reply bad_response = { .text = "Invalid response" };
static const struct reply cancelled = { .text = "Cancelled" };
static const struct reply other = {
	.text = "[AUTH] Nobody may act for others",
};
static const struct reply lost = { .last = true, .text = "Nothing heard" };

static const struct reply active = { .text = "TLS is active already" };
static const struct reply no_stls = { .text = "There is no TLS" };
static const struct reply behind = {
	.last = true,
	.text = "Octets behind STLS",
};
static const struct reply no_handshake = {
	.last = true,
	.text = "TLS handshake failed", /* nobody hears it */
};

unsigned
login_offered(const struct pop3 *p)
{
	return p->login->stranger->offered;
}

bool
login_can_tls(const struct pop3 *p)
{
	return p->login->stranger->can_tls;
}

const struct reply *
login_user(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;
	struct span name = span_trim(a->text);

	if (l->stranger->offered == 0)
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

static const struct reply *
verdict(struct pop3 *p, enum front_verdict v)
{
	static const struct reply full = { .last = true };
	struct login *l = p->login;

	switch (v) {
	case FRONT_BAD:
		return ++l->tries < FRONT_TRIES ? &bad : &bad_last;
	case FRONT_UNKNOWN:
		return &no_mechanism;
	case FRONT_SYNTAX:
		return &bad_response;
	case FRONT_CANCELLED:
		return &cancelled;
	case FRONT_OTHER:
		return &other;
	case FRONT_FULL:
		buf_printf(&p->text,
		    "[SYS/TEMP] %u connections of a user are the limit "
		    "(connections-per-user)",
		    l->stranger->per_user);
		return &full;
	case FRONT_LOST:
		return &lost;
	case FRONT_TEMP:
		break;
	}
	return &trouble;
}

const struct reply *
login_pass(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;

	p->state = S_START;
	return verdict(p,
	    front_login(l->stranger, span(l->name), a->text, span("")));
}

/* RFC 5034; without an argument the old question what there is. */
const struct reply *
login_auth(struct pop3 *p, const struct args *a)
{
	struct login *l = p->login;
	struct span mechanism, rest = a->text;

	if (l->stranger->offered == 0)
		return &no_tls;
	mechanism = span_word(&rest);
	rest = span_trim(rest);
	p->state = S_START;
	return verdict(p,
	    front_sasl(l->stranger, mechanism, rest.len > 0 ? &rest : NULL,
		span("")));
}

/* RFC 2595 s. 4; the name of a USER before it is forgotten. */
const struct reply *
login_stls(struct pop3 *p, const struct args *a)
{
	struct front_stranger *s = p->login->stranger;

	(void)a;
	if (!s->can_tls)
		return s->tls ? &active : &no_stls;
	p->state = S_START;
	switch (front_starttls(s, "+OK Begin TLS\r\n")) {
	case FRONT_TLS_UP:
		return NULL;
	case FRONT_TLS_BEHIND:
		return &behind;
	case FRONT_TLS_FAILED:
		break;
	}
	return &no_handshake;
}

/* RFC 6856 s. 2: messages and texts are sent as they are, with or without. */
const struct reply *
login_utf8(struct pop3 *p, const struct args *a)
{
	static const struct reply utf8 = { .ok = true, .text = "UTF-8" };

	(void)p;
	(void)a;
	return &utf8;
}

void
login_serve(struct front_stranger *s)
{
	struct login l = { .stranger = s };
	struct pop3 p = {
		.conn = s->conn,
		.state = S_START,
		.patience = PATIENCE,
		.login = &l,
	};

	buf_init(&p.text, 128);
	(void)pop3_serve(&p);
}
