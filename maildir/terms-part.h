/* One part of a file of terms, mapped: internal to terms.h. */
#ifndef MAILDIR_TERMS_PART_H
#define MAILDIR_TERMS_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/terms.h"

enum { TERMS_BLOCK = 4096 };

struct part_table { /* places count from the first block */
	uint32_t words;
	uint32_t index; /* struct part_word of each, and of their end */
	uint32_t text; /* the strings, a NUL behind each */
	uint32_t list; /* of each the messages that have it: differences of
			* their places among the UIDs, 7 bits an octet, the
			* lowest first, the highest bit on all but the last */
};

struct part_word {
	uint32_t text, list; /* counting from those of the table */
};

struct part_head {
	uint64_t check; /* from "octets" on, with the checks of blocks */
	uint32_t gone, spare; /* not 0: another part has it all */
	uint64_t octets; /* of all of the part */
	uint32_t uids; /* messages: their UIDs are at the first block */
	uint32_t size; /* octets in blocks */
	struct part_table table[TERMS_TABLES];
};

struct part {
	struct part_head head;
	const char *p; /* the first block */
	const char *sums; /* a check of each block, 8 octets */
	uint8_t *checked; /* of each block: it is whole */
	uint32_t *number; /* of each message in the view; 0: it is gone */
	uint32_t living; /* how many are not */
	bool bad; /* damaged: nothing of it counts */
	uint64_t at; /* in the file */
};

/* Octets of a part before its first block. */
size_t part_before(uint32_t size);
/* Read the part at "at", of which "left" octets are there.  Its octets; 0: it is
 * none.  Nothing is allocated. */
size_t part_read(struct part *, const char *at, size_t left);
/* Octets from-to of its blocks, when they are whole; NULL: it is bad. */
const char *part_need(struct part *, uint64_t from, uint64_t octets);
uint32_t part_uid(const struct part *, uint32_t i);
/* Call it with the list of each string that holds the needle, and the string. */
void part_find(struct part *, unsigned table, struct span needle,
    void (*found)(void *ctx, struct span word, struct span list), void *ctx);
/* Take the next place off a list: it was *place (first: -1).  False: end. */
bool part_next(const struct part *, struct span *list, int64_t *place);

#endif
