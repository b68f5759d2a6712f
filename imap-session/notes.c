#include "imap-session/notes.h"

#include <errno.h>

#include "imap-session/envelope.h"
#include "imap-session/structure.h"
#include "message/fail.h"
#include "message/header.h"

enum { NOTE_MAX = 4 << 20 }; /* larger ones are made again each time */

bool
notes_envelope(struct folder *f, uint32_t number, struct span *s)
{
	struct note n;

	if (!folder_noted(f, number, &n) || n.part[NOTE_ENVELOPE].p == NULL)
		return false;
	*s = n.part[NOTE_ENVELOPE];
	return true;
}

bool
notes_structure(struct folder *f, uint32_t number, struct span *s)
{
	struct note n;

	if (!folder_noted(f, number, &n) || n.part[NOTE_STRUCTURE].p == NULL)
		return false;
	*s = n.part[NOTE_STRUCTURE];
	return true;
}

/* FNV-1a of the Message-ID. */
static uint64_t
id_of(struct span header)
{
	uint64_t h = 14695981039346656037u;
	struct field f;

	if (!header_find(header, "Message-ID", &f))
		return 0;
	f.value = span_trim(f.value);
	for (size_t i = 0; i < f.value.len; i++)
		h = (h ^ (unsigned char)f.value.p[i]) * 1099511628211u;
	return h;
}

/* What is known already stays. */
static struct note
noted(struct folder *f, uint32_t number)
{
	struct note n;

	return folder_noted(f, number, &n) ? n : (struct note){ .id = 0 };
}

int
notes_make_envelope(struct folder *f, uint32_t number, const struct text *t,
    struct buf *out)
{
	struct span header = span_n(t->p, text_header(text_span(t)));
	struct note n = noted(f, number);
	size_t from = out->len;

	envelope_put(out, header);
	if (out->over)
		return fail_as(ENOMEM, "envelope is too large");
	n.id = id_of(header);
	n.part[NOTE_ENVELOPE] = span_n(out->p + from, out->len - from);
	if (n.part[NOTE_ENVELOPE].len <= NOTE_MAX)
		(void)folder_note(f, number, &n); /* only a cache */
	return 0;
}

static int
get(void *ctx, uint64_t from, uint64_t to, struct buf *b)
{
	const struct text *t = ctx;

	if (from > to || to > t->len)
		return fail_as(EINVAL, "part outside of its message");
	buf_add(b, t->p + from, (size_t)(to - from));
	return 0;
}

static bool
has_attachment(const struct mime *m)
{
	struct field f;

	for (uint32_t i = 0; i < m->parts; i++)
		if (mime_field(m, &m->part[i], "Content-Disposition", &f) &&
		    span_starts(span_trim(f.value), "attachment"))
			return true;
	return false;
}

/* The whole message was read for this: its envelope is noted, too. */
int
notes_make_structure(struct folder *f, uint32_t number, const struct text *t,
    const struct mime *m, bool extended, struct buf *out)
{
	struct text copy = *t;
	const struct source source = { .get = get, .ctx = &copy };
	struct note n = noted(f, number);
	size_t from = out->len;
	struct buf envelope;

	if (structure_put(out, m, &source, extended) == -1 || out->over)
		return fail_as(ENOMEM, "structure is too large");
	if (!extended || out->len - from > NOTE_MAX)
		return 0;
	buf_init(&envelope, NOTE_MAX);
	if (n.part[NOTE_ENVELOPE].p == NULL) {
		struct span header = span_n(t->p, text_header(text_span(t)));

		envelope_put(&envelope, header);
		n.id = id_of(header);
		if (!envelope.over)
			n.part[NOTE_ENVELOPE] = buf_all(&envelope);
	}
	n.attachment = has_attachment(m);
	n.part[NOTE_STRUCTURE] = span_n(out->p + from, out->len - from);
	(void)folder_note(f, number, &n);
	buf_free(&envelope);
	return 0;
}
