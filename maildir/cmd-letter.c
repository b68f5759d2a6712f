#include "maildir/cmd-letter.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "message/charset.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/flowed.h"
#include "message/header.h"
#include "message/html.h"
#include "message/word.h"

enum { UU_LINE = 61, DECODED = 64 << 20, FIELD_MAX = 64 * 1024 };

static int
read_file(struct letter *l, int fd)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return fail("stat a message");
	l->p = malloc((size_t)st.st_size + 1);
	if (l->p == NULL)
		return fail("message of %jd octets", (intmax_t)st.st_size);
	n = file_read(fd, l->p, (size_t)st.st_size, 0);
	if (n == -1)
		return fail("read a message");
	l->len = (size_t)n;
	return 0;
}

static struct piece *
piece_new(struct letter *l)
{
	struct piece *p;

	if (l->n == l->room) {
		size_t room = l->room == 0 ? 8 : l->room * 2;

		p = reallocarray(l->piece, room, sizeof(*p));
		if (p == NULL)
			return NULL;
		l->piece = p;
		l->room = room;
	}
	p = &l->piece[l->n++];
	*p = (struct piece){ .kind = PIECE_FILE };
	return p;
}

static void
keep(char *out, size_t room, struct span s)
{
	size_t n = s.len < room ? s.len : room - 1;

	/* Not the half of a character. */
	while (n > 0 && n < s.len && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	(void)memcpy(out, s.p, n);
	out[n] = '\0';
}

static void
param(char *out, size_t room, const struct content *c, const char *name)
{
	const struct param *p = content_param(c, name);
	struct buf b;

	if (p == NULL)
		return;
	buf_init(&b, 4096);
	param_text(&b, p);
	keep(out, room, span_trim(buf_all(&b)));
	buf_free(&b);
}

static bool
has_param(const struct content *c, const char *name, const char *value)
{
	char text[16] = "";

	param(text, sizeof(text), c, name);
	return strcasecmp(text, value) == 0;
}

/* ---- uuencoded files in a text */

static struct span
take_line(struct span *s)
{
	size_t n = span_find(*s, '\n');
	struct span line = span_n(s->p, n);

	*s = span_from(*s, n < s->len ? n + 1 : n);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The lines behind "begin" up to "end" are what an encoder writes: then
 * *s stands behind them. */
static bool
uu_body(struct span *s)
{
	struct span at = *s;
	bool any = false;

	while (at.len > 0) {
		struct span line = take_line(&at);

		if (span_eq(line, span("end"))) {
			*s = at;
			return any;
		}
		if (line.len == 0)
			continue;
		if (line.p[0] < ' ' || line.p[0] > '`' ||
		    line.len > UU_LINE + 4)
			return false;
		any = true;
	}
	return false;
}

/* Cut a text into pieces like "like", which is copied. */
static void
cut(struct letter *l, const struct piece *like, struct span text)
{
	struct span rest = text, from = text, name;
	struct piece *p;

	while (rest.len > 0) {
		struct span begin = rest, line = take_line(&rest), after = rest;

		if (!codec_uu_begin(line, &name) || !uu_body(&after))
			continue;
		from.len = (size_t)(begin.p - from.p);
		if (span_trim(from).len > 0 && (p = piece_new(l)) != NULL) {
			*p = *like;
			p->data = from;
		}
		if ((p = piece_new(l)) == NULL)
			return;
		p->attachment = p->uu = true;
		p->codec = CODEC_UU;
		p->data = span_n(begin.p, (size_t)(after.p - begin.p));
		(void)strlcpy(p->type, "application/octet-stream",
		    sizeof(p->type));
		keep(p->name, sizeof(p->name), name);
		rest = from = after;
	}
	from.len = (size_t)(text.p + text.len - from.p);
	if ((span_trim(from).len > 0 || from.p == text.p) &&
	    (p = piece_new(l)) != NULL) {
		*p = *like;
		p->data = from;
	}
}

/* A text may hold files, coded or not. */
static void
add_text(struct letter *l, struct piece *p)
{
	struct piece like = *p;
	struct buf b;
	char **texts;

	l->n--; /* p is made again */
	if (like.codec != CODEC_PLAIN && like.codec != CODEC_UNKNOWN) {
		buf_init(&b, DECODED);
		piece_put(&b, &like, false);
		texts = reallocarray(l->text, l->texts + 1, sizeof(*texts));
		if (texts == NULL || b.size == 0) {
			l->text = texts == NULL ? l->text : texts;
			buf_free(&b);
			l->n++;
			return;
		}
		l->text = texts;
		l->text[l->texts++] = b.p;
		like.codec = CODEC_PLAIN;
		like.data = buf_all(&b);
	}
	cut(l, &like, like.data);
}

/* ---- the tree */

static bool
is(const struct content *c, const char *type, const char *subtype)
{
	return span_same(c->type, span(type)) &&
	    (subtype == NULL || span_same(c->subtype, span(subtype)));
}

static void
describe(const struct letter *l, const struct mime_part *part, struct piece *p,
    const struct content *c)
{
	struct content d;
	struct field f;

	p->data = span_n(l->p + part->body.octet,
	    (size_t)(part->end.octet - part->body.octet));
	p->codec = mime_field(&l->mime, part, "Content-Transfer-Encoding", &f) ?
	    codec_named(f.value) :
	    CODEC_PLAIN;
	keep(p->type, sizeof(p->type), c->type);
	(void)strlcat(p->type, "/", sizeof(p->type));
	keep(p->type + strlen(p->type), sizeof(p->type) - strlen(p->type),
	    c->subtype);
	param(p->name, sizeof(p->name), c, "name");
	param(p->charset, sizeof(p->charset), c, "charset");
	p->flowed = has_param(c, "format", "flowed");
	p->delsp = has_param(c, "delsp", "yes");
	if (!mime_field(&l->mime, part, "Content-Disposition", &f))
		return;
	(void)content_read(&d, f.value);
	if (span_same(d.type, span("attachment")))
		p->attachment = true;
	param(p->name, sizeof(p->name), &d, "filename");
	content_free(&d);
}

static void
add_leaf(struct letter *l, const struct mime_part *part, bool related)
{
	struct piece *p = piece_new(l);
	struct content c;

	if (p == NULL)
		return;
	if (mime_content(&l->mime, part, &c) == 0) {
		describe(l, part, p, &c);
		if (part->kind == MIME_MESSAGE) {
			p->kind = PIECE_MESSAGE;
			p->attachment = true;
		} else if (!p->attachment && is(&c, "text", "html"))
			p->kind = PIECE_HTML;
		else if (!p->attachment && is(&c, "text", NULL) &&
		    (p->name[0] == '\0' || is(&c, "text", "plain")))
			p->kind = PIECE_TEXT;
		else if (!related)
			p->attachment = true;
	}
	content_free(&c);
	if (p->kind == PIECE_TEXT)
		add_text(l, p);
}

/* Of forms of one thing the plain text is shown, else the last. */
static void
hide_others(struct letter *l, size_t from)
{
	bool text = false;

	for (size_t i = from; i < l->n; i++)
		text |= l->piece[i].kind == PIECE_TEXT;
	for (size_t i = from; i < l->n && text; i++)
		if (l->piece[i].kind == PIECE_HTML)
			l->piece[i].hidden = true;
}

/* Recursion is bounded by MIME_DEPTH. */
static void
walk(struct letter *l, uint32_t at, bool related)
{
	const struct mime_part *part = &l->mime.part[at];
	bool alternative = false, rel = false;
	size_t from = l->n;
	struct content c;

	if (part->kind == MIME_LEAF) {
		add_leaf(l, part, related);
		return;
	}
	if (part->kind == MIME_MESSAGE) {
		add_leaf(l, part, false);
		if (part->child != MIME_NONE)
			walk(l, part->child, false);
		return;
	}
	if (mime_content(&l->mime, part, &c) == 0) {
		alternative = is(&c, "multipart", "alternative");
		rel = is(&c, "multipart", "related");
	}
	content_free(&c);
	for (uint32_t i = part->child; i != MIME_NONE; i = l->mime.part[i].next)
		walk(l, i, rel || alternative);
	if (alternative)
		hide_others(l, from);
}

/* A multipart without its boundary has nothing to show but what stands there. */
static void
rescue(struct letter *l)
{
	struct span body = span_n(l->p, l->len);
	struct piece *p;

	body = span_from(body, l->header.len);
	for (size_t i = 0; i < l->n; i++)
		if (l->piece[i].data.len > 0)
			return;
	if (span_trim(body).len == 0)
		return;
	l->n = 0;
	p = piece_new(l);
	if (p == NULL)
		return;
	p->kind = PIECE_TEXT;
	p->data = body;
	(void)strlcpy(p->type, "text/plain", sizeof(p->type));
}

int
letter_read(struct letter *l, int fd)
{
	int r;

	*l = (struct letter){ 0 };
	if (fd == -1)
		return -1;
	r = read_file(l, fd);
	(void)close(fd);
	if (r == -1)
		return -1;
	if (mime_begin(&l->mime) == -1)
		return fail("parts of a message");
	mime_put(&l->mime, span_n(l->p, l->len));
	if (mime_end(&l->mime) == -1)
		return fail_as(ENOMEM, "parts of a message");
	l->header = span_n(l->p, (size_t)l->mime.part[0].body.octet);
	walk(l, 0, false);
	rescue(l);
	return 0;
}

int
letter_load(struct letter *l, struct folder *f, uint32_t number)
{
	return letter_read(l, folder_read(f, number));
}

void
letter_free(struct letter *l)
{
	if (l->mime.part != NULL)
		mime_free(&l->mime);
	for (size_t i = 0; i < l->texts; i++)
		free(l->text[i]);
	free(l->text);
	free(l->piece);
	free(l->p);
	*l = (struct letter){ 0 };
}

unsigned
letter_attachments(const struct letter *l)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->piece[i].attachment;
	return n;
}

void
piece_put(struct buf *out, const struct piece *p, bool text)
{
	struct codec c;
	struct buf raw;

	if (!text) {
		codec_begin(&c, p->codec);
		codec_decode(&c, out, p->data);
		codec_decode_end(&c, out);
		return;
	}
	buf_init(&raw, DECODED);
	piece_put(&raw, p, false);
	(void)charset_text(out, span(p->charset), buf_all(&raw));
	buf_free(&raw);
}

bool
piece_shown(const struct piece *p)
{
	return !p->hidden && (p->kind == PIECE_TEXT || p->kind == PIECE_HTML);
}

void
piece_page(struct buf *out, const struct piece *p, size_t width)
{
	struct buf text;

	if (p->kind != PIECE_HTML && !p->flowed) {
		piece_put(out, p, true);
		return;
	}
	buf_init(&text, DECODED);
	piece_put(&text, p, true);
	if (p->kind == PIECE_HTML)
		html_page(out, buf_all(&text), width);
	else
		flowed_text(out, buf_all(&text), p->delsp, width);
	out->over |= text.over;
	buf_free(&text);
}

struct span
letter_value(const struct letter *l, const char *name)
{
	struct field f;

	return l != NULL && header_find(l->header, name, &f) ? f.value :
							       span("");
}

void
letter_field(struct buf *out, const struct letter *l, const char *name)
{
	struct span value = letter_value(l, name);

	if (value.len > FIELD_MAX)
		value.len = FIELD_MAX;
	word_decode(out, span_trim(value));
}
