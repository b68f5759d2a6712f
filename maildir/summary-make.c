#include "maildir/summary.h"

#include "message/date.h"
#include "message/fold.h"
#include "message/header.h"
#include "message/list.h"
#include "message/subject.h"
#include "message/thread.h"
#include "message/word.h"

enum {
	FIELD_LONGEST = 8000,
	KEY_LONGEST = 500, /* of what is sorted by */
	SUBJECT_LONGEST = 2000,
	LIST_ROOM = 256 * 1024,
	UNIT = 8,
};

static const char *const names[SUMMARY_FIELDS] = {
	[SUMMARY_FROM] = "From",
	[SUMMARY_TO] = "To",
	[SUMMARY_CC] = "Cc",
	[SUMMARY_BCC] = "Bcc",
	[SUMMARY_SUBJECT] = "Subject",
};

struct maker {
	struct summary_entry e;
	struct buf text; /* behind the references */
	struct buf line, folded;
	uint64_t reference[THREAD_REFERENCES_MAX];
	struct span first[3]; /* the first From, To and Cc, as they stand */
	struct span message_id, in_reply_to, references;
};

/* What is in "folded" is a text of the entry; much of it is a piece of one
 * that is there already. */
static void
put(struct maker *m, enum summary_text t, size_t longest)
{
	struct span s = buf_all(&m->folded);
	const char *known;

	if (s.len > longest)
		s.len = longest;
	known = s.len == 0 ? NULL : memmem(m->text.p, m->text.len, s.p, s.len);
	m->e.text[t].at =
	    (uint16_t)(known == NULL ? m->text.len + 1 :
				       (size_t)(known - m->text.p) + 1);
	m->e.text[t].len = (uint16_t)s.len;
	if (known == NULL)
		buf_span(&m->text, s);
}

static void
fold_value(struct maker *m, struct span value)
{
	buf_reset(&m->line);
	word_decode(&m->line, span_trim(value));
	fold_text(&m->folded, buf_all(&m->line));
}

/* All fields of one name. */
static void
put_field(struct maker *m, struct span header, enum summary_text t)
{
	struct field f;
	bool any = false;

	buf_reset(&m->folded);
	while (header_next(&header, &f) == 1) {
		if (!span_same(f.name, span(names[t])))
			continue;
		if (any)
			buf_char(&m->folded, '\0');
		else if (t <= SUMMARY_CC)
			m->first[t] = f.value;
		any = true;
		fold_value(m, f.value);
	}
	if (m->folded.over || m->folded.len > FIELD_LONGEST) {
		m->e.flags |= SUMMARY_CUT;
		buf_reset(&m->folded);
	}
	if (any)
		put(m, t, FIELD_LONGEST);
}

/* The first address of a list: mailbox, and with "name" what is shown. */
static void
put_address(struct maker *m, struct span value, enum summary_text box,
    enum summary_text name)
{
	struct buf scratch;
	struct mailbox a = { .name = { NULL, 0 } };
	struct list l;
	enum list_kind kind;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&l, value);
	kind = list_next(&l, &scratch, &a);
	if (kind == LIST_MAILBOX || kind == LIST_GROUP) {
		buf_reset(&m->folded);
		fold_text(&m->folded, kind == LIST_GROUP ? a.name : a.local);
		put(m, box, KEY_LONGEST);
	}
	if (name != box && (kind == LIST_MAILBOX || kind == LIST_GROUP)) {
		buf_reset(&m->folded);
		if (a.name.len > 0)
			fold_value(m, a.name);
		else {
			fold_text(&m->folded, a.local);
			if (a.domain.len > 0)
				buf_char(&m->folded, '@');
			fold_text(&m->folded, a.domain);
		}
		put(m, name, KEY_LONGEST);
	}
	buf_free(&scratch);
}

static void
put_subject(struct maker *m)
{
	size_t at = m->e.text[SUMMARY_SUBJECT].at;
	struct span s;

	if (at == 0)
		return;
	s = span_n(m->text.p + at - 1, m->e.text[SUMMARY_SUBJECT].len);
	s.len = span_find(s, '\0'); /* of the first field */
	if (s.len > SUBJECT_LONGEST)
		s.len = SUBJECT_LONGEST;
	buf_reset(&m->folded);
	if (subject_base(&m->folded, s))
		m->e.flags |= SUMMARY_REPLY;
	put(m, SUMMARY_BASE, SUBJECT_LONGEST);
}

/* Take "<id>" off the front; an empty one when there is none. */
static struct span
take_id(struct span *s)
{
	size_t gt;
	struct span id;

	*s = span_from(*s, span_find(*s, '<'));
	gt = span_find(*s, '>');
	if (gt == s->len)
		return span_n(s->p, 0);
	id = span_n(s->p, gt + 1);
	*s = span_from(*s, gt + 1);
	return id;
}

/* The last of them, when there are too many. */
static void
read_references(struct maker *m)
{
	struct span id, s = m->references;
	uint16_t n = 0;

	while ((id = take_id(&s)).len > 0) {
		uint64_t hash = thread_hash(id);

		if (n > 0 && m->reference[n - 1] == hash)
			continue;
		if (n == THREAD_REFERENCES_MAX) {
			n--;
			memmove(m->reference, m->reference + 1,
			    n * sizeof(hash));
		}
		m->reference[n++] = hash;
	}
	s = m->in_reply_to;
	if (n == 0 && (id = take_id(&s)).len > 0)
		m->reference[n++] = thread_hash(id);
	m->e.references = n;
}

static int32_t
day_of(const struct date *d)
{
	struct tm tm = { .tm_year = d->year - 1900,
		.tm_mon = d->month - 1,
		.tm_mday = d->day };
	int64_t t = timegm(&tm);

	return (int32_t)(t >= 0 ? t / 86400 : (t - 86399) / 86400);
}

static void
read_fields(struct maker *m, struct span header)
{
	struct field f;
	struct date d;
	struct span id;

	if (header_find(header, "Message-ID", &f)) {
		id = take_id(&f.value);
		m->e.id = id.len > 0 ? thread_hash(id) : 0;
	}
	if (header_find(header, "References", &f))
		m->references = f.value;
	if (header_find(header, "In-Reply-To", &f))
		m->in_reply_to = f.value;
	read_references(m);
	if (header_find(header, "Date", &f) && date_read(f.value, &d) == 0) {
		m->e.flags |= SUMMARY_DATED;
		m->e.sent = d.when;
		m->e.day = day_of(&d);
	}
}

/* Places were counted from 1 in "text". */
static int
finish(struct maker *m, struct buf *out)
{
	static const char zeros[UNIT];
	size_t before = sizeof(m->e) + m->e.references * sizeof(uint64_t);
	size_t size = before + m->text.len;

	for (int i = 0; i < SUMMARY_TEXTS; i++)
		if (m->e.text[i].at != 0)
			m->e.text[i].at =
			    (uint16_t)(m->e.text[i].at + before - 1);
	m->e.size = (uint32_t)((size + UNIT - 1) / UNIT * UNIT);
	buf_add(out, &m->e, sizeof(m->e));
	buf_add(out, m->reference, before - sizeof(m->e));
	buf_span(out, buf_all(&m->text));
	buf_add(out, zeros, m->e.size - size);
	return out->over || m->text.over || m->folded.over ? -1 : 0;
}

int
summary_make(struct buf *out, uint32_t uid, struct span header)
{
	struct maker m = { .e.uid = uid };
	int r;

	buf_init(&m.text, UINT16_MAX);
	buf_init(&m.line, 4 << 20);
	buf_init(&m.folded, 16 << 20);
	for (int t = 0; t < SUMMARY_FIELDS; t++)
		put_field(&m, header, (enum summary_text)t);
	put_subject(&m);
	put_address(&m, m.first[SUMMARY_FROM], SUMMARY_FROM_BOX,
	    SUMMARY_FROM_NAME);
	put_address(&m, m.first[SUMMARY_TO], SUMMARY_TO_BOX, SUMMARY_TO_NAME);
	put_address(&m, m.first[SUMMARY_CC], SUMMARY_CC_BOX, SUMMARY_CC_BOX);
	read_fields(&m, header);
	r = finish(&m, out);
	buf_free(&m.text);
	buf_free(&m.line);
	buf_free(&m.folded);
	return r;
}
