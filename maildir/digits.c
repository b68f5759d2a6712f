#include "maildir/digits.h"

#include <string.h>

enum { FEW = 64 };

/* Stably, where that is less than counting. */
static void
insert(struct digits *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct digits x = a[i];
		size_t at = i;

		for (; at > 0 && a[at - 1].key > x.key; at--)
			a[at] = a[at - 1];
		a[at] = x;
	}
}

/* One octet of the key, stably, from "a" into "to". */
static void
deal(const struct digits *a, struct digits *to, size_t n, unsigned shift,
    const size_t count[256])
{
	size_t at[256], sum = 0;

	for (int i = 0; i < 256; i++) {
		at[i] = sum;
		sum += count[i];
	}
	for (size_t i = 0; i < n; i++)
		to[at[a[i].key >> shift & 255]++] = a[i];
}

void
digits_sort(struct digits *a, struct digits *room, size_t n)
{
	static size_t count[8][256];
	struct digits *from = a, *to = room, *t;

	if (n <= FEW) {
		insert(a, n);
		return;
	}
	(void)memset(count, 0, sizeof(count));
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 8; k++)
			count[k][a[i].key >> 8 * k & 255]++;
	for (unsigned k = 0; k < 8; k++) {
		if (count[k][a[0].key >> 8 * k & 255] == n)
			continue; /* the same in all */
		deal(from, to, n, 8 * k, count[k]);
		t = from;
		from = to;
		to = t;
	}
	if (from != a)
		(void)memcpy(a, from, n * sizeof(*a));
}
