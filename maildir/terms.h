/* Which messages hold which strings: an inverted index beside the index, made
 * as messages are read for a search and kept, a cache like all of it.
 *
 * A kind of it is one file with some tables; in a table stand strings, each
 * once, with the messages that have it.  A string is found by one sweep over
 * all of them, so any part of one is as good as its beginning.
 *
 *	magic 8, UIDVALIDITY 4, version 4, then parts: struct part_head,
 *	checks of blocks, and the blocks (terms-part.h)
 *
 * A part is about some messages, by their UIDs, and never changes; what was
 * read since is a new part, which takes in parts that are as small, so that
 * there are few.  Those are marked as gone behind that: a crash between leaves
 * messages that stand twice, and say the same twice.  Writers hold flock(2) on
 * the file; who does not get it writes nothing. */
#ifndef MAILDIR_TERMS_H
#define MAILDIR_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "message/span.h"

struct folder;
struct terms;

enum { TERMS_TABLES = 5 };

struct terms_kind {
	const char *file, *fresh; /* its name, and while it is made anew */
	unsigned tables;
	uint32_t most; /* strings of one message, beyond which it has no place
			* here, and is for its reader; 0: as many as it has */
};

/* Of a view, good until its next folder_sync.  NULL: no memory. */
struct terms *terms_open(struct folder *, const struct terms_kind *);
/* Writes down what was put, when that can be. */
void terms_close(struct terms *);

/* Is it of use to put the strings of that message?  Then terms_begin, the
 * strings, which hold no NUL but between two of one field, and terms_end. */
bool terms_wants(const struct terms *, uint32_t number);
void terms_begin(struct terms *, uint32_t number);
void terms_add(struct terms *, unsigned table, struct span);
void terms_end(struct terms *);

/* For each message of which a string in the table holds the needle (an empty
 * one: that has a string there), and whose mark[number - 1] is "round": makes
 * that round + 1. */
void terms_find(struct terms *, unsigned table, struct span needle,
    uint8_t *mark, uint8_t round);

enum { TERMS_UNKNOWN, TERMS_NO, TERMS_YES };
/* What marks say, when as many rounds were made: in place of each of them one
 * of these; unknown where nothing was put. */
void terms_judge(struct terms *, uint8_t *mark, uint8_t rounds);

#endif
