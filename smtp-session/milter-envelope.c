/* What mail filters change about sender and recipients, and whether the
 * message is kept at all. */
#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "session/log.h"
#include "smtp-session/command.h"
#include "smtp-session/milter-parts.h"
#include "smtp-session/milter.h"

/* clang-format off */
static const struct reply
bad_change =	{ 451, "4.3.0", "Local trouble, try later", false };
/* clang-format on */

/* An address with or without its brackets, as we would write it. */
static bool
read_address(struct recipient *r, struct span text)
{
	return envelope_path(r, text) == ENVELOPE_OK;
}

static const struct reply *
new_sender(struct smtp *s)
{
	struct envelope *e = &s->envelope;
	struct span from = buf_all(&s->milters->from);
	struct recipient r;

	if (from.len == 0)
		return NULL;
	if (span_eq(from, span("<>"))) {
		e->from[0] = '\0';
		return NULL;
	}
	if (!read_address(&r, from))
		return smtp_because(s, &bad_change, "milter: new sender %s",
		    from.p);
	envelope_qualify(&r.addr, r.text, s->config->hostname);
	e->sender = r.addr;
	(void)strlcpy(e->from, r.text, sizeof(e->from));
	return NULL;
}

static const struct reply *
add_rcpt(struct smtp *s, struct recipient *r)
{
	enum policy_class class = mail_look(s, r);

	if (class == CLASS_TROUBLE || class == CLASS_FULL ||
	    class == CLASS_LONG_FULL)
		return smtp_because(s, &bad_change,
		    "milter: recipient <%s>: %s", r->text, s->deliver.why.p);
	if (class == CLASS_UNKNOWN || class == CLASS_REFUSED ||
	    deliver_add(&s->deliver, r, class) != 0)
		log_line(LOG_WARNING,
		    "no-rcpt id=%s to=<%s> reason=\"added by "
		    "a milter, leads nowhere\"",
		    s->id, r->text);
	return NULL;
}

/* The list of those taken as it would be without this one. */
static void
drop_rcpt(struct milters *ms, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < ms->rcpts; i++)
		if (strcasecmp(ms->rcpt[i].text, text) != 0)
			ms->rcpt[kept++] = ms->rcpt[i];
	ms->rcpts = kept;
}

/* Two recipients may have become one copy, so who goes cannot be taken out of
 * the copies: they are found again. */
static const struct reply *
move_rcpts(struct smtp *s)
{
	struct milters *ms = s->milters;
	struct span all = buf_all(&ms->moves);
	const struct reply *r = NULL;
	struct recipient to;

	while (all.len > 0) {
		struct span one = span_cut(&all, '\0');

		if (!read_address(&to, span_from(one, 1)))
			return smtp_because(s, &bad_change,
			    "milter: recipient %s", one.p + 1);
		envelope_qualify(&to.addr, to.text, s->config->hostname);
		if (one.p[0] == '+')
			milter_taken(s, &to);
		else
			drop_rcpt(ms, to.text);
	}
	if (ms->moves.len == 0)
		return NULL;
	deliver_reset(&s->deliver);
	for (size_t i = 0; i < ms->rcpts && r == NULL; i++)
		r = add_rcpt(s, &ms->rcpt[i]);
	return r;
}

static const struct reply *
thrown_away(struct smtp *s, const char *why)
{
	log_line(LOG_NOTICE, "discarded id=%s from=<%s> reason=\"%s\"", s->id,
	    s->envelope.from, why);
	return smtp_say(s, 250, "2.0.0", "Ok, id %s", s->id);
}

const struct reply *
milter_envelope(struct smtp *s)
{
	struct milters *ms = s->milters;
	const struct reply *r;

	if (ms->discard)
		return thrown_away(s, "a milter says so");
	r = new_sender(s);
	if (r == NULL)
		r = move_rcpts(s);
	if (r != NULL)
		return r;
	if (s->deliver.targets == 0)
		return thrown_away(s, "no recipient is left");
	if (ms->hold.len > 0 || ms->hold.over)
		deliver_hold(&s->deliver);
	return NULL;
}
