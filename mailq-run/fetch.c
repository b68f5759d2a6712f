/* A policy is fetched when the DNS has another id than the one we remember,
 * or half of its time is over.  What fails leaves what is remembered as it is;
 * mail waits for a policy only as long as the fetch takes. */
#include "mailq-run/fetch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mailq-run/crew.h"
#include "mailq-run/dest.h"
#include "mailq-run/find.h"
#include "mailq-run/lookup.h"
#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"

enum { SECONDS = 30, GRACE_MS = 5000 };

/* "_mta-sts." or "mta-sts." before the domain; NULL: too long. */
static const char *
below(const char *label, const struct domain *d, char out[DNS_NAME])
{
	int n = snprintf(out, DNS_NAME, "%s.%s", label, d->name);

	return n > 0 && n < DNS_NAME ? out : NULL;
}

static void
ask(struct run *r, struct domain *d, enum dns_type type, const char *name)
{
	if (name == NULL)
		return;
	if (lookup(r, type, name, d, NULL) == NULL)
		d->awaited++;
	lookup_pin(r, type, name, 1);
}

static const struct dns_answer *
known(struct run *r, enum dns_type type, const char *name)
{
	const struct dns_answer *a =
	    name == NULL ? NULL : lookup_known(r, type, name);

	if (name != NULL)
		lookup_pin(r, type, name, -1);
	return a;
}

void
fetch_ask(struct run *r, struct domain *d)
{
	char name[DNS_NAME];

	d->stage = DOMAIN_ASKING;
	ask(r, d, DNS_TXT, below("_mta-sts", d, name));
}

/* ---- the fetch */

static struct fetch *
free_fetch(struct run *r)
{
	for (size_t i = 0; i < RUN_FETCHES; i++)
		if (r->fetch[i].domain == NULL)
			return &r->fetch[i];
	return NULL;
}

/* Addresses as text, commas between; "" none. */
static void
put_addresses(struct buf *b, const struct dns_answer *a, int family)
{
	char ip[INET6_ADDRSTRLEN];
	size_t len = family == AF_INET ? 4 : 16;

	for (size_t i = 0;
	     a != NULL && a->status == DNS_OK && i < a->count && i < 8; i++) {
		if (a->rr[i].len != len ||
		    inet_ntop(family, a->rr[i].data, ip, sizeof(ip)) == NULL)
			continue;
		buf_printf(b, "%s%s", b->p[b->len - 1] == '\0' ? "" : ",", ip);
	}
}

static int
begin(struct run *r, struct fetch *f, struct span question)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = f };
	int pair[2], got;

	if (record_pair(pair) == -1)
		return fail("socketpair");
	got = record_send(pair[0], CREW_FETCH,
	    r->hurry < SECONDS ? SECONDS / (int)r->hurry : 1, question, -1);
	if (got == 0)
		got = record_send(r->crew, CREW_FETCH, 0, span(""), pair[1]);
	(void)close(pair[1]);
	if (got == 0)
		got = epoll_ctl(r->poll, EPOLL_CTL_ADD, pair[0], &e);
	if (got == -1) {
		(void)close(pair[0]);
		return fail("mta-sts");
	}
	f->fd = pair[0];
	f->since = clock_ms();
	return 0;
}

/* It came to nothing: not again for a while. */
static void
failed(struct run *r, struct domain *d, const char *why)
{
	static struct sts s;
	time_t now = run_time(r);

	log_line(LOG_NOTICE, "mta-sts domain=%s error=\"%s\"", d->name, why);
	if (sts_load(&s, r->spool, d->name, now) == 1 && s.mode != STS_NONE)
		return; /* what was said before holds as long as it was to */
	s = (struct sts){ .mode = STS_NONE,
		.fetched = now,
		/* in the first half nobody asks again */
		.until = now + 2 * STS_AGAIN };
	(void)snprintf(s.id, sizeof(s.id), "%s", d->sts_id);
	sts_save(&s, r->spool, d->name, span(""));
}

/* The host's addresses are known.  true: the fetch is under way. */
static bool
start(struct run *r, struct domain *d)
{
	struct fetch *f = free_fetch(r);
	char name[DNS_NAME];
	const char *host = below("mta-sts", d, name);
	const struct dns_answer *a = known(r, DNS_A, host);
	const struct dns_answer *aaaa = known(r, DNS_AAAA, host);
	struct buf b;
	int got;

	buf_init(&b, RECORD_DATA - 1);
	buf_printf(&b, "%s%c", host, '\0');
	put_addresses(&b, a, AF_INET);
	put_addresses(&b, aaaa, AF_INET6);
	if (b.len == strlen(host) + 1)
		got = fail_as(ENOENT, "%s has no address", host);
	else if (f == NULL)
		got = fail_as(EAGAIN, "too many at a time");
	else
		got = begin(r, f, buf_all(&b));
	buf_free(&b);
	if (got == -1 || f == NULL) {
		failed(r, d, fail_text());
		return false;
	}
	f->domain = d;
	d->stage = DOMAIN_FETCHING;
	d->awaited = 1;
	return true;
}

/* ---- stages */

/* The DNS has said whether there is a policy.  true: it has to be fetched. */
static bool
asked(struct run *r, struct domain *d)
{
	static struct sts s;
	char name[DNS_NAME];
	const struct dns_answer *txt;
	time_t now = run_time(r);

	txt = known(r, DNS_TXT, below("_mta-sts", d, name));
	if (txt == NULL || sts_record(txt, d->sts_id) != 1)
		return false;
	if (sts_load(&s, r->spool, d->name, now) == 1 &&
	    !sts_stale(&s, d->sts_id, now))
		return false;
	d->stage = DOMAIN_HOST;
	d->awaited = 1;
	ask(r, d, DNS_A, below("mta-sts", d, name));
	ask(r, d, DNS_AAAA, below("mta-sts", d, name));
	if (--d->awaited > 0)
		return true;
	return start(r, d);
}

bool
fetch_more(struct run *r, struct domain *d)
{
	switch (d->stage) {
	case DOMAIN_ASKING:
		return asked(r, d);
	case DOMAIN_HOST:
		return start(r, d);
	default:
		return false;
	}
}

bool
fetch_enforced(struct run *r, const struct domain *d, struct sts *s)
{
	return sts_load(s, r->spool, d->name, run_time(r)) == 1 &&
	    s->mode == STS_ENFORCE;
}

/* ---- the answer */

static void
over(struct run *r, struct fetch *f)
{
	struct domain *d = f->domain;

	(void)close(f->fd);
	f->domain = NULL;
	find_domain_known(r, d);
}

void
fetch_ready(struct run *r, struct fetch *f)
{
	static struct record rec;
	static struct sts s;
	struct domain *d = f->domain;

	if (d == NULL)
		return; /* ended by an earlier event of the same turn */
	if (record_recv(f->fd, &rec, NULL, 0) != 1 || rec.kind != CREW_FETCH) {
		failed(r, d, "the helper ended");
	} else if (rec.value != 1) {
		failed(r, d, rec.data);
	} else if (rec.len > STS_TEXT ||
	    sts_parse(&s, record_span(&rec), run_time(r)) == -1) {
		failed(r, d, fail_text());
	} else {
		(void)snprintf(s.id, sizeof(s.id), "%s", d->sts_id);
		sts_save(&s, r->spool, d->name, record_span(&rec));
		log_line(LOG_INFO, "mta-sts domain=%s id=%s mode=%d", d->name,
		    s.id, (int)s.mode);
	}
	over(r, f);
}

void
fetch_tick(struct run *r)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < RUN_FETCHES; i++) {
		struct fetch *f = &r->fetch[i];

		if (f->domain == NULL ||
		    now - f->since < SECONDS * 1000 / r->hurry + GRACE_MS)
			continue;
		failed(r, f->domain, "the helper took too long");
		over(r, f);
	}
}
