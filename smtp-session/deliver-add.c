/* Who gets a copy: each recipient becomes targets.  An alias has a list of
 * them, and what a .forward says is asked for in its turn; so the list grows
 * while it is read, and ends because each name is asked for once. */
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#include "message/fail.h"
#include "smtp-session/deliver-parts.h"
#include "smtp-session/outlet.h"
#include "smtp-session/resolve.h"

struct adding {
	struct deliver *d;
	const struct recipient *rcpt;
	struct buf original; /* whom the mail was for */
	struct buf work; /* TARGET_* address NUL ... */
	/* what the marks before the one in work said; "" nothing */
	char owner[ENVELOPE_TEXT], via[ENVELOPE_TEXT];
	bool listed; /* the list itself is reported upon */
};

static bool
is_twice(struct deliver *d, int agent, const char *addr)
{
	for (size_t i = 0; i < d->targets; i++) {
		const struct target *t = &d->target[i];

		if (agent != -1 && t->agent != -1 &&
		    strcmp(d->agent[agent].name, d->agent[t->agent].name) == 0)
			return true;
		if (span_same(span(d->text.p + t->addr), span(addr)))
			return true;
	}
	return false;
}

/* The group of these two, made when it is new.  -1: there are too many. */
static int
find_group(struct deliver *d, const char *owner, const char *via)
{
	size_t i;

	for (i = 0; i < d->groups; i++)
		if (strcmp(d->text.p + d->group[i].owner, owner) == 0 &&
		    strcmp(d->text.p + d->group[i].via, via) == 0)
			return (int)i;
	if (i == AGENT_DRAFTS)
		return -1;
	d->group[i].owner = owner[0] == '\0' ? 0 : deliver_string(d, owner);
	d->group[i].via = via[0] == '\0' ? 0 : deliver_string(d, via);
	d->groups++;
	return (int)i;
}

static unsigned
without_success(unsigned notify)
{
	unsigned rest = notify & ~(unsigned)NOTIFY_SUCCESS;

	return notify != 0 && rest == 0 ? NOTIFY_NEVER : rest;
}

/* What those of a list are asked for: the report on success is the list's
 * (RFC 3461 s. 5.2.7.2). */
static unsigned
notify(const struct adding *x)
{
	return x->listed ? without_success(x->rcpt->notify) : x->rcpt->notify;
}

/* "addr" is what the spool would have to say.  Only what leaves this host is
 * marked with who has forwarded it. */
static int
add(struct adding *x, int agent, const char *addr, bool leaves)
{
	struct deliver *d = x->d;
	struct target *t = &d->target[d->targets];
	bool owned = x->owner[0] != '\0';
	int group;

	if (is_twice(d, agent, addr)) {
		d->twice = true;
		return 0;
	}
	group = find_group(d, x->owner, leaves ? x->via : "");
	if (group == -1 || d->targets == DELIVER_TARGETS)
		return -1;
	t->agent = agent;
	t->entry = agent == -1 ? DELIVER_MAIN : DELIVER_NONE;
	t->state = SPOOL_TODO;
	t->group = (unsigned char)group;
	/* Who wrote to a list with an owner hears of the list only
	 * (RFC 3461 s. 5.2.7.3). */
	t->notify = owned ? 0 : notify(x);
	t->addr = deliver_string(d, addr);
	t->original = deliver_string(d, x->original.p);
	t->orcpt = owned ? 0 : deliver_string(d, x->rcpt->orcpt);
	if (d->text.over)
		return -1;
	if (agent != -1)
		d->agent[agent].used = true;
	d->targets++;
	return 0;
}

/* A mailbox that an alias names, in a form that no alias changes again:
 * "\\bob"@here.example, as \bob is in aliases(5); with "~" for it his
 * .forward still counts. */
static void
local_form(char out[ENVELOPE_TEXT], char mark, const char *addr)
{
	struct span rest = span(addr);
	struct addr a;
	size_t n;

	(void)strlcpy(out, addr, ENVELOPE_TEXT);
	if (addr_path(&rest, &a) == -1 || rest.len > 0 ||
	    (n = strlen(a.local)) == ADDR_LOCAL_MAX)
		return;
	memmove(a.local + 1, a.local, n + 1);
	a.local[0] = mark;
	envelope_text(out, &a);
}

/* Has this one been asked for before in "work"? */
static bool
asked_before(const struct buf *work, size_t at)
{
	struct span before = span_n(work->p, at);

	while (before.len > 0)
		if (span_same(span_cut(&before, '\0'), span(work->p + at)))
			return true;
	return false;
}

/* What an address led to goes behind the others, under the same owner. */
static int
append(struct adding *x)
{
	buf_char(&x->work, TARGET_OWNER);
	buf_add(&x->work, x->owner, strlen(x->owner) + 1);
	buf_span(&x->work, buf_all(&x->d->found_targets));
	return x->work.over ? -1 : 0;
}

/* A .forward's target: what it means is asked like that of a RCPT.  What
 * nobody can tell now goes by the spool, which asks again. */
static int
add_asked(struct adding *x, const char *addr, size_t at)
{
	enum policy_class class;

	if (asked_before(&x->work, at))
		return 0;
	class = deliver_look(x->d, addr, AGENT_OPEN);
	switch (class) {
	case CLASS_MAILBOX:
		return add(x, x->d->found, addr, false);
	case CLASS_ALIAS:
		return append(x);
	default:
		return add(x, -1, addr, class == CLASS_REMOTE);
	}
}

/* A mailbox that cannot be opened now waits in the spool: the others shall
 * not wait for it. */
static int
add_mailbox(struct adding *x, const char *addr, bool final)
{
	char form[ENVELOPE_TEXT];

	local_form(form, final ? '\\' : '~', addr);
	switch (deliver_look(x->d, addr, final ? AGENT_FINAL : AGENT_USER)) {
	case CLASS_MAILBOX:
		return add(x, x->d->found, form, false);
	case CLASS_ALIAS:
		return append(x);
	default:
		return add(x, -1, form, false);
	}
}

/* Reports on a command name what the sender wrote to. */
static int
add_outlet(struct adding *x, const char *name)
{
	size_t n = x->d->targets;
	struct buf orcpt;
	int r = add(x, -1, name, false);

	if (r == -1 || n == x->d->targets || x->rcpt->orcpt[0] != '\0' ||
	    x->owner[0] != '\0')
		return r;
	buf_init(&orcpt, ENVELOPE_ORCPT_MAX);
	buf_str(&orcpt, x->rcpt->addr.utf8 ? "utf-8;" : "rfc822;");
	xtext_put(&orcpt, span(x->rcpt->text));
	if (!orcpt.over)
		x->d->target[n].orcpt = deliver_string(x->d, orcpt.p);
	buf_free(&orcpt);
	return x->d->text.over ? -1 : 0;
}

/* That the list has it is what its sender can be told. */
static int
report_list(struct adding *x)
{
	struct deliver *d = x->d;
	struct target *t = &d->target[d->targets];

	if ((x->rcpt->notify & NOTIFY_SUCCESS) == 0 || x->listed)
		return 0;
	if (d->targets == DELIVER_TARGETS)
		return -1;
	x->listed = true;
	*t = (struct target){ .agent = -1,
		.entry = DELIVER_REPORT,
		.state = SPOOL_SUCCESS,
		.notify = x->rcpt->notify | NOTIFY_EXPANDED };
	t->addr = t->original = deliver_string(d, x->rcpt->text);
	t->orcpt = deliver_string(d, x->rcpt->orcpt);
	d->targets++;
	return 0;
}

static int
set_owner(struct adding *x, const char *owner)
{
	(void)strlcpy(x->owner, owner, sizeof(x->owner));
	return owner[0] == '\0' ? 0 : report_list(x);
}

/* More than one place? */
static bool
is_list(struct span targets)
{
	size_t n = 0;

	while (targets.len > 0) {
		const char *one = span_cut(&targets, '\0').p;

		n += one[0] != TARGET_OWNER && one[0] != TARGET_VIA;
	}
	return n > 1;
}

static int
add_one(struct adding *x, size_t at)
{
	char addr[ENVELOPE_TEXT];

	(void)strlcpy(addr, x->work.p + at + 1, sizeof(addr));
	switch (x->work.p[at]) {
	case TARGET_OWNER:
		return set_owner(x, addr);
	case TARGET_VIA:
		(void)strlcpy(x->via, addr, sizeof(x->via));
		return 0;
	case TARGET_USER:
		return asked_before(&x->work, at) ? 0 :
						    add_mailbox(x, addr, false);
	case TARGET_MAILBOX:
		return add_mailbox(x, addr, true);
	case TARGET_ASK:
		return add_asked(x, addr, at);
	case TARGET_OUTLET:
		return add_outlet(x, addr);
	default:
		return add(x, -1, addr, true);
	}
}

/* Each target of an alias or a .forward, and those of its targets. */
static int
add_alias(struct adding *x)
{
	struct buf *work = &x->work;
	size_t n = 0;
	int bad = 0;

	buf_init(work, RESOLVE_TEXT_MAX);
	buf_span(work, buf_all(&x->d->found_targets));
	if (work->over || x->d->found_targets.over ||
	    (is_list(buf_all(work)) && report_list(x) == -1))
		bad = -1;
	for (size_t at = 0; at < work->len && bad == 0;
	     at += strlen(work->p + at) + 1)
		bad = ++n > 2 * RESOLVE_TARGETS ? -1 : add_one(x, at);
	buf_free(work);
	return bad;
}

/* Whom the mail was for.  The name of a command is no address: what the sender
 * wrote to stands in ORCPT. */
static void
find_original(struct buf *text, const struct recipient *r)
{
	bool named =
	    r->addr.local[0] == '|' && strncasecmp(r->orcpt, "rfc822;", 7) == 0;

	if (named && xtext_decode(text, span(r->orcpt + 7)) == 0 &&
	    text->len > 0)
		return;
	buf_reset(text);
	outlet_address(text, r->text);
}

/* Reports on success came with that on the command.  Of a name without room
 * for more (outlet_name sees to that) nothing is added. */
void
deliver_behind(struct deliver *d)
{
	struct target *t = &d->target[d->targets];
	char name[ENVELOPE_TEXT];

	if (outlet_behind(name, sizeof(name), d->text.p + d->target[0].addr) ==
	    -1)
		return;
	*t = d->target[0];
	t->agent = -1;
	t->entry = DELIVER_LATE;
	t->notify = without_success(t->notify);
	t->addr = deliver_string(d, name);
	d->targets++;
}

int
deliver_add(struct deliver *d, const struct recipient *r,
    enum policy_class class)
{
	struct adding x = { .d = d, .rcpt = r };
	size_t before = d->targets;
	int n;

	d->twice = false;
	buf_init(&x.original, ENVELOPE_ORCPT_MAX);
	find_original(&x.original, r);
	if (class == CLASS_ALIAS)
		n = add_alias(&x);
	else
		n = add(&x, class == CLASS_MAILBOX ? d->found : -1, r->text,
		    false);
	buf_free(&x.original);
	if (n == -1)
		d->targets = before;
	else if (d->targets == before && !d->twice) {
		buf_reset(&d->why);
		buf_printf(&d->why, "forwards of %s lead in circles", r->text);
		return -2;
	}
	return n;
}
