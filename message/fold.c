#include "message/fold.h"

#include "message/fold-table.h"
#include "message/utf8.h"

/* Hangul syllables are taken apart by rule (Unicode, s. 3.12). */
enum {
	SYLLABLE = 0xac00,
	SYLLABLES = 11172,
	LEAD = 0x1100,
	VOWEL = 0x1161,
	TAIL = 0x11a7,
	VOWELS = 21,
	TAILS = 28,
};

static bool
put_run(struct buf *b, uint32_t c)
{
	size_t low = fold_run_page[c >> 8], high = fold_run_page[(c >> 8) + 1];
	size_t first = low;

	while (low < high) { /* behind the last that begins at c or before */
		size_t mid = low + (high - low) / 2;

		if (fold_runs[mid].first <= c)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i > first && i + FOLD_OVERLAP > low; i--) {
		const struct fold_run *r = &fold_runs[i - 1];
		uint32_t at = c - r->first;

		if (at >= (uint32_t)r->count * r->step || at % r->step != 0)
			continue;
		utf8_put(b, r->to + at);
		return true;
	}
	return false;
}

static bool
put_more(struct buf *b, uint32_t c)
{
	size_t low = fold_more_page[c >> 8];
	size_t high = fold_more_page[(c >> 8) + 1];

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct fold_more *m = &fold_mores[mid];

		if (m->from == c) {
			for (int i = 0; i < 3 && m->to[i] != 0; i++)
				utf8_put(b, m->to[i]);
			return true;
		}
		if (m->from < c)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static void
put_syllable(struct buf *b, uint32_t c)
{
	utf8_put(b, LEAD + c / (VOWELS * TAILS));
	utf8_put(b, VOWEL + c % (VOWELS * TAILS) / TAILS);
	if (c % TAILS != 0)
		utf8_put(b, TAIL + c % TAILS);
}

/* ASCII in runs, because that is most text. */
static size_t
ascii(struct buf *b, struct span s)
{
	size_t n = 0, from = b->len;
	uint64_t eight;

	for (; n + 8 <= s.len; n += 8) {
		memcpy(&eight, s.p + n, 8);
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	while (n < s.len && (unsigned char)s.p[n] < 0x80)
		n++;
	buf_add(b, s.p, n);
	for (size_t i = from; i < b->len; i++) {
		unsigned char c = (unsigned char)b->p[i];

		b->p[i] = (char)(c |
		    (unsigned char)((unsigned char)(c - 'A') < 26) << 5);
	}
	return n;
}

/* One character beyond ASCII: its octets. */
static size_t
other(struct buf *b, struct span s)
{
	uint32_t c;
	size_t n = utf8_get(s, &c);

	if (n == 0) {
		buf_char(b, s.p[0]);
		return 1;
	}
	if (c - SYLLABLE < SYLLABLES)
		put_syllable(b, c - SYLLABLE);
	else if (c >> 8 >= FOLD_PAGES || (!put_run(b, c) && !put_more(b, c)))
		buf_add(b, s.p, n);
	return n;
}

static void
fold(struct buf *b, struct span s)
{
	while (s.len > 0) {
		size_t n = ascii(b, s);

		if (n == 0)
			n = other(b, s);
		s = span_from(s, n);
	}
}

void
fold_text(struct buf *b, struct span s)
{
	const char *cr;

	while (s.len > 0 && (cr = memchr(s.p, '\r', s.len)) != NULL) {
		size_t n = (size_t)(cr - s.p);
		bool end = n + 1 < s.len && cr[1] == '\n';

		fold(b, span_n(s.p, n + !end));
		s = span_from(s, n + 1);
	}
	fold(b, s);
}
