#ifndef MESSAGE_FOLD_TABLE_H
#define MESSAGE_FOLD_TABLE_H

#include <stdint.h>

/* "count" characters from "first" on, each "step"-th one, become as many from
 * "to" on; a run stays within 256 characters, and some interleave. */
struct fold_run {
	uint32_t first, to;
	uint16_t count, step;
};

/* One that becomes two or three; 0 ends. */
struct fold_more {
	uint32_t from;
	uint16_t to[3];
};

enum {
	FOLD_PAGES = 0x200, /* of 256 characters */
	FOLD_OVERLAP = 6, /* how many runs may */
};

extern const struct fold_run fold_runs[];
extern const struct fold_more fold_mores[];
/* Where the entries of a page begin; one more is the end. */
extern const uint16_t fold_run_page[FOLD_PAGES + 1];
extern const uint16_t fold_more_page[FOLD_PAGES + 1];

#endif
