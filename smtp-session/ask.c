/* VRFY and EXPN (RFC 5321 s. 3.5): strangers learn nothing from them. */
#include <bsd/string.h>
#include <string.h>

#include "smtp-session/outlet.h"
#include "smtp-session/resolve.h"
#include "smtp-session/command.h"

/* clang-format off */
static const struct reply
perhaps =	{ 252, "2.0.0", "Cannot tell, but will try to deliver", false },
bad_address =	{ 501, "5.1.3", "Bad address syntax", false },
no_user =	{ 550, "5.1.1", "No such user here", false },
not_ours =	{ 550, "5.1.1", "Not one of ours", false },
disabled =	{ 502, "5.5.1", "Not for you", false },
later =		{ 451, "4.3.0", "Cannot look that up now, try later", false };
/* clang-format on */

/* What a mailbox, or what an alias stands for: addresses, one per line. */
static const struct reply *
list(struct smtp *s, unsigned code, const char *status, const char *above)
{
	struct span all = buf_all(&s->deliver.found_targets);
	struct buf lines;
	const struct reply *r;

	buf_init(&lines, CONN_OUT / 2 - 1);
	buf_str(&lines, above);
	while (all.len > 0) {
		struct span one = span_cut(&all, '\0');

		if (one.p[0] == TARGET_OWNER || one.p[0] == TARGET_VIA)
			continue;
		buf_str(&lines, lines.len > 0 ? "\n<" : "<");
		outlet_address(&lines, one.p + 1);
		buf_char(&lines, '>');
	}
	r = lines.over ? &later : smtp_say(s, code, status, "%s", lines.p);
	buf_free(&lines);
	return r;
}

/* A name without domain that nobody has at our own name: of whom may it be
 * (s. 3.5.1)? */
static const struct reply *
ask_name(struct smtp *s, const struct recipient *who)
{
	struct span all;
	size_t n = 0;

	if (deliver_look(&s->deliver, who->text, AGENT_NAMES) != CLASS_ALIAS)
		return smtp_because(s, &later, "%s", s->deliver.why.p);
	all = buf_all(&s->deliver.found_targets);
	for (; all.len > 0; n++)
		(void)span_cut(&all, '\0');
	if (n == 0)
		return &no_user;
	return n == 1 ? list(s, 250, "2.1.5", "") :
			list(s, 553, "5.1.4", "Ambiguous, may be one of");
}

static const struct reply *
ask(struct smtp *s, struct span arg, bool expand)
{
	struct recipient who, bare;

	if (envelope_path(&who, arg) != ENVELOPE_OK)
		return &bad_address;
	bare = who;
	envelope_qualify(&who.addr, who.text, s->config->hostname);
	switch (deliver_look(&s->deliver, who.text, AGENT_LOOK)) {
	case CLASS_MAILBOX:
		return smtp_say(s, 250, "2.1.5", "<%s>",
		    expand ? s->deliver.found_final : who.text);
	case CLASS_ALIAS:
		if (expand)
			return list(s, 250, "2.1.5", "");
		return smtp_say(s, 250, "2.1.5", "<%s>", who.text);
	case CLASS_REMOTE:
		return expand ? &not_ours : &perhaps;
	case CLASS_UNKNOWN:
		if (!expand && bare.addr.domain[0] == '\0')
			return ask_name(s, &bare);
		return &no_user;
	case CLASS_REFUSED:
		return &no_user;
	case CLASS_TROUBLE:
	case CLASS_FULL: /* nobody looks for that here */
	case CLASS_LONG_FULL:
		break;
	}
	return smtp_because(s, &later, "%s", s->deliver.why.p);
}

const struct reply *
cmd_vrfy(struct smtp *s, struct span arg)
{
	struct recipient who;

	s->idle++;
	if (!s->config->verify)
		return &disabled;
	if (policy_curious(&s->facts))
		return ask(s, arg, false);
	if (envelope_path(&who, arg) != ENVELOPE_OK)
		return &bad_address;
	return &perhaps;
}

const struct reply *
cmd_expn(struct smtp *s, struct span arg)
{
	s->idle++;
	return s->config->verify && policy_curious(&s->facts) ?
	    ask(s, arg, true) :
	    &disabled;
}
