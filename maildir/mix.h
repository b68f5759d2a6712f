/* A hash of octets: for checksums of what a crash may have cut short, and for
 * tables.  No help against somebody who wants two to be alike. */
#ifndef MAILDIR_MIX_H
#define MAILDIR_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
mix_word(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0xff51afd7ed558ccd;
	return h ^ h >> 32;
}

static inline uint64_t
mix_word_at(const char *p)
{
	uint64_t word;

	(void)memcpy(&word, p, sizeof(word));
	return word;
}

/* In two chains that need not wait for each other; what is left at the end is
 * taken by words, too, which may repeat octets. */
static inline uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const char *s = p, *end = s + n;
	uint64_t other = n;

	for (; end - s > 16; s += 16) {
		h = mix_word(h, mix_word_at(s));
		other = mix_word(other, mix_word_at(s + 8));
	}
	if (end - s >= 8)
		h = mix_word(h, mix_word_at(s));
	if (n >= 8)
		other = mix_word(other, mix_word_at(end - 8));
	else
		while (s < end)
			h = mix_word(h, (unsigned char)*s++);
	return mix_word(h, other * 3);
}

#endif
