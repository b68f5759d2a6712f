#include "maildir/ranges.h"

#include <stdlib.h>

#include "message/fail.h"

int
ranges_add(struct ranges *r, uint32_t first, uint32_t last)
{
	uint32_t *p;

	if (r->n > 0 && r->p[2 * r->n - 1] + 1 == first) {
		r->p[2 * r->n - 1] = last;
		return 0;
	}
	if (r->n == r->room) {
		size_t room = r->room < 16 ? 16 : r->room * 2;

		p = reallocarray(r->p, room, 2 * sizeof(*p));
		if (p == NULL)
			return fail("ranges");
		r->p = p;
		r->room = room;
	}
	r->p[2 * r->n] = first;
	r->p[2 * r->n + 1] = last;
	r->n++;
	return 0;
}

static int
by_first(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
ranges_sort(struct ranges *r)
{
	size_t n = 0;

	if (r->n == 0)
		return;
	qsort(r->p, r->n, 2 * sizeof(*r->p), by_first);
	for (size_t i = 1; i < r->n; i++) {
		const uint32_t *p = r->p + 2 * i;
		uint32_t *last = r->p + 2 * n + 1;

		if (p[0] <= *last || p[0] == *last + 1) {
			if (p[1] > *last)
				*last = p[1];
			continue;
		}
		n++;
		r->p[2 * n] = p[0];
		r->p[2 * n + 1] = p[1];
	}
	r->n = n + 1;
}

bool
ranges_have(const uint32_t *p, size_t n, uint32_t x)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p[2 * mid + 1] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && p[2 * low] <= x;
}

void
ranges_free(struct ranges *r)
{
	free(r->p);
	*r = (struct ranges){ .p = NULL };
}
