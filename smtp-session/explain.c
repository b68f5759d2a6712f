/* The same functions as in a session, called one after another in the open:
 * policy_rcpt decides here, too, and resolve says whose mail it is. */
#include "smtp-session/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "smtp-session/data.h"
#include "smtp-session/envelope.h"
#include "smtp-session/explain-parts.h"
#include "smtp-session/refusal.h"
#include "smtp-session/sends.h"
#include "smtp-session/trace.h"

static const struct {
	const char *reply;
	int status;
} verdicts[] = {
	[POLICY_TAKE] = { "250 2.1.5, delivered here", EX_OK },
	[POLICY_RELAY] = { "250 2.1.5, into the spool", EX_OK },
	[POLICY_NO_RELAY] = { "550 5.7.1, relaying denied", EX_NOPERM },
	[POLICY_NO_USER] = { "550 5.1.1, no such user", EX_NOUSER },
	[POLICY_NO_LOGIN] = { "530 5.7.0, must log in", EX_NOPERM },
	[POLICY_REFUSED] = { "", EX_NOUSER }, /* what the alias says */
	[POLICY_LATER] = { "451 4.3.0, try later", EX_TEMPFAIL },
	[POLICY_FULL] = { "452 4.2.2, its quota is used up", EX_TEMPFAIL },
	[POLICY_LONG_FULL] = { "552 5.2.2, full for long", EX_NOPERM },
	[POLICY_MUTE] = { "556 5.1.10, takes no mail", EX_NOUSER },
	[POLICY_LISTED] = { "554 5.7.1, the client is listed", EX_NOPERM },
	[POLICY_EARLY] = { "450 4.7.1, to come again", EX_TEMPFAIL },
};

static struct policy_facts
who(bool submission, const char *ip)
{
	struct policy_facts f = { .submission = submission };
	const char *text = "a stranger, over TCP";

	if (strcmp(ip, "submit") == 0) {
		f.peer = POLICY_LOCAL;
		text = "a local program";
	} else if (strncmp(ip, "login:", 6) == 0) {
		f.authenticated = true;
		text = "a client who has logged in";
	} else if (strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0) {
		f.peer = POLICY_LOOPBACK;
		text = "this host, over TCP: no more rights than a stranger";
	}
	(void)printf("peer       %s: %s\n", ip, text);
	return f;
}

static void
print_rule(const struct resolved *to, const char *text)
{
	(void)printf("rule       %s%s%s\n", text, to->at[0] == '\0' ? "" : ", ",
	    to->at);
}

/* What MAIL would be answered. */
static int
explain_sender(const struct config *c, const struct policy_facts *facts,
    const struct recipient *sender)
{
	static const char *const replies[] = {
		[SENDER_MUTE] = "550 5.7.27, its domain takes no mail",
		[SENDER_MISSING] = "550 5.1.8, its domain does not exist",
		[SENDER_LATER] = "451 4.1.8, nobody can tell, try later",
	};
	enum policy_sender verdict;
	struct resolved to;
	const char *why;

	if (!c->check_sender || !policy_asks(facts))
		return EX_OK;
	verdict =
	    policy_sender(facts, explain_domain(c, sender->addr.domain), &why);
	if (verdict == SENDER_TAKE)
		return EX_OK;
	resolve(&to, c, &sender->addr, "", false);
	resolve_free(&to);
	if (to.class != CLASS_REMOTE)
		return EX_OK;
	(void)printf("rule       check-sender of %s/mailroom.conf\n"
		     "reply      %s (%s)\n",
	    c->dir, replies[verdict], why);
	return verdict == SENDER_LATER ? EX_TEMPFAIL : EX_NOPERM;
}

/* What a user has left for today; root can tell. */
static int
explain_limit(const struct config *c, const char *ip)
{
	const char *user = strncmp(ip, "login:", 6) == 0 ? ip + 6 : "";
	long sent = user[0] == '\0' || c->sends_per_day == 0 ?
	    -1 :
	    sends_today(c->run, user, time(NULL));

	if (sent == -1)
		return EX_OK;
	(void)printf("sent       to %ld of %u recipients today\n", sent,
	    c->sends_per_day);
	if ((unsigned long)sent < c->sends_per_day)
		return EX_OK;
	(void)printf("rule       sends-per-day of %s/mailroom.conf\n"
		     "reply      450 4.7.1, daily limit reached\n",
	    c->dir);
	return EX_TEMPFAIL;
}

static const char *
class_text(const struct resolved *to)
{
	switch (to->class) {
	case CLASS_MAILBOX:
		return "a user";
	case CLASS_ALIAS:
		return "an alias";
	case CLASS_REMOTE:
		return "none of our domains";
	case CLASS_UNKNOWN:
		return "our domain, but nobody of that name";
	default:
		return to->why;
	}
}

/* All that a session would ask about. */
static struct policy_facts
gather(const struct config *c, const struct policy_facts *facts,
    const struct resolved *to, const struct recipient *r)
{
	struct policy_facts f = *facts;

	f.rcpt = to->class;
	f.postmaster = strcasecmp(r->addr.local, "postmaster") == 0;
	if (c->check_recipient && f.rcpt == CLASS_REMOTE)
		f.mute = explain_domain(c, r->addr.domain) == DOMAIN_MUTE;
	else if (c->check_recipient && f.rcpt == CLASS_ALIAS)
		f.mute = explain_mute(c, buf_all(&to->targets));
	return f;
}

static int
explain_rcpt(const struct config *c, const struct policy_facts *facts,
    const char *ip, const char *from, const struct recipient *r)
{
	enum policy_verdict v;
	struct policy_facts f;
	struct refusal no = { .code = 550 };
	struct resolved to;
	const char *why;

	resolve(&to, c, &r->addr, "", false);
	f = gather(c, facts, &to, r);
	f.early = policy_asks(&f) && explain_early(c, ip, from, r->text);
	v = policy_rcpt(&f, &why);
	print_rule(&to, class_text(&to));
	if (v == POLICY_TAKE && explain_where(c, &to, from) == -1)
		v = POLICY_LATER;
	if (v == POLICY_RELAY)
		(void)printf("send to    %s\n", r->text);
	if (v == POLICY_REFUSED) {
		refusal_read(&no, span(to.why));
		(void)printf("reply      %u %s, %.*s (%s)\n", no.code,
		    no.status, (int)no.text.len, no.text.p, why);
	} else
		(void)printf("reply      %s (%s)\n", verdicts[v].reply, why);
	resolve_free(&to);
	return v == POLICY_REFUSED && no.code < 500 ? EX_TEMPFAIL :
						      verdicts[v].status;
}

static int
count_only(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	(void)p;
	(void)len;
	return 0;
}

static int
explain_content(const struct config *c, const struct recipient *r,
    const char *file)
{
	static struct data d;
	static char block[65536];
	ssize_t n = -1;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	data_init(&d);
	data_start(&d);
	d.limit = c->size;
	d.out = count_only;
	while (fd != -1 && (n = read(fd, block, sizeof(block))) > 0)
		data_chunk(&d, span_n(block, (size_t)n));
	if (n == -1) {
		(void)printf("content    %s: %s\n", file, strerror(errno));
		return EX_NOINPUT;
	}
	(void)close(fd);
	data_finish(&d);
	(void)printf("content    %llu octets, %u Received fields\n",
	    (unsigned long long)d.size, d.received);
	if (d.too_big)
		(void)printf("reply      552 5.3.4, larger than %llu\n",
		    (unsigned long long)c->size);
	else if (d.endless)
		(void)printf("reply      554 5.6.0, the header has no end\n");
	else if (d.received > DATA_RECEIVED_MAX)
		(void)printf("reply      554 5.4.6, too many hops\n");
	else if (data_loops(&d, r->text))
		(void)printf("reply      554 5.4.6, was here before\n");
	else
		return EX_OK;
	return EX_DATAERR;
}

int
explain(const struct config *c, bool submission, const char *ip,
    const char *helo, const char *from, const char *rcpt, const char *file)
{
	struct policy_facts facts = who(submission, ip);
	struct recipient sender, to;
	int status;

	if (explain_turned(c, ip))
		return EX_NOPERM;
	(void)printf("helo       %s: never a reason\n", helo);
	facts.listed = policy_asks(&facts) && explain_listed(c, ip);
	if (from[0] != '\0' && strcmp(from, "<>") != 0 &&
	    envelope_path(&sender, span(from)) != ENVELOPE_OK) {
		(void)printf("sender     %s\nreply      501 5.1.7\n", from);
		return EX_DATAERR;
	}
	(void)printf("sender     %s\n", from);
	status = strcmp(from, "<>") == 0 || from[0] == '\0' ?
	    EX_OK :
	    explain_sender(c, &facts, &sender);
	if (status == EX_OK)
		status = explain_limit(c, ip);
	if (status != EX_OK)
		return status;
	if (envelope_path(&to, span(rcpt)) != ENVELOPE_OK) {
		(void)printf("recipient  %s\nreply      501 5.1.3\n", rcpt);
		return EX_DATAERR;
	}
	(void)printf("recipient  %s\n", to.text);
	status = explain_rcpt(c, &facts, ip,
	    strcmp(from, "<>") == 0 ? "" : from, &to);
	if (status == EX_OK)
		explain_filters(c, &facts);
	if (status == EX_OK && file != NULL)
		status = explain_content(c, &to, file);
	return status;
}
