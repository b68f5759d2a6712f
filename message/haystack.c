#include "message/haystack.h"

#include <errno.h>

#include "message/charset.h"
#include "message/codec.h"
#include "message/fail.h"
#include "message/fold.h"
#include "message/header.h"
#include "message/html.h"
#include "message/mime.h"
#include "message/word.h"

enum { KEPT = 1 << 20 }; /* octets of memory for the next one */

void
haystack_init(struct haystack *h)
{
	buf_init(&h->text, HAYSTACK_MAX);
	buf_init(&h->raw, HAYSTACK_MAX);
	buf_init(&h->utf8, HAYSTACK_MAX);
	buf_init(&h->page, HAYSTACK_MAX);
	h->body = 0;
}

void
haystack_free(struct haystack *h)
{
	buf_free(&h->text);
	buf_free(&h->raw);
	buf_free(&h->utf8);
	buf_free(&h->page);
}

void
haystack_trim(struct haystack *h)
{
	if (h->text.size + h->raw.size + h->utf8.size + h->page.size > KEPT)
		haystack_free(h);
}

/* The line that is in utf8. */
static void
put_line(struct haystack *h)
{
	fold_text(&h->text, buf_all(&h->utf8));
	buf_char(&h->text, '\0');
	buf_reset(&h->utf8);
}

static void
put_header(struct haystack *h, struct span header)
{
	struct field f;

	while (header_next(&header, &f) == 1) {
		buf_span(&h->utf8, f.name);
		buf_str(&h->utf8, ": ");
		word_decode(&h->utf8, span_trim(f.value));
		put_line(h);
	}
}

/* Names that are written in the forms of RFC 2231. */
static void
put_names(struct haystack *h, const struct mime *m, const struct mime_part *p)
{
	static const char *const fields[][2] = {
		{ "Content-Disposition", "filename" },
		{ "Content-Type", "name" },
	};
	const struct param *name;
	struct content c;
	struct field f;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!mime_field(m, p, fields[i][0], &f))
			continue;
		(void)content_read(&c, f.value);
		name = content_param(&c, fields[i][1]);
		if (name != NULL) {
			param_text(&h->utf8, name);
			put_line(h);
		}
		content_free(&c);
	}
}

static void
decode(struct haystack *h, const struct mime *m, const struct mime_part *p,
    struct span in)
{
	struct codec codec;
	struct field f;

	codec_begin(&codec,
	    codec_named(mime_field(m, p, "Content-Transfer-Encoding", &f) ?
		    f.value :
		    span("")));
	buf_reset(&h->raw);
	codec_decode(&codec, &h->raw, in);
	codec_decode_end(&codec, &h->raw);
}

static void
put_text(struct haystack *h, const struct mime *m, const struct mime_part *p,
    struct span in)
{
	const struct param *set;
	struct content c;

	if (mime_content(m, p, &c) == 0 && span_same(c.type, span("text"))) {
		decode(h, m, p, in);
		set = content_param(&c, "charset");
		(void)charset_text(&h->utf8,
		    set != NULL ? set->value : span(""), buf_all(&h->raw));
		if (span_same(c.subtype, span("html"))) {
			buf_reset(&h->page);
			html_text(&h->page, buf_all(&h->utf8), SIZE_MAX / 2);
			fold_text(&h->text, buf_all(&h->page));
		} else
			fold_text(&h->text, buf_all(&h->utf8));
		buf_char(&h->text, '\0');
		buf_reset(&h->utf8);
	}
	content_free(&c);
}

static struct span
between(struct span s, const struct mime_at *from, const struct mime_at *to)
{
	return span_n(s.p + from->octet, (size_t)(to->octet - from->octet));
}

static void
put_parts(struct haystack *h, const struct mime *m, struct span message)
{
	put_header(h, between(message, &m->part->header, &m->part->body));
	h->body = h->text.len;
	for (uint32_t i = 0; i < m->parts; i++) {
		const struct mime_part *p = &m->part[i];

		if (i > 0)
			put_header(h, between(message, &p->header, &p->body));
		put_names(h, m, p);
		if (p->kind == MIME_LEAF)
			put_text(h, m, p, between(message, &p->body, &p->end));
	}
}

int
haystack_fill(struct haystack *h, struct span message)
{
	struct mime m;
	int r;

	buf_reset(&h->text);
	buf_reset(&h->utf8);
	r = mime_begin(&m);
	if (r == 0) {
		mime_put(&m, message);
		r = mime_end(&m);
	}
	if (r == 0)
		put_parts(h, &m, message);
	mime_free(&m);
	if (r == -1 || h->text.over || h->raw.over || h->utf8.over ||
	    h->page.over)
		return fail_as(ENOMEM, "message has too much text");
	return 0;
}

bool
haystack_has(const struct haystack *h, struct span needle, bool body)
{
	size_t from = body ? h->body : 0;

	return memmem(h->text.p + from, h->text.len - from, needle.p,
		   needle.len) != NULL;
}
