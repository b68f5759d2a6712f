/* -explain: what is decided by who the client is, and by the DNS. */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"
#include "session/record.h"
#include "smtp-session/explain-parts.h"
#include "smtp-session/grey.h"
#include "smtp-session/names.h"

struct resolver {
	int sock;
	pid_t pid;
};

/* As a session has one.  0; -1. */
static int
hire(struct resolver *r, const struct config *c)
{
	int pair[2];

	if (record_pair(pair) == -1)
		return -1;
	(void)fflush(stdout);
	r->pid = fork();
	if (r->pid == 0) {
		(void)close(pair[0]);
		names_resolver(pair[1], c);
	}
	(void)close(pair[1]);
	r->sock = pair[0];
	return 0;
}

static void
dismiss(const struct resolver *r)
{
	(void)close(r->sock);
	if (r->pid > 0)
		(void)waitpid(r->pid, NULL, 0);
}

enum policy_domain
explain_domain(const struct config *c, const char *domain)
{
	enum policy_domain d;
	struct resolver r;

	if (hire(&r, c) == -1)
		return DOMAIN_UNSURE;
	d = names_domain(r.sock, domain);
	dismiss(&r);
	return d;
}

bool
explain_mute(const struct config *c, struct span targets)
{
	struct resolver r;
	bool mute;

	if (!names_lead_away(targets) || hire(&r, c) == -1)
		return false;
	mute = names_all_mute(r.sock, targets);
	dismiss(&r);
	return mute;
}

bool
explain_turned(const struct config *c, const char *ip)
{
	if (!address_listed(span(c->refuse_from), ip))
		return false;
	(void)printf("rule       refuse-from of %s/mailroom.conf\n"
		     "reply      554 5.7.1, instead of a greeting\n",
	    c->dir);
	return true;
}

bool
explain_listed(const struct config *c, const char *ip)
{
	char by[DNS_NAME];
	struct resolver r;
	bool listed;

	if (c->dnsbl[0] == '\0' || hire(&r, c) == -1)
		return false;
	listed = names_listed(r.sock, ip, c->dnsbl, by) == 1;
	dismiss(&r);
	(void)printf("dnsbl      %s%s\n",
	    listed ? "listed by " : "not listed by ", listed ? by : c->dnsbl);
	return listed;
}

bool
explain_early(const struct config *c, const char *ip, const char *from,
    const char *rcpt)
{
	long left = c->greylist == 0 ?
	    0 :
	    grey_look(c->run, ip, from, rcpt, c->greylist, time(NULL));

	if (left > 0)
		(void)printf("greylist   would wait for %ld seconds\n", left);
	else if (left == -1)
		(void)printf("greylist   %s\n", fail_text());
	else if (c->greylist > 0)
		(void)printf("greylist   need not wait\n");
	return left > 0;
}

void
explain_filters(const struct config *c, const struct policy_facts *f)
{
	const char *list = f->peer == POLICY_LOCAL ? c->milters_local :
	    f->submission || f->authenticated	   ? c->milters_submission :
						     c->milters;

	if (list[0] != '\0')
		(void)printf("filters    %s: may still say no\n", list);
}
