#include "maildir/cmd-brief.h"

#include <string.h>

#include "maildir/cmd-letter.h"
#include "maildir/maildir.h"
#include "message/date.h"
#include "message/header.h"
#include "message/list.h"
#include "message/word.h"

/* The note: this word, then each field, a NUL behind each. */
static const char version[] = "b2";

enum { LONGEST = 200000, FIELD_LONGEST = 4000, LIST_ROOM = 256 * 1024 };

static void
end_field(struct buf *b, size_t from)
{
	if (b->len - from > FIELD_LONGEST)
		buf_cut(b, from + FIELD_LONGEST);
	buf_char(b, '\0');
}

static void
put_address(struct buf *b, const struct mailbox *m)
{
	word_line(b, m->local);
	if (m->domain.len > 0) {
		buf_char(b, '@');
		word_line(b, m->domain);
	}
}

/* Names (or addresses) of a list; "first": of one, with its address as the
 * next field. */
static void
put_people(struct buf *b, struct span header, const char *name, bool first)
{
	struct buf scratch, address;
	struct mailbox m;
	struct field f;
	struct list l;
	size_t from = b->len;

	buf_init(&scratch, LIST_ROOM);
	buf_init(&address, 1024);
	if (header_find(header, name, &f)) {
		list_begin(&l, f.value);
		for (enum list_kind k; b->len - from < FIELD_LONGEST &&
		     (k = list_next(&l, &scratch, &m)) != LIST_END;) {
			if (k != LIST_MAILBOX)
				continue;
			buf_str(b, b->len > from ? ", " : "");
			buf_reset(&address);
			put_address(&address, &m);
			if (m.name.len > 0)
				word_decode(b, m.name);
			else if (m.domain.len == 0) /* half a name */
				word_decode(b, m.local);
			else
				buf_span(b, buf_all(&address));
			if (first)
				break;
		}
	}
	end_field(b, from);
	if (first) {
		from = b->len;
		buf_span(b, buf_all(&address));
		end_field(b, from);
	}
	buf_free(&scratch);
	buf_free(&address);
}

/* A line for each of To and Cc: the name, a tab, the address. */
static void
put_recipients(struct buf *b, struct span header)
{
	static const char *const fields[] = { "To", "Cc" };
	struct buf scratch;
	struct mailbox m;
	struct field f;
	struct list l;
	size_t from = b->len;

	buf_init(&scratch, LIST_ROOM);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!header_find(header, fields[i], &f))
			continue;
		list_begin(&l, f.value);
		for (enum list_kind k; b->len - from < FIELD_LONGEST &&
		     (k = list_next(&l, &scratch, &m)) != LIST_END;) {
			if (k != LIST_MAILBOX || m.local.len == 0)
				continue;
			word_decode(b, m.name);
			buf_char(b, '\t');
			put_address(b, &m);
			buf_char(b, '\n');
		}
	}
	end_field(b, from);
	buf_free(&scratch);
}

/* Fields of ids: only what stands between brackets. */
static void
put_ids(struct buf *b, struct span header, const char *name, bool all)
{
	size_t from = b->len;
	struct field f;

	if (header_find(header, name, &f)) {
		struct span s = f.value;

		while (s.len > 0 && b->len - from < FIELD_LONGEST) {
			size_t lt = span_find(s, '<'), gt;

			s = span_from(s, lt);
			gt = span_find(s, '>');
			if (gt >= s.len)
				break;
			buf_str(b, b->len > from ? " " : "");
			word_line(b, span_n(s.p, gt + 1));
			s = span_from(s, gt + 1);
			if (!all)
				break;
		}
	}
	end_field(b, from);
}

static void
make(struct buf *b, const struct letter *l)
{
	struct field f;
	struct date d;
	size_t from;

	buf_str(b, version);
	buf_char(b, '\0');
	put_people(b, l->header, "From", true);
	put_people(b, l->header, "To", false);
	from = b->len;
	letter_field(b, l, "Subject");
	end_field(b, from);
	if (header_find(l->header, "Date", &f) && date_read(f.value, &d) == 0)
		buf_printf(b, "%jd", (intmax_t)d.when);
	buf_char(b, '\0');
	buf_printf(b, "%u", letter_attachments(l));
	buf_char(b, '\0');
	put_ids(b, l->header, "Message-ID", false);
	if (header_find(l->header, "References", &f))
		put_ids(b, l->header, "References", true);
	else
		put_ids(b, l->header, "In-Reply-To", true);
	put_recipients(b, l->header);
}

/* Cut a note into its fields.  0; -1: it is none of ours. */
static int
cut(struct brief *b, struct span s)
{
	if (s.len < sizeof(version) ||
	    memcmp(s.p, version, sizeof(version)) != 0)
		return -1;
	s = span_from(s, sizeof(version));
	for (int i = 0; i < BRIEF_FIELDS; i++) {
		size_t n = span_find(s, '\0');

		if (n == s.len)
			return -1;
		b->field[i] = span_n(s.p, n);
		s = span_from(s, n + 1);
	}
	return 0;
}

void
brief_init(struct brief *b)
{
	*b = (struct brief){ 0 };
	buf_init(&b->text, LONGEST);
}

void
brief_free(struct brief *b)
{
	buf_free(&b->text);
}

static void
keep(struct brief *b, struct folder *f, uint32_t number, bool attachment)
{
	struct note n = { .attachment = attachment };

	n.part[NOTE_MORE] = buf_all(&b->text);
	(void)folder_note(f, number, &n); /* only a cache */
}

int
brief_get(struct brief *b, struct folder *f, uint32_t number)
{
	struct letter l;
	struct note n;

	buf_reset(&b->text);
	if (folder_noted(f, number, &n) && n.part[NOTE_MORE].p != NULL) {
		buf_span(&b->text, n.part[NOTE_MORE]);
		if (cut(b, buf_all(&b->text)) == 0)
			return 0;
		buf_reset(&b->text);
	}
	if (letter_load(&l, f, number) == -1) {
		letter_free(&l);
		return -1;
	}
	make(&b->text, &l);
	keep(b, f, number, letter_attachments(&l) > 0);
	letter_free(&l);
	return b->text.over ? -1 : cut(b, buf_all(&b->text));
}
