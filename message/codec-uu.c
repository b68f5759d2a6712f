/* The uuencode of old: text lines whose first character tells how many octets
 * the line has.  POSIX describes it under uuencode. */
#include "message/codec-parts.h"

enum { UU_LINE = 45 };

bool
codec_uu_begin(struct span line, struct span *name)
{
	struct span rest = span_trim(line), mode;
	size_t i;

	if (rest.len < 10 || memcmp(rest.p, "begin ", 6) != 0 ||
	    line.p[0] != 'b')
		return false;
	rest = span_from(rest, 6);
	mode = span_word(&rest);
	if (mode.len < 3 || mode.len > 4)
		return false;
	for (i = 0; i < mode.len; i++)
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return false;
	*name = span_trim(rest);
	return name->len > 0;
}

static uint32_t
value(struct span line, size_t at)
{
	/* Blanks at the end of a line get lost on the way. */
	unsigned char c = at < line.len ? (unsigned char)line.p[at] : ' ';

	return (uint32_t)(c - 32) & 63;
}

static void
decode_line(struct codec *c, struct buf *out)
{
	struct span line = { c->held, c->have }, name;
	size_t octets, at;
	uint32_t bits;

	while (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	c->have = 0;
	if (!c->inside) {
		c->inside = !c->done && codec_uu_begin(line, &name);
		return;
	}
	if (span_eq(span_trim(line), span("end"))) {
		c->inside = false;
		c->done = true;
		return;
	}
	octets = value(line, 0);
	if (line.len == 0 || octets == 0)
		return;
	if (c->column > 0 || line.len > 1 + (octets + 2) / 3 * 4 + 1 ||
	    line.p[0] < ' ' || line.p[0] > '`')
		c->damaged = true;
	for (at = 1; octets > 0; at += 4) {
		bits = value(line, at) << 18 | value(line, at + 1) << 12 |
		    value(line, at + 2) << 6 | value(line, at + 3);
		codec_put_bits(out, bits, octets < 3 ? (unsigned)octets : 3);
		octets -= octets < 3 ? octets : 3;
	}
}

/* Lines are gathered in "held", which has room for any that is right; of a
 * longer one the rest is counted in "column" and dropped. */
void
uu_decode(struct codec *c, struct buf *out, struct span in)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] == '\n') {
			decode_line(c, out);
			c->column = 0;
		} else if (c->have < sizeof c->held)
			c->held[c->have++] = in.p[i];
		else
			c->column++;
	}
}

static void
encode_line(struct codec *c, struct buf *out)
{
	char text[3] = { 0 };
	uint32_t bits;
	unsigned i, k;

	buf_char(out, (char)(c->have + 32));
	for (i = 0; i < c->have; i += 3) {
		memset(text, 0, sizeof text);
		memcpy(text, c->held + i, c->have - i < 3 ? c->have - i : 3);
		bits = (uint32_t)(unsigned char)text[0] << 16 |
		    (uint32_t)(unsigned char)text[1] << 8 |
		    (unsigned char)text[2];
		for (k = 0; k < 4; k++)
			buf_char(out,
			    "`!\"#$%&'()*+,-./0123456789:;<=>?@"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"[bits >>
				    (18 - 6 * k) &
				63]);
	}
	buf_char(out, '\n');
	c->have = 0;
}

void
uu_encode(struct codec *c, struct buf *out, struct span in)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		c->held[c->have++] = in.p[i];
		if (c->have == UU_LINE)
			encode_line(c, out);
	}
}

void
uu_decode_end(struct codec *c, struct buf *out)
{
	if (c->have > 0)
		decode_line(c, out);
	c->damaged |= !c->done;
}

void
uu_encode_end(struct codec *c, struct buf *out)
{
	if (c->have > 0)
		encode_line(c, out);
	buf_str(out, "`\n");
}
