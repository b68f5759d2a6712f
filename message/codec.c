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

/* 0..63; 64: "="; 65: blank or line end; 66: anything else. */
static unsigned
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	if (c == '=')
		return 64;
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' ? 65 : 66;
}

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

/* Padding ends a group, not the text: mails are put together from pieces
 * that were encoded one by one. */
static void
base64_decode(struct codec *c, struct buf *out, struct span in)
{
	unsigned v;
	size_t i;

	for (i = 0; i < in.len; i++) {
		v = sextet(in.p[i]);
		if (v < 64) {
			c->bits = c->bits << 6 | v;
			if (++c->have == 4) {
				codec_put_bits(out, c->bits, 3);
				c->have = 0;
				c->bits = 0;
			}
		} else if (v == 64)
			base64_flush(c, out);
		else if (v == 66)
			c->damaged = true;
	}
}

static void
base64_group(struct codec *c, struct buf *out, uint32_t bits, unsigned octets)
{
	char four[4] = { '=', '=', '=', '=' };
	unsigned i;

	for (i = 0; i <= octets; i++)
		four[i] = alphabet[bits >> (18 - 6 * i) & 63];
	buf_add(out, four, 4);
	c->column += 4;
	if (c->column == CODEC_LINE) {
		buf_char(out, '\n');
		c->column = 0;
	}
}

static void
base64_encode(struct codec *c, struct buf *out, struct span in)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		c->bits = c->bits << 8 | (unsigned char)in.p[i];
		if (++c->have == 3) {
			base64_group(c, out, c->bits, 3);
			c->have = 0;
			c->bits = 0;
		}
	}
}

static void
base64_encode_end(struct codec *c, struct buf *out)
{
	if (c->have > 0)
		base64_group(c, out, c->bits << 8 * (3 - c->have), c->have);
	if (c->column > 0)
		buf_char(out, '\n');
}

/* ---- all of them */

void
codec_decode(struct codec *c, struct buf *out, struct span in)
{
	switch (c->kind) {
	case CODEC_BASE64:
		base64_decode(c, out, in);
		break;
	case CODEC_QP:
		qp_decode(c, out, in);
		break;
	case CODEC_UU:
		uu_decode(c, out, in);
		break;
	case CODEC_PLAIN:
	case CODEC_UNKNOWN:
		buf_span(out, in);
		break;
	}
}

void
codec_decode_end(struct codec *c, struct buf *out)
{
	switch (c->kind) {
	case CODEC_BASE64:
		c->damaged |= c->have > 0;
		base64_flush(c, out);
		break;
	case CODEC_QP:
		qp_decode_end(c, out);
		break;
	case CODEC_UU:
		uu_decode_end(c, out);
		break;
	case CODEC_PLAIN:
	case CODEC_UNKNOWN:
		break;
	}
}

void
codec_encode(struct codec *c, struct buf *out, struct span in)
{
	switch (c->kind) {
	case CODEC_BASE64:
		base64_encode(c, out, in);
		break;
	case CODEC_QP:
		qp_encode(c, out, in);
		break;
	case CODEC_UU:
		uu_encode(c, out, in);
		break;
	case CODEC_PLAIN:
	case CODEC_UNKNOWN:
		buf_span(out, in);
		break;
	}
}

void
codec_encode_end(struct codec *c, struct buf *out)
{
	switch (c->kind) {
	case CODEC_BASE64:
		base64_encode_end(c, out);
		break;
	case CODEC_QP:
		qp_encode_end(c, out);
		break;
	case CODEC_UU:
		uu_encode_end(c, out);
		break;
	case CODEC_PLAIN:
	case CODEC_UNKNOWN:
		break;
	}
}
