#include "message/word.h"

#include "message/charset.h"
#include "message/codec.h"
#include "message/utf8.h"

enum {
	FOLD = 76, /* lines of our own are no longer */
	WORD_MAX = 75, /* RFC 2047 s. 2 */
	FRAME = 12, /* of a word of ours around its text */
	ROOM_LEAST = 12, /* for a character of four octets in Q */
	CHARSET_MAX = 64,
	LONGEST = 8192 /* word that is read: keeps "=?a?Q?=?a?Q?..." linear */
};

/* ---- decoding */

/* One encoded word. */
struct word {
	struct span charset; /* without RFC 2231's language */
	char encoding; /* 'Q' or 'B' */
	struct span text;
	size_t len; /* of all of it */
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
graphic(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.len > 0;
}

/* =?charset?Q?text?= at the front of "s".  Blanks in the text are no harm,
 * and much mail has them. */
static bool
parse(struct span s, struct word *w)
{
	struct span rest, encoding;
	size_t end;

	if (s.len < 8 || s.p[0] != '=' || s.p[1] != '?')
		return false;
	if (s.len > LONGEST)
		s.len = LONGEST;
	rest = span_from(s, 2);
	w->charset = span_cut(&rest, '?');
	encoding = span_cut(&rest, '?');
	if (rest.p == NULL || encoding.len != 1 ||
	    w->charset.len > CHARSET_MAX || !graphic(w->charset))
		return false;
	w->encoding = (char)(encoding.p[0] & 0x5f);
	if (w->encoding != 'Q' && w->encoding != 'B')
		return false;
	end = span_find(rest, '?');
	/* "?" is not allowed in the text, but in Q it comes. */
	while (w->encoding == 'Q' && end + 1 < rest.len &&
	    rest.p[end + 1] != '=' &&
	    span_find(span_n(rest.p, end), '\n') == end)
		end += 1 + span_find(span_from(rest, end + 1), '?');
	if (end + 1 >= rest.len || rest.p[end + 1] != '=')
		return false;
	w->text = span_n(rest.p, end);
	w->len = (size_t)(rest.p - s.p) + end + 2;
	w->charset.len = span_find(w->charset, '*');
	return true;
}

static void
decode_q(struct buf *out, struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.len; i++) {
		c = s.p[i] == '_' ? ' ' : s.p[i];
		if (span_escaped(s, i, '=', &c))
			i += 2;
		buf_char(out, c);
	}
}

static void
decode_b(struct buf *out, struct span s)
{
	struct codec c;

	codec_begin(&c, CODEC_BASE64);
	codec_decode(&c, out, s);
	codec_decode_end(&c, out);
}

void
word_line(struct buf *b, struct span s)
{
	uint32_t code;
	size_t n;

	for (; s.len > 0; s = span_from(s, n)) {
		n = utf8_get(s, &code);
		if (n == 0) {
			utf8_put(b, 0xfffd);
			n = 1;
		} else if (code < ' ' || (code >= 0x7f && code < 0xa0) ||
		    code == 0x2028 || code == 0x2029)
			buf_char(b, ' ');
		else
			buf_span(b, span_n(s.p, n));
	}
}

/* What is known of the words read so far: words that follow each other in one
 * charset are one text, because a character may be split between them. */
struct decoder {
	struct buf *out;
	struct buf octets; /* of one charset, not converted yet */
	struct buf text; /* converted, not yet cleaned */
	struct span charset;
};

static void
flush(struct decoder *d)
{
	if (d->octets.len > 0)
		(void)charset_text(&d->text, d->charset, buf_all(&d->octets));
	d->out->over |= d->octets.over || d->text.over;
	word_line(d->out, buf_all(&d->text));
	buf_reset(&d->octets);
	buf_reset(&d->text);
}

static void
add_word(struct decoder *d, const struct word *w)
{
	if (d->octets.len > 0 && !span_same(d->charset, w->charset))
		flush(d);
	d->charset = w->charset;
	if (w->encoding == 'Q')
		decode_q(&d->octets, w->text);
	else
		decode_b(&d->octets, w->text);
}

static void
add_plain(struct decoder *d, struct span s)
{
	size_t i;

	flush(d);
	d->charset = span("");
	for (i = 0; i < s.len; i++) {
		/* A fold is its blanks only (RFC 5322 s. 2.2.3). */
		if (s.p[i] == '\n' ||
		    (s.p[i] == '\r' && i + 1 < s.len && s.p[i + 1] == '\n'))
			continue;
		buf_char(&d->octets, s.p[i]);
	}
	flush(d);
}

void
word_decode(struct buf *b, struct span value)
{
	struct span s = span_trim(value), plain = { s.p, 0 };
	struct decoder d = { .out = b };
	bool after_word = false;
	unsigned words = 0;
	struct word w;
	size_t i;

	buf_init(&d.octets, b->cap);
	buf_init(&d.text, b->cap);
	while (s.len > 0) {
		if (words == WORD_MANY || !parse(s, &w)) {
			plain.len++;
			s = span_from(s, 1);
			continue;
		}
		/* Blanks between two words are not text. */
		for (i = 0; after_word && i < plain.len; i++)
			after_word = blank(plain.p[i]);
		if (!after_word)
			add_plain(&d, plain);
		add_word(&d, &w);
		words++;
		after_word = true;
		s = span_from(s, w.len);
		plain = span_n(s.p, 0);
	}
	add_plain(&d, plain);
	buf_free(&d.octets);
	buf_free(&d.text);
}

/* ---- encoding */

/* A word of text between blanks, or one that must be encoded. */
static bool
must_encode(struct span s)
{
	return !graphic(s) || memmem(s.p, s.len, "=?", 2) != NULL ||
	    s.len > 900;
}

/* The octets of one character; of what is not UTF-8, one octet. */
static size_t
character(struct span s)
{
	uint32_t code;
	size_t n = utf8_get(s, &code);

	return n > 0 ? n : 1;
}

/* What stands for itself in Q wherever the word is (RFC 2047 s. 5 (3)). */
static bool
plain_in_q(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == ' ';
}

static size_t
q_cost(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += plain_in_q(s.p[i]) ? 1 : 3;
	return n;
}

static void
put_q(struct buf *b, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == ' ')
			buf_char(b, '_');
		else if (plain_in_q(s.p[i]))
			buf_char(b, s.p[i]);
		else
			buf_printf(b, "=%02X", (unsigned char)s.p[i]);
}

static void
put_b(struct buf *b, struct span s)
{
	struct codec c;

	codec_begin(&c, CODEC_BASE64);
	codec_encode(&c, b, s);
	codec_encode_end(&c, b);
	if (b->len > 0 && b->p[b->len - 1] == '\n')
		buf_cut(b, b->len - 1);
}

/* How much of "s" has room in one word, in whole characters. */
static size_t
fitting(struct span s, bool q, size_t room)
{
	size_t n = 0, next, width;

	while (n < s.len) {
		next = n + character(span_from(s, n));
		width = q ? q_cost(span_n(s.p, next)) : (next + 2) / 3 * 4;
		if (width > room)
			break;
		n = next;
	}
	return n;
}

/* "s" as encoded words, each but the first on a line of its own, in the
 * encoding that is shorter. */
static void
put_words(struct buf *b, struct span s, size_t *column)
{
	bool q = q_cost(s) <= (s.len + 2) / 3 * 4;
	size_t n, before;

	if (*column > 1 && *column + FRAME + ROOM_LEAST > FOLD) {
		buf_str(b, "\n ");
		*column = 1;
	}
	while (s.len > 0) {
		n = fitting(s, q,
		    WORD_MAX - FRAME < FOLD - *column - FRAME ?
			WORD_MAX - FRAME :
			FOLD - *column - FRAME);
		before = b->len;
		buf_str(b, q ? "=?utf-8?Q?" : "=?utf-8?B?");
		(q ? put_q : put_b)(b, span_n(s.p, n));
		buf_str(b, "?=");
		*column += b->len - before;
		s = span_from(s, n);
		if (s.len > 0) {
			buf_str(b, "\n ");
			*column = 1;
		}
	}
}

/* The blanks at the front of *s, as they are, behind a line end if the "next"
 * octets that follow have no room. */
static void
put_gap(struct buf *b, struct span *s, size_t next, size_t *column)
{
	size_t n = 0;

	while (n < s->len && blank(s->p[n]))
		n++;
	if (n > 0 && *column + n + next > FOLD) {
		buf_char(b, '\n');
		*column = 0;
	}
	buf_add(b, s->p, n);
	*column += n;
	*s = span_from(*s, n);
}

/* The length of the run at the front of "s" that goes into one text: words
 * that must be encoded, with the blanks between them. */
static size_t
run_of(struct span s, bool all)
{
	struct span rest = s;
	size_t end = 0;

	if (all)
		return s.len;
	while (rest.len > 0 && must_encode(span_word(&rest)))
		end = s.len - rest.len;
	return end;
}

static void
encode(struct buf *b, struct span s, size_t column, bool all)
{
	struct span word, rest;
	size_t run;

	s = span_trim(s);
	while (s.len > 0) {
		rest = s;
		word = span_word(&rest);
		put_gap(b, &s,
		    all || must_encode(word) ? FRAME + ROOM_LEAST : word.len,
		    &column);
		run = run_of(s, all);
		if (run > 0)
			put_words(b, span_n(s.p, run), &column);
		else {
			buf_span(b, word);
			column += word.len;
			run = word.len;
		}
		s = span_from(s, run);
	}
}

void
word_encode(struct buf *b, struct span utf8, size_t column)
{
	encode(b, utf8, column, false);
}

void
word_encode_name(struct buf *b, struct span utf8, size_t column)
{
	struct span s = span_trim(utf8);
	bool atoms = true, ascii = true;
	size_t i;

	for (i = 0; i < s.len; i++) {
		ascii &= s.p[i] >= ' ' && s.p[i] < 0x7f;
		atoms &= s.p[i] == ' ' || plain_in_q(s.p[i]) ||
		    (s.p[i] != '\0' &&
			strchr("!#$%&'*+-/=?^_`{|}~", s.p[i]) != NULL);
	}
	ascii &= memmem(s.p, s.len, "=?", 2) == NULL && s.len < 500;
	if (!ascii || atoms) {
		encode(b, s, column, !ascii);
		return;
	}
	buf_char(b, '"');
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}
