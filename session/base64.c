#include "session/base64.h"

#include <stdint.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_put(struct buf *b, struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i;

	for (i = 0; i < s.len; i += 3) {
		size_t have = s.len - i < 3 ? s.len - i : 3;
		uint32_t n = (uint32_t)p[i] << 16;

		n |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		n |= have > 2 ? p[i + 2] : 0;
		buf_char(b, digits[n >> 18]);
		buf_char(b, digits[n >> 12 & 63]);
		buf_char(b, have > 1 ? digits[n >> 6 & 63] : '=');
		buf_char(b, have > 2 ? digits[n & 63] : '=');
	}
}

/* The value of one digit; -1. */
static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits as 24 bits; "pads" of them, at the end, are "=". */
static int
quad(const char *p, unsigned pads, uint32_t *bits)
{
	unsigned i;
	int v;

	*bits = 0;
	for (i = 0; i < 4; i++) {
		v = i < 4 - pads ? value(p[i]) : 0;
		if (v == -1)
			return -1;
		*bits = *bits << 6 | (uint32_t)v;
	}
	/* Bits that no octet uses are zero, so a text has one form. */
	return (*bits & ((1u << 8 * pads) - 1)) == 0 ? 0 : -1;
}

int
base64_get(void *out, size_t size, struct span text)
{
	unsigned char *to = out;
	size_t i, n = 0;

	if (text.len % 4 != 0)
		return -1;
	for (i = 0; i < text.len; i += 4) {
		const char *p = text.p + i;
		unsigned k, pads = 0;
		uint32_t bits;

		if (i + 4 == text.len && p[3] == '=')
			pads = p[2] == '=' ? 2 : 1;
		if (quad(p, pads, &bits) == -1 || n + 3 - pads > size)
			return -1;
		for (k = 0; k < 3 - pads; k++)
			to[n++] = (unsigned char)(bits >> (16 - 8 * k));
	}
	return (int)n;
}
