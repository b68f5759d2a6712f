#include "smtp-session/complete.h"

#include <time.h>

#include "message/date.h"
#include "message/list.h"
#include "message/qualify.h"

/* Fields that go: the first is only the last host's to write, the others are
 * not for those who get the message from us. */
bool
complete_drops(const struct data *d, struct span name)
{
	static const char *const names[] = {
		"Return-Path",
		"Bcc",
		"Resent-Bcc",
		"Content-Length",
	};
	size_t n = d->id == NULL ? 1 : sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < n; i++)
		if (span_same(name, span(names[i])))
			return true;
	return false;
}

static bool
is_sender(const struct data *d, const struct mailbox *m)
{
	struct span rest = span(d->sender), local = span_cut(&rest, '@');

	return m->domain.len > 0 && span_same(m->local, local) &&
	    span_same(m->domain, rest);
}

/* Does From name others than the sender only (RFC 5322 s. 3.6.2)? */
static bool
is_for_others(const struct data *d)
{
	struct span all = buf_all(&d->from);
	size_t named = 0, sender = 0;
	enum list_kind kind;
	struct buf scratch;
	struct mailbox m;
	struct list l;

	buf_init(&scratch, DATA_NAMES_MAX);
	while (all.len > 0) {
		list_begin(&l, span_cut(&all, '\0'));
		while ((kind = list_next(&l, &scratch, &m)) != LIST_END) {
			named += kind == LIST_MAILBOX && m.domain.len > 0;
			sender += kind == LIST_MAILBOX && is_sender(d, &m);
		}
	}
	buf_free(&scratch);
	return d->sender[0] != '\0' && named > 0 && sender == 0;
}

bool
complete_field(const struct data *d, struct field *f, struct buf *out)
{
	struct span value = f->value;
	size_t before = (size_t)(value.p - f->whole.p);
	size_t behind = f->whole.len - before - value.len;

	if (d->id == NULL || !qualify_is_for(f->name))
		return false;
	buf_reset(out);
	buf_add(out, f->whole.p, before);
	qualify_put(out, value, d->host);
	buf_add(out, value.p + value.len, behind);
	if (out->over || out->len == f->whole.len)
		return false;
	f->whole = buf_all(out);
	f->value = span_n(out->p + before, out->len - before - behind);
	return true;
}

void
complete_add(struct buf *b, const struct data *d)
{
	char date[DATE_SIZE];

	if (d->id == NULL)
		return;
	if (!d->has_from && d->sender[0] != '\0')
		buf_printf(b, "From: <%s>\n", d->sender);
	if (d->login && d->senders.len == 0 && is_for_others(d))
		buf_printf(b, "Sender: <%s>\n", d->sender);
	if (!d->has_date)
		buf_printf(b, "Date: %s\n", date_put(date, time(NULL)));
	if (!d->has_id)
		buf_printf(b, "Message-ID: <%s@%s>\n", d->id, d->host);
}
