#include "maildir/cmd-people.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"
#include "message/word.h"

enum { LIST_ROOM = 512 * 1024 };

/* ---- lists of addresses */

/* For free(). */
static char *
address_of(const struct mailbox *m)
{
	char *one;

	if (asprintf(&one, "%.*s%s%.*s", (int)m->local.len, m->local.p,
		m->domain.len > 0 ? "@" : "", (int)m->domain.len,
		m->domain.len > 0 ? m->domain.p : "") == -1)
		err(EX_TEMPFAIL, "addresses");
	return one;
}

static void
add(struct people *all, char *one)
{
	char **p = reallocarray(all->address, all->n + 2, sizeof(*p));

	if (p == NULL)
		err(EX_TEMPFAIL, "addresses");
	all->address = p;
	p[all->n++] = one;
	p[all->n] = NULL;
}

int
people_add(struct people *all, struct span value)
{
	struct buf scratch;
	struct mailbox m;
	struct list l;
	enum list_kind k;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&l, value);
	while ((k = list_next(&l, &scratch, &m)) != LIST_END)
		if (k == LIST_MAILBOX && m.local.len > 0)
			add(all, address_of(&m));
	buf_free(&scratch);
	return l.rest.len == 0 ?
	    0 :
	    fail_as(E2BIG,
		"a field has more than %d addresses, or one that is too long",
		LIST_MANY);
}

bool
people_have(const struct people *all, struct span address)
{
	for (size_t i = 0; i < all->n; i++)
		if (span_same(span(all->address[i]), address))
			return true;
	return false;
}

void
people_free(struct people *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->address[i]);
	free(all->address);
	*all = (struct people){ .n = 0 };
}

/* ---- as they are typed */

/* In quotes where it is more than words. */
static void
put_name(struct buf *out, struct span name)
{
	static const char special[] = "()<>[]:;@\\,.\"=";
	size_t n = 0;

	while (n < name.len && strchr(special, name.p[n]) == NULL)
		n++;
	if (n == name.len) {
		buf_span(out, name);
		return;
	}
	buf_char(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, name.p[i]);
	}
	buf_char(out, '"');
}

static void
put_mailbox(struct buf *out, const struct mailbox *m)
{
	struct buf name;

	buf_init(&name, LIST_ROOM);
	word_decode(&name, m->name);
	put_name(out, buf_all(&name));
	buf_str(out, name.len > 0 ? " <" : "");
	word_line(out, m->local);
	buf_str(out, m->domain.len > 0 ? "@" : "");
	if (m->domain.len > 0)
		word_line(out, m->domain);
	buf_str(out, name.len > 0 ? ">" : "");
	buf_free(&name);
}

void
people_put(struct buf *out, struct span value, struct people *known)
{
	struct buf scratch;
	struct mailbox m;
	struct list list;
	enum list_kind k;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&list, value);
	while ((k = list_next(&list, &scratch, &m)) != LIST_END) {
		char *address;

		if (k != LIST_MAILBOX || m.local.len == 0)
			continue;
		address = address_of(&m);
		if (known == NULL || !people_have(known, span(address))) {
			buf_str(out, out->len > 0 ? ", " : "");
			put_mailbox(out, &m);
		}
		if (known == NULL || people_have(known, span(address)))
			free(address);
		else
			add(known, address);
	}
	buf_free(&scratch);
}

/* ---- the user */

static void
put_account(struct buf *out, bool known, const struct person *self)
{
	char host[256];

	person_host(host);
	buf_printf(out, "%s@%s", known ? self->name : "nobody", host);
}

void
people_self(struct cmd *c, const struct letter *l, struct people *all)
{
	const char *said = getenv("EMAIL");
	struct person self;
	struct buf account;

	buf_init(&account, 4096);
	if (person_self(&self))
		put_account(&account, true, &self);
	(void)people_add(all, buf_all(&account));
	(void)people_add(all, span(c->from == NULL ? "" : c->from));
	(void)people_add(all, span(said == NULL ? "" : said));
	(void)people_add(all, letter_value(l, "Delivered-To"));
	buf_free(&account);
}

/* The name that EMAIL gives this address, else the first name in it, else the
 * account's. */
static void
put_own_name(struct buf *out, const char *email, struct span own,
    const char *full)
{
	struct buf scratch;
	struct mailbox m;
	struct list list;
	bool same = false;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&list, span(email));
	while (!same && list_next(&list, &scratch, &m) != LIST_END) {
		char *address = address_of(&m);

		same = m.name.len > 0 && span_same(span(address), own);
		if (same || out->len == 0) {
			buf_reset(out);
			buf_span(out, m.name);
		}
		free(address);
	}
	if (out->len == 0)
		buf_str(out, full);
	buf_free(&scratch);
}

/* Whom it says it is for, or from. */
static void
add_addressed(struct people *all, const struct letter *l)
{
	static const char *const names[] = { "From", "To", "Cc", "Delivered-To",
		"X-Original-To" };
	struct span rest = l->header;
	struct field f;

	while (header_next(&rest, &f) == 1)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (span_same(f.name, span(names[i])))
				(void)people_add(all, f.value);
}

/* Of EMAIL's addresses the one that the message has; else where it was
 * delivered to; else the first. */
static void
put_own_address(struct buf *out, const char *email, const struct letter *l)
{
	struct people own = { .n = 0 }, theirs = { .n = 0 };
	const char *first = NULL;

	(void)people_add(&own, span(email));
	if (l != NULL)
		add_addressed(&theirs, l);
	for (size_t i = 0; i < own.n && first == NULL; i++)
		if (people_have(&theirs, span(own.address[i])))
			first = own.address[i];
	people_free(&theirs);
	if (first == NULL)
		(void)people_add(&theirs, letter_value(l, "Delivered-To"));
	if (first == NULL && theirs.n > 0)
		first = theirs.address[0];
	/* Half a name before a comma that is not quoted is none. */
	for (size_t i = 0; i < own.n && first == NULL; i++)
		if (strchr(own.address[i], '@') != NULL)
			first = own.address[i];
	if (first == NULL && own.n > 0)
		first = own.address[0];
	buf_str(out, first == NULL ? "" : first);
	people_free(&own);
	people_free(&theirs);
}

void
people_from(struct cmd *c, const struct letter *l, struct buf *out)
{
	const char *email = getenv("EMAIL");
	struct buf name, address;
	struct mailbox m = { .route = { NULL, 0 } };
	struct person self;
	bool known = person_self(&self);

	buf_init(&name, 4096);
	buf_init(&address, 4096);
	email = email == NULL ? "" : email;
	if (c->from != NULL)
		buf_str(&address, c->from);
	else
		put_own_address(&address, email, l);
	if (address.len == 0)
		put_account(&address, known, &self);
	if (span_find(buf_all(&address), '<') < address.len)
		buf_span(out, buf_all(&address));
	else {
		put_own_name(&name, email, buf_all(&address),
		    known ? self.full : "");
		m.name = buf_all(&name);
		m.local = buf_all(&address);
		put_mailbox(out, &m);
	}
	buf_free(&name);
	buf_free(&address);
}
