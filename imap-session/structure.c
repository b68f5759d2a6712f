#include "imap-session/structure.h"

#include "imap-session/envelope.h"
#include "imap-session/put.h"
#include "message/param.h"

enum { HEADER_MAX = 256 * 1024 }; /* of a message in the message */

struct writer {
	struct buf *out;
	const struct mime *m;
	const struct source *source;
	bool extended;
};

static int put_part(struct writer *, const struct mime_part *);

/* The value of a Content- field, or NIL. */
static void
put_field(struct writer *w, const struct mime_part *part, const char *name,
    const char *otherwise)
{
	struct field f;
	struct buf line;

	if (!mime_field(w->m, part, name, &f) || span_trim(f.value).len == 0) {
		buf_str(w->out, otherwise);
		return;
	}
	f.value = span_trim(f.value);
	buf_init(&line, f.value.len);
	for (size_t i = 0; i < f.value.len; i++)
		if (f.value.p[i] != '\r' && f.value.p[i] != '\n')
			buf_char(&line, f.value.p[i]);
	put_string(w->out, buf_all(&line), false);
	buf_free(&line);
}

/* "charset": text that names none is US-ASCII (RFC 2045 s. 5.2). */
static void
put_params(struct writer *w, const struct content *c, bool charset)
{
	charset = charset && content_param(c, "charset") == NULL;
	if (c->params == 0) {
		buf_str(w->out, charset ? "(\"charset\" \"us-ascii\")" : "NIL");
		return;
	}
	for (size_t i = 0; i < c->params; i++) {
		const struct param *p = &c->param[i];
		struct buf name;

		buf_char(w->out, i == 0 ? '(' : ' ');
		buf_init(&name, p->name.len + 1);
		buf_span(&name, p->name);
		if (p->extended) /* RFC 2231: the value is still coded */
			buf_char(&name, '*');
		put_string(w->out, buf_all(&name), false);
		buf_free(&name);
		buf_char(w->out, ' ');
		put_string(w->out, p->value, false);
	}
	buf_str(w->out, charset ? " \"charset\" \"us-ascii\")" : ")");
}

/* "(type (parameters))" of Content-Disposition, or NIL. */
static int
put_disposition(struct writer *w, const struct mime_part *part)
{
	struct content c;
	struct field f;
	int r = 0;

	if (!mime_field(w->m, part, "Content-Disposition", &f)) {
		buf_str(w->out, "NIL");
		return 0;
	}
	(void)content_read(&c, f.value);
	if (c.type.len == 0)
		buf_str(w->out, "NIL");
	else {
		buf_char(w->out, '(');
		put_string(w->out, c.type, false);
		buf_char(w->out, ' ');
		put_params(w, &c, false);
		buf_char(w->out, ')');
	}
	r = c.text.over ? -1 : 0;
	content_free(&c);
	return r;
}

/* Content-Language: NIL, one, or a list of them (RFC 3282). */
static void
put_language(struct writer *w, const struct mime_part *part)
{
	struct field f;
	struct span rest, one;
	bool any = false;

	if (mime_field(w->m, part, "Content-Language", &f)) {
		rest = f.value;
		while (rest.p != NULL) {
			one = span_trim(span_cut(&rest, ','));
			if (one.len == 0)
				continue;
			buf_char(w->out, any ? ' ' : '(');
			put_string(w->out, one, false);
			any = true;
		}
	}
	buf_str(w->out, any ? ")" : "NIL");
}

/* What ends both kinds of body: disposition, language, location. */
static int
put_extension(struct writer *w, const struct mime_part *part)
{
	buf_char(w->out, ' ');
	if (put_disposition(w, part) == -1)
		return -1;
	buf_char(w->out, ' ');
	put_language(w, part);
	buf_char(w->out, ' ');
	put_field(w, part, "Content-Location", "NIL");
	return 0;
}

static int
put_multipart(struct writer *w, const struct mime_part *part,
    const struct content *c)
{
	for (uint32_t i = part->child; i != MIME_NONE; i = w->m->part[i].next)
		if (put_part(w, &w->m->part[i]) == -1)
			return -1;
	buf_char(w->out, ' ');
	put_string(w->out, c->subtype, false);
	if (!w->extended)
		return 0;
	buf_char(w->out, ' ');
	put_params(w, c, false);
	return put_extension(w, part);
}

/* The envelope and the structure of a message in the message. */
static int
put_message(struct writer *w, const struct mime_part *part)
{
	const struct mime_part *in = &w->m->part[part->child];
	struct buf header;
	uint64_t to = in->body.octet;
	int r;

	if (to - in->header.octet > HEADER_MAX)
		to = in->header.octet + HEADER_MAX;
	buf_init(&header, HEADER_MAX);
	r = w->source->get(w->source->ctx, in->header.octet, to, &header);
	if (r == 0) {
		buf_char(w->out, ' ');
		envelope_put(w->out, buf_all(&header));
		buf_char(w->out, ' ');
		r = put_part(w, in);
	}
	buf_free(&header);
	return r;
}

static int
put_leaf(struct writer *w, const struct mime_part *part,
    const struct content *c)
{
	uint64_t lines = part->end.line - part->body.line;

	put_string(w->out, c->type, false);
	buf_char(w->out, ' ');
	put_string(w->out, c->subtype, false);
	buf_char(w->out, ' ');
	put_params(w, c, span_same(c->type, span("text")));
	buf_char(w->out, ' ');
	put_field(w, part, "Content-ID", "NIL");
	buf_char(w->out, ' ');
	put_field(w, part, "Content-Description", "NIL");
	buf_char(w->out, ' ');
	put_field(w, part, "Content-Transfer-Encoding", "\"7bit\"");
	buf_char(w->out, ' ');
	put_number(w->out, part->end.wire - part->body.wire);
	if (part->kind == MIME_MESSAGE && put_message(w, part) == -1)
		return -1;
	if (part->kind == MIME_MESSAGE || span_same(c->type, span("text"))) {
		buf_char(w->out, ' ');
		put_number(w->out, lines);
	}
	if (!w->extended)
		return 0;
	buf_char(w->out, ' ');
	put_field(w, part, "Content-MD5", "NIL");
	return put_extension(w, part);
}

/* Recursion is bounded by MIME_DEPTH. */
static int
put_part(struct writer *w, const struct mime_part *part)
{
	struct content c;
	int r = mime_content(w->m, part, &c);

	buf_char(w->out, '(');
	if (r == 0)
		r = part->kind == MIME_MULTIPART ? put_multipart(w, part, &c) :
						   put_leaf(w, part, &c);
	buf_char(w->out, ')');
	content_free(&c);
	return r;
}

int
structure_put(struct buf *out, const struct mime *m, const struct source *s,
    bool extended)
{
	struct writer w = {
		.out = out,
		.m = m,
		.source = s,
		.extended = extended,
	};

	return put_part(&w, &m->part[0]);
}
