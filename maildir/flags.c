#include "maildir/flags.h"

#include <limits.h>
#include <string.h>

#include "maildir/maildir.h"

static const struct {
	char letter;
	uint32_t flag;
} letters[] = {
	/* in the order of ASCII */
	{ 'D', FLAG_DRAFT },
	{ 'F', FLAG_FLAGGED },
	{ 'P', FLAG_FORWARDED },
	{ 'R', FLAG_ANSWERED },
	{ 'S', FLAG_SEEN },
	{ 'T', FLAG_DELETED },
};

enum { LETTERS = sizeof(letters) / sizeof(letters[0]) };

static uint32_t
flag_of(char c)
{
	for (size_t i = 0; i < LETTERS; i++)
		if (letters[i].letter == c)
			return letters[i].flag;
	return 0;
}

bool
flags_get(const char *name, uint32_t *flags, uint64_t *keywords)
{
	const char *p = strchr(name, ':');
	bool plain = p != NULL && strncmp(p, ":2,", 3) == 0;
	char last = 0;

	*flags = 0;
	*keywords = 0;
	if (!plain)
		return false;
	for (p += 3; *p != '\0'; p++) {
		uint32_t f = flag_of(*p);

		if (f != 0)
			*flags |= f;
		else if (*p >= 'a' && *p <= 'z')
			*keywords |= (uint64_t)1 << (*p - 'a');
		else
			plain = false;
		if (*p <= last)
			plain = false;
		last = *p;
	}
	return plain;
}

void
flags_put(char out[FLAGS_NAME], const char *name, size_t base, uint32_t flags,
    uint64_t keywords)
{
	const char *old = strstr(name, ":2,");
	uint64_t set[2] = { 0 }; /* octets below 64, and those from there on */
	const uint64_t words = ((uint64_t)1 << KEYWORD_LETTERS) - 1;
	size_t n = 0;

	if (base > NAME_MAX)
		base = NAME_MAX;
	(void)memcpy(out, "cur/", 4);
	(void)memcpy(out + 4, name, base);
	n = 4 + base;
	(void)memcpy(out + n, ":2,", 3);
	n += 3;
	/* What others have put there stays. */
	for (old = old == NULL ? "" : old + 3; *old != '\0'; old++)
		if (*old >= '!' && *old < 0x7f)
			set[*old / 64] |= (uint64_t)1 << *old % 64;
	for (size_t i = 0; i < LETTERS; i++) {
		uint64_t bit = (uint64_t)1 << letters[i].letter % 64;

		set[1] &= ~bit;
		set[1] |= (flags & letters[i].flag) != 0 ? bit : 0;
	}
	set[1] &= ~(words << 'a' % 64);
	set[1] |= (keywords & words) << 'a' % 64;
	for (int half = 0; half < 2; half++)
		for (; set[half] != 0 && n < FLAGS_NAME - 1;
		     set[half] &= set[half] - 1)
			out[n++] =
			    (char)(half * 64 + __builtin_ctzll(set[half]));
	out[n] = '\0';
}
