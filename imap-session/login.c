/* Runs in the sandboxed parser.  The password goes to the monitor; here it is
 * only cut out of its line.  The answer to the right one is given by the
 * process that serves the user, so it gets the tag. */
#include "imap-session/login.h"

#include <stdio.h>
#include <string.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"

struct login {
	struct front_stranger *stranger;
	unsigned tries;
};

static const struct limit limit = {
	.line = 8190,
	.literal = 1024,
	.total = 8192,
	.seconds = 30,
};

static const struct reply no_tls = { SAY_NO, "[PRIVACYREQUIRED] TLS required" };
static const struct reply wrong = {
	SAY_NO,
	"[AUTHENTICATIONFAILED] Wrong name or password",
};
static const struct reply other = {
	SAY_NO,
	"[AUTHORIZATIONFAILED] Nobody may act for others",
};
static const struct reply trouble = {
	SAY_NO,
	"[UNAVAILABLE] Cannot check passwords now",
};
static const struct reply last = { SAY_BYE, "Too many wrong passwords" };
static const struct reply no_mechanism = {
	SAY_NO,
	"[CANNOT] Unknown mechanism",
};
static const struct reply no_starttls = { SAY_BAD, "There is no TLS" };
static const struct reply active = { SAY_BAD, "TLS is active already" };
static const struct reply behind = { SAY_BYE, "Octets behind STARTTLS" };
static const struct reply begun = { SAY_NOTHING, "" };

unsigned
login_offered(const struct imap *im)
{
	return im->login->stranger->offered;
}

bool
login_can_tls(const struct imap *im)
{
	return im->login->stranger->can_tls;
}

static const struct reply *
verdict(struct imap *im, struct parse *p, enum front_verdict v)
{
	switch (v) {
	case FRONT_BAD:
		if (++im->login->tries < FRONT_TRIES)
			return &wrong;
		conn_printf(im->conn, "%.*s NO %s\r\n", (int)im->tag.len,
		    im->tag.p, wrong.text);
		return &last;
	case FRONT_TEMP:
		return &trouble;
	case FRONT_UNKNOWN:
		return &no_mechanism;
	case FRONT_OTHER:
		return &other;
	case FRONT_FULL:
		return imap_no(im,
		    "[LIMIT] %u connections of a user are the limit "
		    "(connections-per-user)",
		    im->login->stranger->per_user);
	case FRONT_SYNTAX:
		(void)parse_fail(p, "Invalid response");
		break;
	case FRONT_CANCELLED:
		(void)parse_fail(p, "Cancelled");
		break;
	case FRONT_LOST:
		im->conn->broken = true;
		break;
	}
	return &imap_bad;
}

const struct reply *
login_login(struct imap *im, struct parse *p)
{
	struct span name, password;

	if (parse_space(p) == -1 || parse_astring(p, &name) == -1 ||
	    parse_space(p) == -1 || parse_astring(p, &password) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	if (im->login->stranger->offered == 0)
		return &no_tls;
	return verdict(im, p,
	    front_login(im->login->stranger, name, password, im->tag));
}

const struct reply *
login_starttls(struct imap *im, struct parse *p)
{
	struct front_stranger *s = im->login->stranger;
	char go_on[TAG_MAX + 32];

	if (parse_end(p) == -1)
		return &imap_bad;
	if (!s->can_tls)
		return s->tls ? &active : &no_starttls;
	(void)snprintf(go_on, sizeof(go_on), "%.*s OK Begin TLS\r\n",
	    (int)im->tag.len, im->tag.p);
	return front_starttls(s, go_on) == FRONT_TLS_BEHIND ? &behind : &begun;
}

const struct reply *
login_authenticate(struct imap *im, struct parse *p)
{
	struct login *l = im->login;
	struct span mechanism, initial;
	bool given;

	if (parse_space(p) == -1 || parse_atom(p, &mechanism) == -1)
		return &imap_bad;
	/* SASL-IR, RFC 4959 */
	given = capability_on(CAP_SASL_IR) && parse_try(p, ' ');
	initial = p->rest;
	if (!given && parse_end(p) == -1)
		return &imap_bad;
	if (l->stranger->offered == 0)
		return &no_tls;
	return verdict(im, p,
	    front_sasl(l->stranger, mechanism, given ? &initial : NULL,
		im->tag));
}

void
login_serve(struct front_stranger *s)
{
	struct login l = { .stranger = s };
	struct imap im;

	if (imap_init(&im, s->conn, &limit, 4 * limit.total) == -1)
		return;
	im.login = &l;
	imap_serve(&im);
	imap_free(&im);
}
