/* RCPT (RFC 5321 s. 3.3): all that can be refused is refused here. */
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message/domain.h"
#include "session/log.h"
#include "session/record.h"
#include "smtp-session/asks.h"
#include "smtp-session/command.h"
#include "smtp-session/milter.h"
#include "smtp-session/names.h"
#include "smtp-session/refusal.h"
#include "smtp-session/resolve.h"
#include "smtp-session/rights.h"

/* clang-format off */
static const struct reply
bad_rcpt =	{ 501, "5.1.3", "Bad recipient address syntax", false },
need_login =	{ 530, "5.7.0", "Authentication required", false },
rcpt_ok =	{ 250, "2.1.5", "Recipient ok", false },
no_relay =	{ 550, "5.7.1", "Relaying denied", false },
no_user =	{ 550, "5.1.1", "No such user here", false },
mute_rcpt =	{ 556, "5.1.10", "That domain takes no mail", false },
full =		{ 452, "4.2.2", "Mailbox is full", false },
long_full =	{ 552, "5.2.2", "Mailbox is full", false },
lookup_later =	{ 451, "4.3.0", "Cannot look that up now, try later", false },
nowhere =	{ 451, "4.4.6", "Mail for it goes in circles now", false },
too_many_rcpts = { 452, "4.5.3", "Too many recipients", false },
one_at_a_time =	{ 452, "4.5.3", "A command is for one mail alone", false };
/* clang-format on */

/* A command, or a file.  What it says is said of this one recipient, so there
 * is no other. */
static bool
is_outlet(const struct smtp *s, const struct recipient *r)
{
	return s->trusted && r->addr.local[0] == '|';
}

/* Those who deliver for others have forms that no alias changes again: "\\bob"
 * is the mailbox, "~bob" the user with his .forward, "|prog#1" a command. */
enum policy_class
mail_look(struct smtp *s, struct recipient *r)
{
	char text[ENVELOPE_TEXT];
	enum agent_how how = AGENT_OPEN;
	struct addr a = r->addr;

	if (is_outlet(s, r))
		return deliver_look(&s->deliver, r->text, AGENT_OUTLET);
	if (s->trusted && a.local[0] == '\\')
		how = AGENT_FINAL;
	if (s->trusted && a.local[0] == '~')
		how = AGENT_USER;
	if (how == AGENT_OPEN)
		return deliver_look(&s->deliver, r->text, how);
	(void)strlcpy(a.local, r->addr.local + 1, sizeof(a.local));
	envelope_text(text, &a);
	return deliver_look(&s->deliver, text, how);
}

/* ---- facts about a stranger */

/* Once in a session, where the configuration names lists. */
static void
find_listed(struct smtp *s)
{
	int sock;

	if (s->searched || s->config->dnsbl[0] == '\0' ||
	    !policy_asks(&s->facts))
		return;
	s->searched = true;
	sock = mail_resolver(s);
	s->facts.listed = sock != -1 &&
	    names_listed(sock, s->peer->ip, s->config->dnsbl, s->listed) == 1;
}

/* How long shall this mail wait?  The monitor keeps the list. */
static int
ask_grey(struct smtp *s, const struct recipient *to)
{
	struct record *r = &s->deliver.record;
	struct buf b;
	int left = 0;

	if (s->config->greylist == 0 || !policy_asks(&s->facts))
		return 0;
	buf_init(&b, 2 * ENVELOPE_TEXT);
	buf_add(&b, s->envelope.from, strlen(s->envelope.from) + 1);
	buf_str(&b, to->text);
	if (asks_send(s->deliver.monitor, ASK_GREY, 0, buf_all(&b), -1) == -1)
		left = errno == EUSERS ? (int)s->config->greylist : 0;
	else if (record_recv(s->deliver.monitor, r, NULL,
		     DELIVER_SECONDS * 1000) == 1 &&
	    r->kind == ANSWER_GREY)
		left = r->value;
	buf_free(&b);
	return left;
}

/* Does all of it go to domains that take no mail (RFC 7505 s. 4.2)? */
static bool
leads_to_mute(struct smtp *s, const struct recipient *to)
{
	struct span targets = buf_all(&s->deliver.found_targets);
	const char *at = strrchr(to->text, '@');
	int sock;

	if (!s->config->check_recipient)
		return false;
	if (s->facts.rcpt == CLASS_REMOTE)
		return at != NULL && (sock = mail_resolver(s)) != -1 &&
		    names_domain(sock, at + 1) == DOMAIN_MUTE;
	return s->facts.rcpt == CLASS_ALIAS && names_lead_away(targets) &&
	    (sock = mail_resolver(s)) != -1 && names_all_mute(sock, targets);
}

/* ---- the decision */

static const struct reply *
refused_by_alias(struct smtp *s, const char *why)
{
	static struct refusal no;

	refusal_read(&no, buf_all(&s->deliver.why));
	(void)smtp_because(s, NULL, "%s at=%s", why, s->deliver.rule);
	return smtp_say(s, no.code, no.status, "%.*s", (int)no.text.len,
	    no.text.p);
}

static const struct reply *
reply_to(struct smtp *s, enum policy_verdict verdict, const char *why, int left)
{
	static const struct reply *const constant[] = {
		[POLICY_NO_RELAY] = &no_relay,
		[POLICY_NO_USER] = &no_user,
		[POLICY_NO_LOGIN] = &need_login,
		[POLICY_MUTE] = &mute_rcpt,
		[POLICY_LATER] = &lookup_later,
		[POLICY_FULL] = &full,
		[POLICY_LONG_FULL] = &long_full,
	};

	switch (verdict) {
	case POLICY_TAKE:
	case POLICY_RELAY:
		return NULL;
	case POLICY_REFUSED:
		return refused_by_alias(s, why);
	case POLICY_LISTED:
		(void)smtp_because(s, NULL, "%s %s", why, s->listed);
		return smtp_say(s, 554, "5.7.1", "%s is listed by %s",
		    s->peer->ip, s->listed);
	case POLICY_EARLY:
		(void)smtp_because(s, NULL, "%s for %d seconds", why, left);
		return smtp_say(s, 450, "4.7.1",
		    "Not yet, try again in %d seconds", left);
	case POLICY_LATER:
	case POLICY_FULL:
	case POLICY_LONG_FULL:
		return smtp_because(s, constant[verdict], "%s: %s", why,
		    s->deliver.why.p);
	default:
		return smtp_because(s, constant[verdict], "%s", why);
	}
}

static const struct reply *
judge(struct smtp *s, struct recipient *r)
{
	struct policy_facts *f = &s->facts;
	enum policy_verdict v;
	const char *why;
	int left = 0;

	find_listed(s);
	f->postmaster = strcasecmp(r->addr.local, "postmaster") == 0;
	f->early = f->mute = false;
	f->rcpt = mail_look(s, r);
	v = policy_rcpt(f, &why);
	if (v == POLICY_TAKE || v == POLICY_RELAY) {
		f->mute = leads_to_mute(s, r);
		if (!f->mute && !f->postmaster)
			left = ask_grey(s, r);
		f->early = left > 0;
		v = policy_rcpt(f, &why);
	}
	return reply_to(s, v, why, left);
}

static const struct reply *
add_rcpt(struct smtp *s, const struct recipient *to)
{
	switch (deliver_add(&s->deliver, to, s->facts.rcpt)) {
	case 0:
		return NULL;
	case -1:
		return &too_many_rcpts;
	default:
		return smtp_because(s, &nowhere, "%s", s->deliver.why.p);
	}
}

/* For the Received field.  Its domain is ASCII there: that alone is no reason
 * for the message to need SMTPUTF8 on its way (RFC 6531 s. 3.6). */
static void
note_first(struct smtp *s, const struct recipient *to)
{
	struct addr a = to->addr;

	if (a.utf8 && a.domain[0] != '[')
		(void)domain_fold(a.domain, span(to->addr.domain));
	envelope_text(s->for_rcpt, &a);
}

const struct reply *
cmd_rcpt(struct smtp *s, struct span arg)
{
	struct recipient to;
	const struct reply *r;

	r = mail_fault(envelope_rcpt(&to, arg, s->envelope.utf8), &bad_rcpt);
	if (r == NULL && smtp_ours(s))
		envelope_qualify(&to.addr, to.text, s->config->hostname);
	if (r == NULL && to.addr.domain[0] == '\0' &&
	    strcasecmp(to.addr.local, "postmaster") != 0)
		r = smtp_because(s, &bad_rcpt, "recipient without domain");
	if (r == NULL && s->rcpts == s->config->recipients)
		r = &too_many_rcpts;
	if (r == NULL && s->rcpts > 0 && (s->alone || is_outlet(s, &to)))
		r = &one_at_a_time;
	if (r == NULL)
		r = milter_rcpt(s, &to, judge(s, &to));
	if (r == NULL)
		r = add_rcpt(s, &to);
	if (r != NULL) {
		if (s->state == S_MAIL)
			s->state = S_REFUSED;
		return r;
	}
	milter_taken(s, &to);
	s->alone = is_outlet(s, &to);
	s->returns |= s->trusted && strchr("|\\~", to.addr.local[0]) != NULL;
	if (s->rcpts++ == 0)
		note_first(s, &to);
	s->state = S_RCPT;
	return &rcpt_ok;
}
