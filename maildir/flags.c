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
	bool set[0x7f] = { false };
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
			set[(size_t)*old] = true;
	for (size_t i = 0; i < LETTERS; i++)
		set[(size_t)letters[i].letter] = (flags & letters[i].flag) != 0;
	for (size_t i = 0; i < 'z' - 'a' + 1; i++)
		set['a' + i] = (keywords >> i & 1) != 0;
	for (char c = '!'; c < 0x7f && n < FLAGS_NAME - 1; c++)
		if (set[(size_t)c])
			out[n++] = c;
	out[n] = '\0';
}
