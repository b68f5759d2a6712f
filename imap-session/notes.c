#include "imap-session/notes.h"

#include <errno.h>
#include <string.h>

#include "imap-session/envelope.h"
#include "imap-session/preview.h"
#include "imap-session/put.h"
#include "imap-session/structure.h"
#include "message/fail.h"
#include "message/header.h"

enum { /* larger ones are made again each time */
	NOTE_MAX = 4 << 20,
	FIELDS_MAX = 16 * 1024,
};

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

bool
notes_fields(struct folder *f, uint32_t number, struct span *s)
{
	struct note n;

	if (!folder_noted(f, number, &n) || n.part[NOTE_FIELDS].p == NULL)
		return false;
	*s = n.part[NOTE_FIELDS];
	return true;
}

/* What is known already stays. */
static struct note
noted(const struct reading *r)
{
	struct note n;

	return folder_noted(r->folder, r->number, &n) ?
	    n :
	    (struct note){ .id = 0 };
}

/* Only a cache: a failure changes nothing. */
static void
keep(const struct reading *r, struct note *n, int part, struct span s)
{
	if (s.len > NOTE_MAX)
		return;
	n->part[part] = s;
	(void)folder_note(r->folder, r->number, n);
}

static struct span
header_of(const struct reading *r)
{
	return span_n(r->header.p, text_header(text_span(&r->header)));
}

int
notes_make_envelope(struct reading *r, struct buf *out)
{
	struct note n = noted(r);
	size_t from = out->len;

	if (reading_header(r) == -1)
		return -1;
	envelope_put(out, header_of(r));
	if (out->over)
		return fail_as(ENOMEM, "envelope is too large");
	n.id = id_of(header_of(r));
	keep(r, &n, NOTE_ENVELOPE, span_n(out->p + from, out->len - from));
	return 0;
}

/* What the lists of mail programs show, and what they sort by. */
static const char *const common[] = {
	"Date",
	"From",
	"Subject",
	"To",
	"Cc",
	"Bcc",
	"Sender",
	"Reply-To",
	"Message-ID",
	"References",
	"In-Reply-To",
	"Content-Type",
	"Content-Description",
	"Priority",
	"X-Priority",
	"Importance",
	"Newsgroups",
	"Lines",
	"List-Id",
	"List-Post",
	"List-Subscribe",
	"List-Unsubscribe",
	"Disposition-Notification-To",
	"X-Label",
	"X-Original-To",
};

bool
notes_common(struct span name)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (span_same(name, span(common[i])))
			return true;
	return false;
}

int
notes_make_fields(struct reading *r, struct buf *out)
{
	struct note n = noted(r);
	struct span header;
	struct field f;

	if (reading_header(r) == -1)
		return -1;
	header = header_of(r);
	while (header_next(&header, &f) == 1)
		if (notes_common(f.name))
			buf_span(out, f.whole);
	if (out->over)
		return fail_as(ENOMEM, "header is too large");
	if (out->len <= FIELDS_MAX)
		keep(r, &n, NOTE_FIELDS, buf_all(out));
	return 0;
}

static int
get(void *ctx, uint64_t from, uint64_t to, struct buf *b)
{
	const struct reading *r = ctx;
	struct extent e = reading_extent(r, from, to);

	return wire_get(&e, b);
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
notes_make_structure(struct reading *r, bool extended, struct buf *out)
{
	const struct source source = { .get = get, .ctx = r };
	struct note n = noted(r);
	size_t from = out->len;
	struct buf envelope;

	if (reading_parts(r) == -1)
		return -1;
	if (structure_put(out, &r->mime, &source, extended) == -1 || out->over)
		return fail_as(ENOMEM, "structure is too large");
	if (!extended)
		return 0;
	buf_init(&envelope, NOTE_MAX);
	if (n.part[NOTE_ENVELOPE].p == NULL && reading_header(r) == 0) {
		envelope_put(&envelope, header_of(r));
		n.id = id_of(header_of(r));
		if (!envelope.over)
			n.part[NOTE_ENVELOPE] = buf_all(&envelope);
	}
	n.attachment = has_attachment(&r->mime);
	keep(r, &n, NOTE_STRUCTURE, span_n(out->p + from, out->len - from));
	buf_free(&envelope);
	return 0;
}

int
notes_put_preview(struct reading *r, bool lazy, bool utf8, struct buf *out)
{
	struct note n = noted(r);
	struct buf text;
	int e = 0;

	if (n.part[NOTE_PREVIEW].p != NULL || lazy) {
		put_nstring(out, n.part[NOTE_PREVIEW], utf8);
		return 0;
	}
	buf_init(&text, 64 * 1024);
	if (preview_make(r, &text) == -1)
		e = -1;
	else {
		put_string(out, buf_all(&text), utf8);
		keep(r, &n, NOTE_PREVIEW, buf_all(&text));
	}
	buf_free(&text);
	return e;
}

int
notes_id(struct reading *r, bool thread, char id[OBJECTID])
{
	char both[2 * OBJECTID];
	struct note n = noted(r);

	if (n.part[NOTE_IDS].len != sizeof(both)) {
		if (objectid_make(r, both, both + OBJECTID) == -1)
			return -1;
		keep(r, &n, NOTE_IDS, span_n(both, sizeof(both)));
	} else
		memcpy(both, n.part[NOTE_IDS].p, sizeof(both));
	memcpy(id, thread ? both + OBJECTID : both, OBJECTID);
	return 0;
}

int
notes_put_id(struct reading *r, bool thread, struct buf *out)
{
	char id[OBJECTID];

	if (notes_id(r, thread, id) == -1)
		return -1;
	buf_printf(out, "(%s)", id);
	return 0;
}
