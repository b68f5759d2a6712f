#include "session/saslprep.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { POINTS_MAX = 1024 };

struct range {
	uint32_t first, last;
};

/* clang-format off */
/* RFC 3454 C.1.2: become a blank. */
static const struct range blanks[] = {
	{ 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200b },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
};

/* B.1: vanish. */
static const struct range nothing[] = {
	{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x1806, 0x1806 },
	{ 0x180b, 0x180d }, { 0x200c, 0x200d }, { 0x2060, 0x2060 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
};

/* C.2.1 to C.9: are in no password. */
static const struct range prohibited[] = {
	{ 0, 0x1f }, { 0x7f, 0xa0 }, { 0x340, 0x341 }, { 0x6dd, 0x6dd },
	{ 0x70f, 0x70f }, { 0x180e, 0x180e }, { 0x200c, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x2063 }, { 0x206a, 0x206f },
	{ 0x2ff0, 0x2ffb }, { 0xd800, 0xf8ff }, { 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xffff }, { 0x1d173, 0x1d17a },
	{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f }, { 0xf0000, 0x10ffff },
};
/* clang-format on */

#define IN(c, table) in_table(c, table, sizeof(table) / sizeof((table)[0]))

static bool
in_table(uint32_t c, const struct range *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= table[i].first && c <= table[i].last)
			return true;
	return false;
}

/* Decode and map.  The number of points; -1. */
static int
map(struct span in, uint32_t to[POINTS_MAX])
{
	const uint8_t *p = (const uint8_t *)in.p, *end = p + in.len;
	int n = 0;

	while (p < end) {
		ucs4_t c;
		int len = u8_mbtoucr(&c, p, (size_t)(end - p));

		if (len <= 0 || n == POINTS_MAX)
			return -1;
		p += len;
		if (IN(c, blanks))
			c = ' ';
		else if (IN(c, nothing))
			continue;
		to[n++] = c;
	}
	return n;
}

/* RFC 3454 s. 6: what is written from right to left stands at both ends, and
 * nothing else beside it. */
static bool
directed(const uint32_t *p, size_t n)
{
	bool right = false, left = false;
	int first, last, b;

	for (size_t i = 0; i < n; i++) {
		b = uc_bidi_category(p[i]);
		right |= b == UC_BIDI_R || b == UC_BIDI_AL;
		left |= b == UC_BIDI_L;
	}
	if (!right)
		return true;
	first = uc_bidi_category(p[0]);
	last = uc_bidi_category(p[n - 1]);
	return !left && (first == UC_BIDI_R || first == UC_BIDI_AL) &&
	    (last == UC_BIDI_R || last == UC_BIDI_AL);
}

/* What did not fit where it should go was allocated. */
static void
forget(void *made, size_t octets)
{
	if (made != NULL)
		explicit_bzero(made, octets);
	free(made);
}

/* Check the normal form, and write it as UTF-8. */
static int
finish(char *out, size_t size, const uint32_t *p, size_t n)
{
	size_t len = size - 1;
	uint8_t *made;

	if (n == 0 || !directed(p, n))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (IN(p[i], prohibited))
			return -1;
	made = u32_to_u8(p, n, (uint8_t *)out, &len);
	if (made != (uint8_t *)out) {
		forget(made, len);
		return -1;
	}
	out[len] = '\0';
	return 0;
}

int
saslprep(char *out, size_t size, struct span in)
{
	uint32_t mapped[POINTS_MAX], normal[POINTS_MAX * 4];
	size_t i, n = POINTS_MAX * 4;
	int len, r = -1;

	for (i = 0; i < in.len && (unsigned char)in.p[i] < 0x80; i++)
		continue;
	if (i == in.len)
		return 0;
	len = map(in, mapped);
	if (len > 0) {
		uint32_t *made = u32_normalize(UNINORM_NFKC, mapped,
		    (size_t)len, normal, &n);

		if (made == normal)
			r = finish(out, size, normal, n);
		else
			forget(made, n * sizeof(*made));
	}
	explicit_bzero(mapped, sizeof(mapped));
	explicit_bzero(normal, sizeof(normal));
	if (r == 0)
		r = span_eq(span(out), in) ? 0 : 1;
	return r;
}
