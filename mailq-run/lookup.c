#include "mailq-run/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailq-run/find.h"
#include "message/fail.h"

static struct lookup **
place(struct run *r, enum dns_type type, const char *name)
{
	struct lookup **l;

	l = &r->lookup[(run_hash(name) + (unsigned)type) % RUN_ROWS];
	while (
	    *l != NULL && ((*l)->type != type || strcmp((*l)->name, name) != 0))
		l = &(*l)->chain;
	return l;
}

/* Send as many questions as the window has room for. */
static void
fly(struct run *r)
{
	for (uint32_t i = 0; i < DNS_WINDOW && r->ask != NULL; i++) {
		struct lookup *l = r->ask;

		if (r->flying[i] != NULL)
			continue;
		if (dns_ask(r->dns, i, l->type, l->name) == -1)
			return; /* the resolver is gone: lookup_ready */
		r->ask = l->next;
		if (r->ask == NULL)
			r->ask_last = &r->ask;
		r->flying[i] = l;
	}
}

const struct dns_answer *
lookup_known(struct run *r, enum dns_type type, const char *name)
{
	struct lookup *l = *place(r, type, name);

	return l == NULL ? NULL : l->answer;
}

void
lookup_pin(struct run *r, enum dns_type type, const char *name, int by)
{
	struct lookup *l = *place(r, type, name);

	if (l == NULL)
		return;
	if (by > 0)
		l->pins++;
	else if (l->pins > 0)
		l->pins--;
}

static struct lookup *
ask(struct run *r, struct lookup **at, enum dns_type type, const char *name)
{
	size_t n = strlen(name) + 1;
	struct lookup *l = calloc(1, sizeof(*l) + n);

	if (l == NULL)
		return NULL;
	l->type = type;
	memcpy(l->name, name, n);
	*at = l;
	*r->ask_last = l;
	r->ask_last = &l->next;
	return l;
}

/* Out of memory counts as "cannot be told now". */
static const struct dns_answer *
no_memory(void)
{
	static struct dns_answer a = { .status = DNS_TEMP,
		.why = "out of memory" };

	return &a;
}

const struct dns_answer *
lookup(struct run *r, enum dns_type type, const char *name,
    struct domain *domain, struct dest *dest)
{
	struct lookup **at = place(r, type, name), *l = *at;
	struct waiter *w;

	if (l != NULL && l->answer != NULL)
		return l->answer;
	w = malloc(sizeof(*w));
	if (w == NULL)
		return no_memory();
	if (l == NULL)
		l = ask(r, at, type, name);
	if (l == NULL) {
		free(w);
		return no_memory();
	}
	*w = (struct waiter){ l->waiters, domain, dest };
	l->waiters = w;
	fly(r);
	return NULL;
}

/* Keep the answer, tell who waits for it. */
static void
settle(struct run *r, struct lookup *l, const struct dns_answer *a)
{
	size_t n = offsetof(struct dns_answer, rr) + a->count * sizeof(*a->rr);
	struct waiter *w;

	l->answer = malloc(n);
	if (l->answer != NULL)
		memcpy(l->answer, a, n);
	while ((w = l->waiters) != NULL) {
		l->waiters = w->next;
		if (w->domain != NULL)
			find_domain_known(r, w->domain);
		else
			find_host_known(r, w->dest);
		free(w);
	}
}

int
lookup_ready(struct run *r)
{
	static struct record rec;
	static struct dns_answer a;
	struct lookup *l;

	if (record_recv(r->dns, &rec, NULL, -1) != 1)
		return fail_as(EIO, "the resolver is gone");
	if (dns_answer(&rec, &a) == -1)
		return -1;
	if (a.id >= DNS_WINDOW || r->flying[a.id] == NULL ||
	    r->flying[a.id]->type != a.type)
		return fail_as(EBADMSG, "the resolver answered nothing asked");
	l = r->flying[a.id];
	r->flying[a.id] = NULL;
	settle(r, l, &a);
	fly(r);
	return 0;
}
