/* BODY[...] and BINARY[...]: pieces of a message, which may be large, so they
 * go from the file to the client without being held. */
#include <errno.h>

#include "imap-session/fetch.h"
#include "imap-session/notes.h"
#include "imap-session/put.h"
#include "message/codec.h"
#include "message/fail.h"

/* The response so far goes out with the size of what follows. */
static void
put_size(struct fetch *f, const char *before, uint64_t size)
{
	struct imap *im = f->im;

	buf_str(&im->out, before);
	buf_char(&im->out, '{');
	put_number(&im->out, size);
	buf_str(&im->out, "}\r\n");
	conn_put(im->conn, im->out.p, im->out.len);
	buf_reset(&im->out);
}

static void
put_label(struct buf *b, const struct item *item)
{
	if (item->label != NULL)
		buf_str(b, item->label);
	else {
		buf_str(b, "BODY");
		section_put(b, &item->section);
	}
	buf_char(b, ' ');
}

/* Once the size is out there is no way back: the connection ends. */
static int
sent(struct fetch *f, int r)
{
	if (r == -1)
		f->im->conn->broken = true;
	return 0;
}

/* Of a piece in the scratch. */
static int
put_scratch(struct fetch *f, const struct section *s)
{
	uint64_t skip, count;

	if (f->scratch.over)
		return fail_as(ENOMEM, "header is too large");
	section_partial(s, f->scratch.len, &skip, &count);
	put_size(f, "", count);
	conn_put(f->im->conn, f->scratch.p + skip, (size_t)count);
	return 0;
}

static int
put_extent(struct fetch *f, const struct section *s, const struct extent *e)
{
	uint64_t size, skip, count;

	struct extent part = *e;

	/* Nothing grows smaller on the wire, so no more can be needed. */
	if (s->partial && e->to - e->from > (uint64_t)s->first + s->count)
		part.to = e->from + s->first + s->count;
	if (wire_size(&part, &size) == -1)
		return -1;
	section_partial(s, size, &skip, &count);
	put_size(f, "", count);
	return sent(f, wire_send(e, f->im->conn, skip, count));
}

/* Read as much of the message as is needed to find the section. */
static int
look(struct reading *r, const struct section *s)
{
	if (s->numbers > 0)
		return reading_parts(r);
	return s->kind == SECTION_ALL ? reading_open(r) : reading_header(r);
}

/* The fields of a header that are asked for. */
static int
put_chosen(struct fetch *f, const struct section *s, const struct extent *e)
{
	struct buf header;
	int r = 0;

	buf_reset(&f->scratch);
	buf_init(&header, f->scratch.cap);
	if (s->numbers == 0)
		section_choose(s, text_span(&f->r.header), &f->scratch);
	else if ((r = wire_get(e, &header)) == 0)
		section_choose(s, buf_all(&header), &f->scratch);
	buf_free(&header);
	return r == -1 ? -1 : put_scratch(f, s);
}

/* The same of fields that are noted, or will be. */
static int
put_common(struct fetch *f, const struct item *item)
{
	struct reading *r = &f->r;
	struct span fields;
	struct buf made;
	int e = 0;

	buf_init(&made, f->scratch.cap);
	buf_reset(&f->scratch);
	if (!notes_fields(r->folder, r->number, &fields)) {
		e = notes_make_fields(r, &made);
		fields = buf_all(&made);
	}
	if (e == 0) {
		section_choose(&item->section, fields, &f->scratch);
		put_label(&f->im->out, item);
		e = put_scratch(f, &item->section);
	}
	buf_free(&made);
	return e;
}

int
fetch_body(struct fetch *f, const struct item *item)
{
	const struct section *s = &item->section;
	struct reading *r = &f->r;
	uint64_t from, to;
	enum section_is is;
	struct extent e;

	if (section_of_fields(s, notes_common))
		return put_common(f, item);
	if (look(r, s) == -1)
		return -1;
	is = section_find(s, &r->mime, r->header.stored, r->size, &from, &to);
	put_label(&f->im->out, item);
	if (is == SECTION_NONE) {
		buf_str(&f->im->out, "NIL");
		return 0;
	}
	e = reading_extent(r, from, to);
	return is == SECTION_CHOSEN ? put_chosen(f, s, &e) :
				      put_extent(f, s, &e);
}

/* ---- BINARY (RFC 3516) */

struct decoding {
	struct codec codec;
	struct buf piece;
	uint64_t size; /* octets so far */
	struct window to; /* without "conn" they are only counted */
};

static void
pass_on(struct decoding *d)
{
	d->size += d->piece.len;
	if (d->to.conn != NULL)
		window_put(&d->to, buf_all(&d->piece));
}

static int
decode(void *ctx, struct span s)
{
	struct decoding *d = ctx;

	buf_reset(&d->piece);
	codec_decode(&d->codec, &d->piece, s);
	pass_on(d);
	return d->piece.over ? fail_as(ENOMEM, "a part is too large") : 0;
}

/* Once through the part. */
static int
run(struct decoding *d, enum codec_kind kind, const struct extent *e)
{
	int r;

	d->size = 0;
	codec_begin(&d->codec, kind);
	buf_init(&d->piece, 16 << 20);
	r = wire_each(e, true, decode, d);
	buf_reset(&d->piece);
	codec_decode_end(&d->codec, &d->piece);
	pass_on(d);
	buf_free(&d->piece);
	return r;
}

/* Where the part lies and how it is coded: what has parts of its own, and the
 * message itself, as it is.  1; 0: there is none; -1. */
static int
find_part(struct fetch *f, const struct section *s, struct extent *e,
    enum codec_kind *kind)
{
	struct reading *r = &f->r;
	const struct mime_part *part;
	struct field field;

	*kind = CODEC_PLAIN;
	if (look(r, s) == -1)
		return -1;
	*e = reading_extent(r, 0, r->size);
	if (s->numbers == 0)
		return 1;
	part = mime_section(&r->mime, s->number, s->numbers);
	if (part == NULL)
		return 0;
	*e = reading_extent(r, part->body.octet, part->end.octet);
	if (part->kind == MIME_LEAF &&
	    mime_field(&r->mime, part, "Content-Transfer-Encoding", &field))
		*kind = codec_named(field.value);
	return 1;
}

/* The size of what is decoded: 1; 0: NIL was written; -1. */
static int
decoded_size(struct fetch *f, const struct item *item, struct decoding *d,
    struct extent *e, enum codec_kind *kind)
{
	int r = find_part(f, &item->section, e, kind);

	if (r == -1)
		return -1;
	buf_str(&f->im->out,
	    item->kind == ITEM_BINARY ? "BINARY" : "BINARY.SIZE");
	section_put(&f->im->out, &item->section);
	buf_char(&f->im->out, ' ');
	*d = (struct decoding){ .size = 0 };
	if (r == 1 && *kind != CODEC_UNKNOWN)
		return run(d, *kind, e) == -1 ? -1 : 1;
	f->unknown |= r == 1;
	buf_str(&f->im->out, item->kind == ITEM_BINARY ? "NIL" : "0");
	return 0;
}

int
fetch_binary_size(struct fetch *f, const struct item *item)
{
	enum codec_kind kind;
	struct decoding d;
	struct extent e;
	int r = decoded_size(f, item, &d, &e, &kind);

	if (r == 1)
		put_number(&f->im->out, d.size);
	return r == -1 ? -1 : 0;
}

int
fetch_binary(struct fetch *f, const struct item *item)
{
	enum codec_kind kind;
	struct decoding d;
	struct extent e;
	uint64_t size;
	int r = decoded_size(f, item, &d, &e, &kind);

	if (r != 1)
		return r;
	size = d.size;
	section_partial(&item->section, size, &d.to.skip, &d.to.count);
	put_size(f, "~", d.to.count);
	d.to.conn = f->im->conn;
	r = run(&d, kind, &e);
	return sent(f, d.size == size ? r : -1);
}
