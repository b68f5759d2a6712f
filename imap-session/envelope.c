#include "imap-session/envelope.h"

#include "imap-session/put.h"
#include "message/header.h"
#include "message/list.h"

enum { SCRATCH = 256 * 1024 };

enum field_name { /* in the order of the answer */
	DATE,
	SUBJECT,
	FROM,
	SENDER,
	REPLY_TO,
	TO,
	CC,
	BCC,
	IN_REPLY_TO,
	MESSAGE_ID,
	FIELDS,
};

static const char *const names[FIELDS] = {
	[DATE] = "Date",
	[SUBJECT] = "Subject",
	[FROM] = "From",
	[SENDER] = "Sender",
	[REPLY_TO] = "Reply-To",
	[TO] = "To",
	[CC] = "Cc",
	[BCC] = "Bcc",
	[IN_REPLY_TO] = "In-Reply-To",
	[MESSAGE_ID] = "Message-ID",
};

/* A value on one line: the line ends of its folds are left out. */
static void
put_text(struct buf *out, struct buf *scratch, struct span value)
{
	value = span_trim(value);
	buf_reset(scratch);
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n')
			buf_char(scratch, value.p[i]);
	put_string(out, buf_all(scratch), false);
}

static void
put_mailbox(struct buf *out, const struct mailbox *m)
{
	buf_char(out, '(');
	if (m->name.len > 0)
		put_string(out, m->name, false);
	else
		buf_str(out, "NIL");
	buf_char(out, ' ');
	if (m->route.len > 0)
		put_string(out, m->route, false);
	else
		buf_str(out, "NIL");
	/* NIL here would mean a group. */
	buf_char(out, ' ');
	put_string(out, m->local, false);
	buf_char(out, ' ');
	put_string(out, m->domain, false);
	buf_char(out, ')');
}

/* The addresses of one field.  Whether there were "any", now or before. */
static bool
put_addresses(struct buf *out, struct buf *scratch, struct span value, bool any)
{
	struct mailbox m;
	struct list l;

	buf_reset(scratch);
	list_begin(&l, value);
	for (;;) {
		switch (list_next(&l, scratch, &m)) {
		case LIST_END:
			return any;
		case LIST_MAILBOX:
			buf_str(out, any ? "" : "(");
			put_mailbox(out, &m);
			break;
		case LIST_GROUP:
			buf_str(out, any ? "(NIL NIL " : "((NIL NIL ");
			put_string(out, m.name, false);
			buf_str(out, " NIL)");
			break;
		case LIST_GROUP_END:
			buf_str(out, "(NIL NIL NIL NIL)");
			break;
		}
		any = true;
	}
}

/* All fields of that name: mail that names its recipients in several breaks
 * RFC 5322 s. 3.6, but they did get it. */
static void
put_list(struct buf *out, struct buf *scratch, struct span header,
    const char *name)
{
	struct field f;
	bool any = false;

	while (header_next(&header, &f) == 1)
		if (span_same(f.name, span(name)))
			any = put_addresses(out, scratch, f.value, any);
	buf_str(out, any ? ")" : "NIL");
}

void
envelope_put(struct buf *out, struct span header)
{
	struct span value[FIELDS] = { { NULL, 0 } };
	struct span rest = header;
	struct buf scratch;
	struct field f;

	buf_init(&scratch, SCRATCH);
	while (header_next(&rest, &f) == 1)
		for (size_t i = 0; i < FIELDS; i++)
			if (value[i].p == NULL &&
			    span_same(f.name, span(names[i])))
				value[i] = f.value;
	for (size_t i = 0; i < FIELDS; i++) {
		buf_char(out, i == 0 ? '(' : ' ');
		if (i >= FROM && i <= BCC) {
			size_t from = i;

			if ((i == SENDER || i == REPLY_TO) &&
			    (value[i].p == NULL ||
				span_trim(value[i]).len == 0))
				from = FROM;
			put_list(out, &scratch, header, names[from]);
		} else if (value[i].p == NULL)
			buf_str(out, "NIL");
		else
			put_text(out, &scratch, value[i]);
	}
	buf_char(out, ')');
	buf_free(&scratch);
}
