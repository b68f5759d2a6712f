#include "imap-session/preview.h"

#include "message/charset.h"
#include "message/codec.h"
#include "message/html.h"
#include "message/utf8.h"

enum { LOOKED_AT = 16 * 1024, DECODED = 1 << 20 };

/* Text of that subtype which is no attachment. */
static bool
suits(const struct mime *m, const struct mime_part *part, const char *subtype)
{
	struct content c;
	struct field f;
	bool yes;

	if (part->kind != MIME_LEAF ||
	    (mime_field(m, part, "Content-Disposition", &f) &&
		span_starts(span_trim(f.value), "attachment")))
		return false;
	yes = mime_content(m, part, &c) == 0 &&
	    span_same(c.type, span("text")) &&
	    span_same(c.subtype, span(subtype));
	content_free(&c);
	return yes;
}

static const struct mime_part *
find(const struct mime *m, bool *html)
{
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < m->parts; k++)
			if (suits(m, &m->part[k], i == 0 ? "plain" : "html")) {
				*html = i == 1;
				return &m->part[k];
			}
	return NULL;
}

/* The beginning of the part, as UTF-8. */
static int
read_text(const struct reading *r, const struct mime_part *part,
    struct buf *text)
{
	struct extent e = reading_extent(r, part->body.octet, part->end.octet);
	const struct param *set;
	struct buf raw, decoded;
	struct codec codec;
	struct content c;
	struct field f;
	int result;

	if (e.to - e.from > LOOKED_AT)
		e.to = e.from + LOOKED_AT;
	buf_init(&raw, DECODED);
	buf_init(&decoded, DECODED);
	result = wire_get(&e, &raw);
	codec_begin(&codec,
	    codec_named(
		mime_field(&r->mime, part, "Content-Transfer-Encoding", &f) ?
		    f.value :
		    span("")));
	codec_decode(&codec, &decoded, buf_all(&raw));
	codec_decode_end(&codec, &decoded);
	if (mime_content(&r->mime, part, &c) == -1)
		result = -1;
	else {
		set = content_param(&c, "charset");
		(void)charset_text(text, set != NULL ? set->value : span(""),
		    buf_all(&decoded));
	}
	content_free(&c);
	buf_free(&raw);
	buf_free(&decoded);
	return result;
}

/* Blanks and line ends become one blank; a line of quoted text is left out,
 * and so are controls. */
static void
put_words(struct buf *out, struct span text)
{
	unsigned characters = 0;
	bool blank = false, begin = true, quoted = false;
	size_t from = out->len, n;
	uint32_t c;

	for (; text.len > 0 && characters < PREVIEW_MAX;
	     text = span_from(text, n)) {
		n = utf8_get(text, &c);
		if (n == 0)
			return;
		if (begin)
			quoted = c == '>';
		begin = c == '\n';
		blank |= c <= ' ' || c == 0xa0 || (c >= 0x7f && c < 0xa0);
		if (quoted || c <= ' ' || c == 0xa0 || (c >= 0x7f && c < 0xa0))
			continue;
		if (blank && out->len > from) {
			buf_char(out, ' ');
			characters++;
		}
		blank = false;
		buf_add(out, text.p, n);
		characters++;
	}
	if (out->len > from && characters > PREVIEW_MAX) {
		for (n = out->len - 1; (out->p[n] & 0xc0) == 0x80; n--)
			continue;
		buf_cut(out, n);
	}
}

int
preview_make(struct reading *r, struct buf *out)
{
	const struct mime_part *part;
	bool html = false;
	struct buf text, page;
	int result;

	if (reading_parts(r) == -1)
		return -1;
	part = find(&r->mime, &html);
	if (part == NULL)
		return 0;
	buf_init(&text, DECODED);
	buf_init(&page, DECODED);
	result = read_text(r, part, &text);
	if (html)
		html_text(&page, buf_all(&text), DECODED);
	put_words(out, buf_all(html ? &page : &text));
	buf_free(&text);
	buf_free(&page);
	return result;
}
