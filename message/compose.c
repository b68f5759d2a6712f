#include "message/compose.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>

#include "message/addr.h"
#include "message/codec.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"
#include "message/param.h"
#include "message/utf8.h"
#include "message/word.h"

enum {
	LINE = 76, /* a line of text is folded behind it */
	LINE_MAX_7BIT = 998, /* RFC 5322 s. 2.1.1 */
	FOLD = 72,
	SCRATCH = 512 * 1024,
};

/* ---- fields */

static bool
one_of(struct span name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (span_same(name, span(*list)))
			return true;
	return false;
}

static void
put_mailbox(struct buf *out, const struct mailbox *m, size_t column)
{
	struct buf name;
	struct addr a = { .local = "" };
	bool fits =
	    m->local.len < sizeof(a.local) && m->domain.len < sizeof(a.domain);

	buf_init(&name, SCRATCH);
	word_decode(&name, m->name);
	if (name.len > 0) {
		word_encode_name(out, buf_all(&name), column);
		buf_str(out, " <");
	}
	if (fits) {
		(void)memcpy(a.local, m->local.p, m->local.len);
		if (m->domain.len > 0)
			(void)memcpy(a.domain, m->domain.p, m->domain.len);
		addr_put(out, &a);
	} else
		buf_span(out, m->local);
	if (name.len > 0)
		buf_char(out, '>');
	buf_free(&name);
}

/* Addresses, a new line before one that would pass the fold. */
static void
put_addresses(struct buf *out, struct span value, size_t column)
{
	struct buf scratch, one;
	struct mailbox m;
	struct list l;
	enum list_kind k;
	bool comma = false;

	buf_init(&scratch, SCRATCH);
	buf_init(&one, SCRATCH);
	list_begin(&l, value);
	while ((k = list_next(&l, &scratch, &m)) != LIST_END) {
		buf_reset(&one);
		if (k == LIST_GROUP_END) {
			buf_str(out, ";");
			column++;
			comma = true;
			continue;
		}
		if (k == LIST_GROUP) {
			word_encode_name(&one, m.name, 1);
			buf_char(&one, ':');
		} else
			put_mailbox(&one, &m, column);
		if (comma)
			buf_char(out, ',');
		if (comma && column + one.len > FOLD) {
			buf_str(out, "\n\t");
			column = 8;
		} else {
			buf_char(out, ' ');
			column += 2;
		}
		buf_span(out, buf_all(&one));
		column += one.len;
		comma = k != LIST_GROUP;
	}
	buf_free(&one);
	buf_free(&scratch);
}

/* Words as they are, folded between them: ids. */
static void
put_words(struct buf *out, struct span value, size_t column)
{
	for (;;) {
		struct span word = span_word(&value);

		while (word.len > 0 && (word.p[0] == '\n' || word.p[0] == '\r'))
			word = span_from(word, 1);
		word = span_trim(word);
		if (word.len == 0 && value.len == 0)
			return;
		if (word.len == 0)
			continue;
		if (column + word.len > FOLD && column > 20) {
			buf_str(out, "\n\t");
			column = 8;
		} else {
			buf_char(out, ' ');
			column++;
		}
		buf_span(out, word);
		column += word.len;
	}
}

void
compose_field(struct buf *out, struct span name, struct span value)
{
	static const char *const addresses[] = { "From", "To", "Cc", "Bcc",
		"Reply-To", "Sender", "Resent-From", "Resent-To", NULL };
	static const char *const words[] = { "References", "In-Reply-To",
		"Message-ID", "Resent-Message-ID", "Date", "Resent-Date",
		NULL };
	struct buf line;

	value = span_trim(value);
	buf_span(out, name);
	buf_char(out, ':');
	if (one_of(name, addresses))
		put_addresses(out, value, name.len + 1);
	else if (one_of(name, words))
		put_words(out, value, name.len + 1);
	else {
		buf_init(&line, SCRATCH);
		word_decode(&line, value); /* folds and controls away */
		buf_char(out, ' ');
		word_encode(out, buf_all(&line), name.len + 2);
		buf_free(&line);
	}
	buf_char(out, '\n');
}

/* ---- text */

static bool
ascii_lines(struct span s)
{
	size_t line = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		line = c == '\n' ? 0 : line + 1;
		if (c == 0 || c > 0x7e || c == '\r' || line > LINE_MAX_7BIT)
			return false;
	}
	return true;
}

/* The shortest of 7bit, quoted-printable and base64. */
static enum codec_kind
coding(struct span s)
{
	size_t other = 0;

	if (ascii_lines(s))
		return CODEC_PLAIN;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		other += c > 0x7e || c == '=' || (c < ' ' && c != '\n');
	}
	return other * 6 > s.len ? CODEC_BASE64 : CODEC_QP;
}

static void
put_coded(struct buf *out, struct span s, enum codec_kind kind)
{
	struct codec c;

	buf_printf(out, "Content-Transfer-Encoding: %s\n\n",
	    kind == CODEC_QP	     ? "quoted-printable" :
		kind == CODEC_BASE64 ? "base64" :
				       "7bit");
	if (kind == CODEC_PLAIN) {
		buf_span(out, s);
		if (s.len > 0 && s.p[s.len - 1] != '\n')
			buf_char(out, '\n');
		return;
	}
	codec_begin(&c, kind);
	codec_encode(&c, out, s);
	codec_encode_end(&c, out);
	if (out->len > 0 && out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
}

/* Where a line is to be folded: behind the last blank within LINE; 0: not. */
static size_t
fold_at(struct span line)
{
	size_t columns = 0, best = 0;

	for (size_t i = 0; i < line.len; i++) {
		columns += ((unsigned char)line.p[i] & 0xc0) != 0x80;
		if (line.p[i] == ' ' && i + 1 < line.len &&
		    (columns <= LINE || best == 0))
			best = i + 1;
		if (columns > LINE && best > 0)
			return best;
	}
	return 0;
}

/* RFC 3676 s. 4.2: blanks at an end would mean a soft end, so they go, but for
 * the line before a signature; a blank before what would mean something. */
static void
put_line(struct buf *out, struct span line)
{
	size_t n;

	if (!span_eq(line, span("-- ")))
		while (line.len > 0 &&
		    (line.p[line.len - 1] == ' ' ||
			line.p[line.len - 1] == '\r'))
			line.len--;
	if (line.len > 0 && line.p[0] == '>') {
		buf_span(out, line);
		buf_char(out, '\n');
		return;
	}
	for (;;) {
		if (line.len > 0 &&
		    (line.p[0] == ' ' || line.p[0] == '>' ||
			span_starts(line, "From ")))
			buf_char(out, ' ');
		n = fold_at(line);
		buf_span(out, n == 0 ? line : span_n(line.p, n));
		buf_char(out, '\n');
		if (n == 0)
			return;
		line = span_from(line, n);
	}
}

static void
put_body(struct buf *out, struct span body)
{
	struct buf text;

	buf_init(&text, body.len * 2 + 1024);
	while (body.p != NULL && body.len > 0)
		put_line(&text, span_cut(&body, '\n'));
	buf_printf(out, "Content-Type: text/plain; charset=%s; format=flowed\n",
	    utf8_ok(buf_all(&text)) ? "utf-8" : "iso-8859-1");
	put_coded(out, buf_all(&text), coding(buf_all(&text)));
	if (text.over)
		out->over = true;
	buf_free(&text);
}

/* ---- files */

static const struct {
	const char *end;
	const char *type;
} types[] = {
	// clang-format off
	{ ".png", "image/png" }, { ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" }, { ".gif", "image/gif" },
	{ ".webp", "image/webp" }, { ".svg", "image/svg+xml" },
	{ ".pdf", "application/pdf" }, { ".zip", "application/zip" },
	{ ".gz", "application/gzip" }, { ".tar", "application/x-tar" },
	{ ".mp3", "audio/mpeg" }, { ".ogg", "audio/ogg" },
	{ ".mp4", "video/mp4" }, { ".json", "application/json" },
	{ ".odt", "application/vnd.oasis.opendocument.text" },
	{ ".ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ ".eml", "message/rfc822" },
	{ ".html", "text/html" }, { ".htm", "text/html" },
	{ ".csv", "text/csv" }, { ".ics", "text/calendar" },
	{ ".patch", "text/x-patch" }, { ".diff", "text/x-patch" },
	// clang-format on
};

static bool
is_text(struct span s)
{
	return utf8_ok(s) && memchr(s.p, '\0', s.len) == NULL;
}

const char *
compose_type(struct span name, struct span data)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		size_t n = strlen(types[i].end);

		if (name.len <= n ||
		    !span_same(span_from(name, name.len - n),
			span(types[i].end)))
			continue;
		if (strncmp(types[i].type, "text/", 5) != 0 || is_text(data))
			return types[i].type;
	}
	return data.len > 0 && is_text(data) ? "text/plain" :
					       "application/octet-stream";
}

static void
put_file(struct buf *out, const struct compose_file *f)
{
	const char *type = compose_type(f->name, f->data);

	buf_printf(out, "Content-Type: %s", type);
	if (strncmp(type, "text/", 5) == 0)
		buf_str(out, "; charset=utf-8");
	buf_str(out, "\nContent-Disposition: attachment");
	param_put(out, "filename", f->name);
	buf_char(out, '\n');
	if (strcmp(type, "message/rfc822") == 0) {
		/* RFC 2046 s. 5.2.1: never base64. */
		buf_printf(out, "Content-Transfer-Encoding: %s\n\n",
		    ascii_lines(f->data) ? "7bit" : "8bit");
		buf_span(out, f->data);
		return;
	}
	/* Of a file every octet counts: line ends too. */
	put_coded(out, f->data,
	    strncmp(type, "text/", 5) == 0 && ascii_lines(f->data) &&
		    f->data.p[f->data.len - 1] == '\n' ?
		CODEC_PLAIN :
		CODEC_BASE64);
}

int
compose_put(struct buf *out, const struct compose *c)
{
	struct span rest = c->header;
	struct field f;

	while (header_next(&rest, &f) == 1)
		if (span_trim(f.value).len > 0)
			compose_field(out, f.name, f.value);
	if (span_trim(rest).len > 0) {
		rest.len = span_find(rest, '\n');
		return fail_as(EINVAL, "no header field: %.*s",
		    (int)(rest.len > 200 ? 200 : rest.len), rest.p);
	}
	buf_str(out, "MIME-Version: 1.0\n");
	if (c->files == 0) {
		put_body(out, c->body);
	} else {
		buf_printf(out,
		    "Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\n",
		    c->boundary, c->boundary);
		put_body(out, c->body);
		for (size_t i = 0; i < c->files; i++) {
			buf_printf(out, "\n--%s\n", c->boundary);
			put_file(out, &c->file[i]);
		}
		buf_printf(out, "\n--%s--\n", c->boundary);
	}
	return out->over ? fail_as(ENOMEM, "message is too large") : 0;
}
