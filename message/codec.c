/* The names, base64, and the way to the others.  No decoder ever fails:
 * damaged mail is shown as far as it goes, and "damaged" says so. */
#include "message/codec.h"

#include "message/codec-parts.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum codec_kind
codec_named(struct span s)
{
	static const struct {
		const char *name;
		enum codec_kind kind;
	} names[] = {
		// clang-format off
		{ "7bit", CODEC_PLAIN },
		{ "8bit", CODEC_PLAIN },
		{ "binary", CODEC_PLAIN },
		{ "base64", CODEC_BASE64 },
		{ "quoted-printable", CODEC_QP },
		{ "x-uuencode", CODEC_UU },
		{ "x-uue", CODEC_UU },
		{ "uuencode", CODEC_UU },
		// clang-format on
	};
	size_t i;

	s = span_trim(s);
	while (s.len > 0 && s.p[0] == '(' && span_find(s, ')') < s.len)
		s = span_trim(span_from(s, span_find(s, ')') + 1));
	s.len = span_find(s, '(');
	s.len = span_find(s, ';');
	s = span_trim(s);
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"')
		s = span_n(s.p + 1, s.len - 2);
	if (s.len == 0)
		return CODEC_PLAIN;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (span_same(s, span(names[i].name)))
			return names[i].kind;
	return CODEC_UNKNOWN;
}

void
codec_begin(struct codec *c, enum codec_kind kind)
{
	memset(c, 0, sizeof *c);
	c->kind = kind;
}

void
codec_begin_binary(struct codec *c, enum codec_kind kind)
{
	codec_begin(c, kind);
	c->binary = true;
}

/* ---- base64 */

enum { PAD = 64, BLANK = 65, JUNK = 66 };

/* What a character of ASCII stands for. */
static const unsigned char sextets[128] = {
	// clang-format off
	66, 66, 66, 66, 66, 66, 66, 66, 66, 65, 65, 66, 66, 65, 66, 66,
	66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
	65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 62, 66, 66, 66, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 66, 66, 66, 64, 66, 66,
	66,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 66, 66, 66, 66, 66,
	66, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 66, 66, 66, 66, 66,
	// clang-format on
};

void
codec_put_bits(struct buf *out, uint32_t bits, unsigned octets)
{
	char three[3] = { (char)(bits >> 16 & 0xff), (char)(bits >> 8 & 0xff),
		(char)(bits & 0xff) };

	buf_add(out, three, octets);
}

/* What is left when a group ends early: 2 characters are one octet, 3 are
 * two. */
static void
base64_flush(struct codec *c, struct buf *out)
{
	if (c->have == 1)
		c->damaged = true;
	else if (c->have > 1)
		codec_put_bits(out, c->bits << 6 * (4 - c->have), c->have - 1);
	c->have = 0;
	c->bits = 0;
}

/* One character that is not of the alphabet. */
static void
base64_other(struct codec *c, struct buf *out, unsigned v)
{
	if (v == PAD)
		base64_flush(c, out);
	else if (v == JUNK)
		c->damaged = true;
}

/* Padding ends a group, not the text: mails are put together from pieces
 * that were encoded one by one. */
static void
base64_decode(struct codec *c, struct buf *out, struct span in)
{
	char text[3 * 256];
	size_t i, n = 0;
	unsigned char ch;
	unsigned v;

	for (i = 0; i < in.len; i++) {
		ch = (unsigned char)in.p[i];
		v = ch < 128 ? sextets[ch] : JUNK;
		if (v >= PAD) {
			buf_add(out, text, n);
			n = 0;
			base64_other(c, out, v);
			continue;
		}
		c->bits = c->bits << 6 | v;
		if (++c->have < 4)
			continue;
		text[n++] = (char)(c->bits >> 16 & 0xff);
		text[n++] = (char)(c->bits >> 8 & 0xff);
		text[n++] = (char)(c->bits & 0xff);
		c->have = 0;
		c->bits = 0;
		if (n == sizeof text) {
			buf_add(out, text, n);
			n = 0;
		}
	}
	buf_add(out, text, n);
}

/* Four characters for 24 bits, of which "octets" are data.  The line is kept
 * in "held" until it is full. */
static void
base64_group(struct codec *c, struct buf *out, unsigned octets)
{
	char *to = c->held + c->column;
	unsigned i;

	for (i = 0; i < 4; i++)
		to[i] =
		    i <= octets ? alphabet[c->bits >> (18 - 6 * i) & 63] : '=';
	c->column += 4;
	c->have = 0;
	c->bits = 0;
	if (c->column == CODEC_LINE) {
		c->held[c->column] = '\n';
		buf_add(out, c->held, c->column + 1);
		c->column = 0;
	}
}

static void
base64_encode(struct codec *c, struct buf *out, struct span in)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		c->bits = c->bits << 8 | (unsigned char)in.p[i];
		if (++c->have == 3)
			base64_group(c, out, 3);
	}
}

static void
base64_encode_end(struct codec *c, struct buf *out)
{
	unsigned octets = c->have;

	c->bits <<= 8 * (3 - octets);
	if (octets > 0)
		base64_group(c, out, octets);
	buf_add(out, c->held, c->column);
	if (c->column > 0)
		buf_char(out, '\n');
	c->column = 0;
}

static void
base64_decode_end(struct codec *c, struct buf *out)
{
	c->damaged |= c->have > 0;
	base64_flush(c, out);
}

/* ---- all of them */

static void
plain(struct codec *c, struct buf *out, struct span in)
{
	(void)c;
	buf_span(out, in);
}

static void
plain_end(struct codec *c, struct buf *out)
{
	(void)c;
	(void)out;
}

/* clang-format off */
static const struct way {
	void (*decode)(struct codec *, struct buf *, struct span);
	void (*decode_end)(struct codec *, struct buf *);
	void (*encode)(struct codec *, struct buf *, struct span);
	void (*encode_end)(struct codec *, struct buf *);
} ways[] = {
	[CODEC_PLAIN] =	{ plain, plain_end, plain, plain_end },
	[CODEC_BASE64] = { base64_decode, base64_decode_end,
			    base64_encode, base64_encode_end },
	[CODEC_QP] =	{ qp_decode, qp_decode_end, qp_encode, qp_encode_end },
	[CODEC_UU] =	{ uu_decode, uu_decode_end, uu_encode, uu_encode_end },
	[CODEC_UNKNOWN] = { plain, plain_end, plain, plain_end },
};
/* clang-format on */

void
codec_decode(struct codec *c, struct buf *out, struct span in)
{
	ways[c->kind].decode(c, out, in);
}

void
codec_decode_end(struct codec *c, struct buf *out)
{
	ways[c->kind].decode_end(c, out);
}

void
codec_encode(struct codec *c, struct buf *out, struct span in)
{
	ways[c->kind].encode(c, out, in);
}

void
codec_encode_end(struct codec *c, struct buf *out)
{
	ways[c->kind].encode_end(c, out);
}
