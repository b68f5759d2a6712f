#include "message/mutf7.h"

#include "message/utf8.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool
plain(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* C0, DEL and C1; and surrogates, which utf8_put would hide. */
static bool
refused(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0xd800 && c < 0xe000);
}

/* The UTF-16 of one run in base64, unit by unit. */
struct run {
	uint32_t bits; /* not yet used, in the low "have" bits */
	unsigned have;
	uint32_t high; /* a high surrogate that waits for its low one */
};

/* One more digit.  0; -1. */
static int
run_digit(struct run *r, struct buf *out, char c)
{
	const char *d = c == '\0' ? NULL : strchr(digits, c);
	uint32_t unit;

	if (d == NULL)
		return -1;
	r->bits = r->bits << 6 | (uint32_t)(d - digits);
	r->have += 6;
	if (r->have < 16)
		return 0;
	r->have -= 16;
	unit = r->bits >> r->have & 0xffff;
	r->bits &= (1u << r->have) - 1;
	if (r->high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return -1;
		unit = 0x10000 + ((r->high - 0xd800) << 10) + unit - 0xdc00;
		r->high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		r->high = unit;
		return 0;
	}
	if (plain(unit) || refused(unit))
		return -1;
	utf8_put(out, unit);
	return 0;
}

/* What stands between "&" and "-" (both taken away), not empty. */
static int
run_decode(struct buf *out, struct span s)
{
	struct run r = { 0 };

	for (size_t i = 0; i < s.len; i++)
		if (run_digit(&r, out, s.p[i]) == -1)
			return -1;
	/* Less than a digit may be left, and only zeros. */
	return r.high != 0 || r.have >= 6 || r.bits != 0 ? -1 : 0;
}

static int
decode(struct buf *out, struct span s)
{
	bool after = false; /* a run ended just here */

	while (s.len > 0) {
		size_t n;

		if (s.p[0] != '&') {
			if (!plain((unsigned char)s.p[0]))
				return -1;
			buf_char(out, s.p[0]);
			s = span_from(s, 1);
			after = false;
			continue;
		}
		s = span_from(s, 1);
		n = span_find(s, '-');
		if (n == s.len || (n > 0 && after) ||
		    run_decode(out, span_n(s.p, n)) == -1)
			return -1;
		if (n == 0)
			buf_char(out, '&');
		after = n > 0;
		s = span_from(s, n + 1);
	}
	return 0;
}

int
mutf7_decode(struct buf *out, struct span s)
{
	size_t before = out->len;

	if (decode(out, s) == 0)
		return 0;
	buf_cut(out, before);
	return -1;
}

struct writer {
	struct buf *out;
	uint32_t bits;
	unsigned have;
	bool inside; /* of a run */
};

static void
put_unit(struct writer *w, uint32_t unit)
{
	w->bits = w->bits << 16 | unit;
	w->have += 16;
	while (w->have >= 6) {
		w->have -= 6;
		buf_char(w->out, digits[w->bits >> w->have & 63]);
	}
	w->bits &= (1u << w->have) - 1;
}

static void
end_run(struct writer *w)
{
	if (!w->inside)
		return;
	if (w->have > 0)
		buf_char(w->out, digits[w->bits << (6 - w->have) & 63]);
	buf_char(w->out, '-');
	*w = (struct writer){ .out = w->out };
}

static void
put(struct writer *w, uint32_t c)
{
	if (plain(c)) {
		end_run(w);
		buf_char(w->out, (char)c);
		if (c == '&')
			buf_char(w->out, '-');
		return;
	}
	if (!w->inside)
		buf_char(w->out, '&');
	w->inside = true;
	if (c >= 0x10000) {
		put_unit(w, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	put_unit(w, c);
}

int
mutf7_encode(struct buf *out, struct span s)
{
	struct writer w = { .out = out };
	size_t before = out->len, n;
	uint32_t c;

	for (; s.len > 0; s = span_from(s, n)) {
		n = utf8_get(s, &c);
		if (n == 0 || refused(c)) {
			buf_cut(out, before);
			return -1;
		}
		put(&w, c);
	}
	end_run(&w);
	return 0;
}
