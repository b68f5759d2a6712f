#include "imap-session/partial.h"

#include "imap-session/put.h"

int
partial_read(struct parse *p, struct partial *a)
{
	uint32_t swap;

	a->wanted = true;
	a->last = parse_try(p, '-');
	if (parse_nz(p, &a->low) == -1 || parse_char(p, ':') == -1 ||
	    (a->last && parse_char(p, '-') == -1) ||
	    parse_nz(p, &a->high) == -1)
		return -1;
	if (a->low > a->high) {
		swap = a->low;
		a->low = a->high;
		a->high = swap;
	}
	return 0;
}

void
partial_put(struct buf *b, const struct partial *a)
{
	const char *sign = a->last ? "-" : "";

	buf_printf(b, "%s%u:%s%u", sign, a->low, sign, a->high);
}

size_t
partial_of(const struct partial *a, size_t n, size_t *count)
{
	size_t high;

	*count = n;
	if (!a->wanted)
		return 0;
	*count = 0;
	if (a->low > n)
		return 0;
	high = a->high < n ? a->high : n;
	*count = high - a->low + 1;
	return a->last ? n - high : a->low - 1;
}
