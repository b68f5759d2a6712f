/* MAIL (RFC 5321 s. 3.3).  RCPT stands in rcpt.c, what follows them in
 * content.c. */
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#include "message/list.h"
#include "session/log.h"
#include "smtp-session/asks.h"
#include "smtp-session/command.h"
#include "smtp-session/deliver-parts.h"
#include "smtp-session/milter.h"
#include "smtp-session/names.h"
#include "smtp-session/resolve.h"
#include "smtp-session/rights.h"

/* clang-format off */
static const struct reply
sender_ok =	{ 250, "2.1.0", "Sender ok", false },
bad_sender =	{ 501, "5.1.7", "Bad sender address syntax", false },
bad_param =	{ 555, "5.5.4", "Unknown parameter", false },
bad_value =	{ 501, "5.5.4", "Bad parameter value", false },
need_utf8 =	{ 553, "5.6.7", "Address needs SMTPUTF8 on MAIL", false },
too_big =	{ 552, "5.3.4", "Message too big", false },
no_room =	{ 452, "4.3.1", "No space here now, try later", false },
need_login =	{ 530, "5.7.0", "Authentication required", false },
need_tls =	{ 530, "5.7.0", "Must issue STARTTLS first", false },
not_yours =	{ 550, "5.7.1", "Not your address", false },
not_from =	{ 550, "5.7.1", "Not your address in From", false },
not_sender =	{ 550, "5.7.1", "Not your address in Sender", false },
lookup_later =	{ 451, "4.3.0", "Cannot look that up now, try later", false },
mute_sender =	{ 550, "5.7.27", "Sender's domain takes no mail", false },
no_domain =	{ 550, "5.1.8", "Sender's domain does not exist", false },
unsure_domain =	{ 451, "4.1.8", "Cannot look up the sender's domain", false },
no_tls_asked =	{ 555, "5.5.4", "REQUIRETLS needs TLS", false },
too_many_mails = { 421, "4.7.0", "Enough mail for one session", true };
/* clang-format on */

const struct reply *
mail_fault(enum envelope_fault fault, const struct reply *syntax)
{
	switch (fault) {
	case ENVELOPE_OK:
		break;
	case ENVELOPE_SYNTAX:
		return syntax;
	case ENVELOPE_UNKNOWN:
		return &bad_param;
	case ENVELOPE_VALUE:
		return &bad_value;
	case ENVELOPE_UTF8:
		return &need_utf8;
	}
	return NULL;
}

/* "bob" or "bob+anything" for the user bob. */
static bool
named(const char *local, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(local, name, n) == 0 &&
	    (local[n] == '\0' || local[n] == '+');
}

/* Is the mailbox of "name" among the targets of the alias found last? */
static bool
is_target(struct smtp *s, const char *name)
{
	struct span all = buf_all(&s->deliver.found_targets);

	while (all.len > 0) {
		struct span one = span_cut(&all, '\0'), local;

		if (one.len == 0 ||
		    (one.p[0] != TARGET_MAILBOX && one.p[0] != TARGET_USER))
			continue;
		one = span_from(one, 1);
		local = span_n(one.p, span_find(one, '@'));
		if (span_eq(one, span(name)) || span_eq(local, span(name)))
			return true;
	}
	return false;
}

/* May "name" send as this address?  If mail for it reaches his mailbox,
 * directly or as one of an alias's targets, or if it has his name and is
 * nobody else's.  Never with a domain that is not ours.
 * 1; 0; -1: nobody can tell now, s->deliver.why. */
static int
belongs(struct smtp *s, const struct envelope *e, const char *name)
{
	switch (deliver_look(&s->deliver, e->from, AGENT_LOOK)) {
	case CLASS_MAILBOX:
		return strcmp(s->deliver.found_name, name) == 0;
	case CLASS_ALIAS:
		return is_target(s, name);
	case CLASS_UNKNOWN:
		return named(e->sender.local, name);
	case CLASS_TROUBLE:
		return -1;
	default:
		return 0;
	}
}

/* The same for what stands in a From or Sender field. */
static int
name_belongs(struct smtp *s, const struct mailbox *m)
{
	struct envelope e = { 0 };
	struct buf text;
	struct span all;
	int his = 0;

	if (m->domain.len == 0)
		return 1; /* no address: "undisclosed" and the like */
	buf_init(&text, ENVELOPE_TEXT);
	buf_printf(&text, "<%.*s@%.*s>", (int)m->local.len, m->local.p,
	    (int)m->domain.len, m->domain.p);
	all = buf_all(&text);
	if (addr_path(&all, &e.sender) == 0 && all.len == 0) {
		envelope_text(e.from, &e.sender);
		his = strcasecmp(e.from, s->envelope.from) == 0 ?
		    1 :
		    belongs(s, &e, s->user);
	}
	buf_free(&text);
	return his;
}

/* The reply to an address that is not his; NULL: it is. */
static const struct reply *
not_his(struct smtp *s, int his, const struct reply *no, const char *what)
{
	if (his == -1)
		return smtp_because(s, &lookup_later, "%s", s->deliver.why.p);
	return his == 1 ?
	    NULL :
	    smtp_because(s, no, "%s is not of user %s", what, smtp_user(s));
}

/* As name_belongs, of all that these fields have. */
static int
fields_belong(struct smtp *s, const struct buf *fields)
{
	struct span all = buf_all(fields);
	struct mailbox m;
	struct buf scratch;
	struct list l;
	int his = fields->over ? 0 : 1;

	buf_init(&scratch, DATA_NAMES_MAX);
	while (his == 1 && all.len > 0) {
		enum list_kind kind;

		list_begin(&l, span_cut(&all, '\0'));
		while (his == 1 &&
		    (kind = list_next(&l, &scratch, &m)) != LIST_END)
			if (kind == LIST_MAILBOX)
				his = name_belongs(s, &m);
		/* What was not looked at is not his. */
		if (his == 1 && l.rest.len > 0)
			his = 0;
	}
	buf_free(&scratch);
	return his;
}

/* Who has logged in writes under his own name only (RFC 6409 s. 6.1). */
const struct reply *
mail_names(struct smtp *s)
{
	const struct reply *r =
	    not_his(s, fields_belong(s, &s->data.from), &not_from, "From");

	return r != NULL ? r :
			   not_his(s, fields_belong(s, &s->data.senders),
			       &not_sender, "Sender");
}

/* Whoever is known to us sends as himself; the null path is nobody's. */
static const struct reply *
check_sender(struct smtp *s, const struct envelope *e)
{
	const char *name = smtp_user(s);

	if (name[0] == '\0' || addr_null(&e->sender))
		return NULL;
	return not_his(s, belongs(s, e, name), &not_yours, e->from);
}

/* The resolver of this session; -1: there is none. */
int
mail_resolver(struct smtp *s)
{
	if (!s->hired) {
		s->hired = true;
		s->resolver = deliver_hire(&s->deliver, ASK_NAMES, 0, "");
		if (s->resolver == -1)
			log_line(LOG_ERR, "no-resolver reason=\"%s\"",
			    s->deliver.why.p);
	}
	return s->resolver;
}

/* Where could a report go?  A domain of ours need not be in the DNS. */
static const struct reply *
check_domain(struct smtp *s, const struct envelope *e)
{
	const struct reply *r = NULL;
	const char *why;
	int sock;

	if (!s->config->check_sender || !policy_asks(&s->facts) ||
	    addr_null(&e->sender) || (sock = mail_resolver(s)) == -1)
		return NULL;
	switch (policy_sender(&s->facts, names_domain(sock, e->sender.domain),
	    &why)) {
	case SENDER_TAKE:
		return NULL;
	case SENDER_MUTE:
		r = &mute_sender;
		break;
	case SENDER_MISSING:
		r = &no_domain;
		break;
	case SENDER_LATER:
		r = &unsure_domain;
	}
	if (deliver_look(&s->deliver, e->from, AGENT_LOOK) != CLASS_REMOTE)
		return NULL;
	return smtp_because(s, r, "%s", why);
}

/* Room for this one, with what is to stay free? */
static bool
is_low(const struct smtp *s, const struct envelope *e)
{
	uint64_t stays = s->config->spool_reserve;

	return s->room < stays || s->room - stays < e->size;
}

const struct reply *
cmd_mail(struct smtp *s, struct span arg)
{
	struct envelope *e = &s->envelope;
	const struct reply *r;

	if (s->facts.submission && !smtp_ours(s))
		return login_possible(s) ? &need_login : &need_tls;
	if (s->mails == SMTP_MAILS || asks_many())
		return &too_many_mails;
	r = mail_fault(envelope_mail(e, arg), &bad_sender);
	if (r == NULL && smtp_ours(s))
		envelope_qualify(&e->sender, e->from, s->config->hostname);
	if (r == NULL && !addr_null(&e->sender) && e->sender.domain[0] == '\0')
		r = smtp_because(s, &bad_sender, "sender without domain");
	if (r == NULL && e->size > s->config->size)
		r = smtp_because(s, &too_big, "announced size %llu",
		    (unsigned long long)e->size);
	if (r == NULL && is_low(s, e))
		r = smtp_because(s, &no_room, "spool-reserve, %llu free",
		    (unsigned long long)s->room);
	if (r == NULL && e->filter && !s->trusted)
		r = mail_fault(ENVELOPE_UNKNOWN, &bad_sender);
	if (r == NULL && e->tls && !smtp_secure(s))
		r = &no_tls_asked;
	if (r == NULL)
		r = check_sender(s, e);
	if (r == NULL)
		r = check_domain(s, e);
	if (r == NULL)
		r = milter_mail(s);
	if (r != NULL) {
		s->over = true;
		return r;
	}
	s->state = S_MAIL;
	return &sender_ok;
}
