/* Quoted-printable.  What an octet means may depend on those behind it; until
 * that is known they are in "held": either blanks (dropped before a line end,
 * RFC 2045 s. 6.7 rule 3) or "=" and what may belong to it, with or without
 * a CR at the end. */
#include "message/codec-parts.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* It meant nothing: it is text. */
static void
release(struct codec *c, struct buf *out)
{
	if (c->have > 0 && c->held[0] == '=')
		c->damaged = true;
	buf_add(out, c->held, c->have);
	c->have = 0;
}

/* "=", then blanks or a CR or nothing: a soft line break if a LF follows. */
static bool
soft(const struct codec *c)
{
	return c->have > 0 && c->held[0] == '=' &&
	    (c->have == 1 || span_hex(c->held[1]) == -1);
}

static void
line_end(struct codec *c, struct buf *out)
{
	bool cr = c->have > 0 && c->held[c->have - 1] == '\r';

	if (!soft(c)) {
		if (c->have > 0 && c->held[0] == '=')
			release(c, out);
		buf_str(out, cr ? "\r\n" : "\n");
	}
	c->have = 0;
}

/* Whether "ch" may still belong to what is held. */
static bool
goes_on(const struct codec *c, char ch)
{
	char last = c->have > 0 ? c->held[c->have - 1] : ' ';

	if (c->have == sizeof c->held || last == '\r')
		return false;
	if (last == '=')
		return blank(ch) || ch == '\r' || span_hex(ch) >= 0;
	return blank(last) &&
	    (blank(ch) || ch == '\r' || (ch == '=' && c->have == 0));
}

static void
decode_octet(struct codec *c, struct buf *out, char ch)
{
	if (ch == '\n') {
		line_end(c, out);
		return;
	}
	if (c->have == 2 && c->held[0] == '=' && span_hex(c->held[1]) >= 0 &&
	    span_hex(ch) >= 0) {
		buf_char(out, (char)(span_hex(c->held[1]) << 4 | span_hex(ch)));
		c->have = 0;
		return;
	}
	if (!goes_on(c, ch))
		release(c, out);
	if (goes_on(c, ch))
		c->held[c->have++] = ch;
	else
		buf_char(out, ch);
}

void
qp_decode(struct codec *c, struct buf *out, struct span in)
{
	size_t i, n;

	for (i = 0; i < in.len; i++) {
		/* Most of a line is neither blank nor code. */
		if (c->have == 0) {
			for (n = i; n < in.len; n++)
				if ((unsigned char)in.p[n] <= ' ' ||
				    in.p[n] == '=')
					break;
			buf_add(out, in.p + i, n - i);
			if ((i = n) == in.len)
				break;
		}
		decode_octet(c, out, in.p[i]);
	}
}

void
qp_decode_end(struct codec *c, struct buf *out)
{
	if (c->have > 0 && c->held[0] == '=' && !soft(c))
		release(c, out);
	c->have = 0;
}

static void
soft_break(struct codec *c, struct buf *out)
{
	buf_str(out, "=\n");
	c->column = 0;
}

static void
put(struct codec *c, struct buf *out, char ch, bool literal)
{
	size_t width = literal ? 1 : 3;

	if (c->column + width > CODEC_LINE - 1)
		soft_break(c, out);
	if (literal)
		buf_char(out, ch);
	else
		buf_printf(out, "=%02X", (unsigned)(unsigned char)ch);
	c->column += width;
}

/* One octet of text, of which it is known what follows.  A blank before a
 * line end, and what mail programs on the way would change at the beginning
 * of a line, is encoded. */
static void
encode_octet(struct codec *c, struct buf *out, char ch, int next)
{
	bool literal =
	    (ch > ' ' && ch < 0x7f && ch != '=') || ch == ' ' || ch == '\t';

	if (!c->binary && ch == '\n') {
		buf_char(out, '\n');
		c->column = 0;
		return;
	}
	if (!c->binary && ch == '\r' && next == '\n')
		return;
	if ((ch == ' ' || ch == '\t') &&
	    (next == -1 || next == '\n' || next == '\r'))
		literal = false;
	if (c->column == 0 && (ch == '.' || ch == 'F' || ch == '-'))
		literal = false;
	put(c, out, ch, literal);
}

/* The last octet waits until it is known what follows. */
void
qp_encode(struct codec *c, struct buf *out, struct span in)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (c->have > 0)
			encode_octet(c, out, c->held[0],
			    (unsigned char)in.p[i]);
		c->held[0] = in.p[i];
		c->have = 1;
	}
}

void
qp_encode_end(struct codec *c, struct buf *out)
{
	if (c->have > 0)
		encode_octet(c, out, c->held[0], -1);
	c->have = 0;
	if (c->column > 0)
		soft_break(c, out);
}
