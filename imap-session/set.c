#include "imap-session/set.h"

#include <stdlib.h>

/* "7" or "*". */
static int
number(struct parse *p, uint32_t *out)
{
	if (parse_try(p, '*')) {
		*out = SET_STAR;
		return 0;
	}
	return parse_nz(p, out);
}

/* How many ranges at most: commas of what may belong to the set, plus one. */
static size_t
ranges_at_most(struct span s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.len &&
	     strchr("0123456789:*,", s.p[i]) != NULL && s.p[i] != '\0';
	     i++)
		n += s.p[i] == ',';
	return n;
}

int
parse_set(struct parse *p, struct set *s)
{
	*s = (struct set){ 0 };
	if (parse_try(p, '$')) {
		s->saved = true;
		return 0;
	}
	s->range =
	    arena_take(p->arena, ranges_at_most(p->rest) * sizeof(*s->range));
	if (s->range == NULL)
		return parse_fail(p, "Command is too large");
	do {
		struct range *r = &s->range[s->ranges];

		if (number(p, &r->low) == -1)
			return -1;
		r->high = r->low;
		if (parse_try(p, ':') && number(p, &r->high) == -1)
			return -1;
		s->ranges++;
	} while (parse_try(p, ','));
	return 0;
}

static int
by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

void
set_resolve(struct set *s, uint32_t star)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ranges; i++) {
		struct range *r = &s->range[i], in = *r;

		if (in.low == SET_STAR)
			in.low = star;
		if (in.high == SET_STAR)
			in.high = star;
		r->low = in.low < in.high ? in.low : in.high;
		r->high = in.low < in.high ? in.high : in.low;
	}
	if (s->ranges > 1)
		qsort(s->range, s->ranges, sizeof(*s->range), by_low);
	for (size_t i = 0; i < s->ranges; i++) {
		struct range r = s->range[i];

		if (n > 0 &&
		    (s->range[n - 1].high == UINT32_MAX ||
			r.low <= s->range[n - 1].high + 1)) {
			if (r.high > s->range[n - 1].high)
				s->range[n - 1].high = r.high;
		} else
			s->range[n++] = r;
	}
	s->ranges = n;
}

int
set_copy(struct set *to, const struct set *from, struct arena *a)
{
	*to = *from;
	to->range = arena_take(a, from->ranges * sizeof(*to->range) + 1);
	if (to->range == NULL)
		return -1;
	if (from->ranges > 0)
		memcpy(to->range, from->range,
		    from->ranges * sizeof(*to->range));
	return 0;
}

bool
set_has(const struct set *s, uint32_t n)
{
	size_t low = 0, high = s->ranges;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->range[mid].high < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->ranges && s->range[low].low <= n;
}

uint64_t
set_count(const struct set *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->ranges; i++)
		n += (uint64_t)s->range[i].high - s->range[i].low + 1;
	return n;
}

void
set_put(struct buf *b, const struct set *s)
{
	for (size_t i = 0; i < s->ranges; i++) {
		const struct range *r = &s->range[i];

		if (i > 0)
			buf_char(b, ',');
		buf_printf(b, "%u", r->low);
		if (r->high != r->low)
			buf_printf(b, ":%u", r->high);
	}
}
