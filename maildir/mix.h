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
mix(uint64_t h, const void *p, size_t n)
{
	const char *s = p;
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		(void)memcpy(&word, s, sizeof(word));
		h = mix_word(h, word);
	}
	word = 0;
	(void)memcpy(&word, s, n);
	return (h ^ word) * 0xff51afd7ed558ccd + 1;
}

#endif
