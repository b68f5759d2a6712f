#include "maildir/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

size_t
name_base(const char *name)
{
	return (size_t)(strchrnul(name, ':') - name);
}

size_t
name_stem(const char *name)
{
	size_t base = name_base(name);
	const char *comma = memchr(name, ',', base);

	return comma == NULL ? base : (size_t)(comma - name);
}

int
name_size(const char *name, char key, uint64_t *out)
{
	const char *end = name + name_base(name);

	for (const char *p = name; p + 3 < end; p++) {
		char *stop;

		if (p[0] != ',' || p[1] != key || p[2] != '=' || p[3] < '0' ||
		    p[3] > '9')
			continue;
		*out = strtoull(p + 3, &stop, 10);
		return stop <= end && (*stop == ',' || stop == end) &&
			*out < (uint64_t)1 << 60 ?
		    0 :
		    -1;
	}
	return -1;
}

/* The number there, no higher than "most"; the rest of the digits is skipped. */
static uint64_t
number(const char **p, uint64_t most)
{
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		if (n <= most)
			n = n * 10 + (uint64_t)(**p - '0');
	return n < most ? n : most;
}

uint64_t
name_time(const char *name)
{
	uint64_t sec = number(&name, INT64_MAX / NAME_SECOND - 1), micro = 0;

	if (name[0] == '.' && name[1] == 'M') {
		name += 2;
		micro = number(&name, NAME_SECOND - 1);
	}
	return sec * NAME_SECOND + micro;
}

int
name_order(const char *a, const char *b)
{
	uint64_t x = name_time(a), y = name_time(b);

	return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

static size_t
hash(const char *name, size_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15, word;

	for (; n >= sizeof(word); n -= sizeof(word), name += sizeof(word)) {
		(void)memcpy(&word, name, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	word = 0;
	(void)memcpy(&word, name, n);
	h = (h ^ word) * 0xff51afd7ed558ccd;
	return (size_t)(h ^ h >> 29);
}

static const struct name_at *
element(const struct names *t, size_t i)
{
	return (const void *)((const char *)t->first + i * t->each);
}

static bool
same_base(const struct names *t, size_t i, const char *name, size_t base)
{
	const struct name_at *e = element(t, i);

	return e->base == base && memcmp(t->text + e->at, name, base) == 0;
}

int
names_index(struct names *t, const char *text, const void *first, size_t each,
    size_t count)
{
	*t = (struct names){ .text = text,
		.first = first,
		.each = each,
		.count = count,
		.slots = 16 };
	while (t->slots < count * 2)
		t->slots *= 2;
	t->slot = calloc(t->slots, sizeof(*t->slot));
	if (t->slot == NULL)
		return fail("names");
	for (size_t i = 0; i < count; i++) {
		const struct name_at *e = element(t, i);
		const char *name = text + e->at;
		size_t at = hash(name, name_stem(name)) & (t->slots - 1);

		while (t->slot[at] != 0 &&
		    !same_base(t, t->slot[at] - 1, name, e->base))
			at = (at + 1) & (t->slots - 1);
		t->slot[at] = (uint32_t)i + 1;
	}
	return 0;
}

void
names_free(struct names *t)
{
	free(t->slot);
	t->slot = NULL;
}

ptrdiff_t
names_find(const struct names *t, const char *name)
{
	size_t base = name_base(name);
	size_t at = hash(name, name_stem(name)) & (t->slots - 1);

	for (; t->slot[at] != 0; at = (at + 1) & (t->slots - 1))
		if (same_base(t, t->slot[at] - 1, name, base))
			return (ptrdiff_t)t->slot[at] - 1;
	return -1;
}

ptrdiff_t
names_like(const struct names *t, const char *name, size_t *at)
{
	size_t stem = name_stem(name);
	size_t first = hash(name, stem) & (t->slots - 1);

	while (*at < t->slots) {
		size_t i = t->slot[(first + (*at)++) & (t->slots - 1)];
		const char *p;

		if (i == 0)
			break;
		p = t->text + element(t, i - 1)->at;
		if (name_stem(p) == stem && memcmp(p, name, stem) == 0)
			return (ptrdiff_t)i - 1;
	}
	return -1;
}
