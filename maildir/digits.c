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
deal(const struct digits *a, struct digits *to, size_t n, unsigned shift)
{
	size_t at[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[(a[i].key >> shift & 255) + 1]++;
	for (int i = 1; i < 256; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < n; i++)
		to[at[a[i].key >> shift & 255]++] = a[i];
}

void
digits_sort(struct digits *a, struct digits *room, size_t n)
{
	struct digits *from = a, *to = room, *t;
	uint64_t differ = 0;

	if (n <= FEW) {
		insert(a, n);
		return;
	}
	for (size_t i = 1; i < n; i++)
		differ |= a[i].key ^ a[0].key;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if ((differ >> shift & 255) == 0)
			continue;
		deal(from, to, n, shift);
		t = from;
		from = to;
		to = t;
	}
	if (from != a)
		(void)memcpy(a, from, n * sizeof(*a));
}
