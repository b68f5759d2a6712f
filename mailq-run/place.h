/* Where the files of an entry are, and moving them. */
#ifndef MAILQ_RUN_PLACE_H
#define MAILQ_RUN_PLACE_H

#include "mailq-run/spool.h"

enum { PLACE_HASH = 256, PLACE_PATH = 300 };

/* Directories with unlinks or renames that are not durable yet. */
struct place_dirty {
	bool fresh, held; /* new/, hold/ */
	bool due[PLACE_HASH];
};

/* The directory of due/ and log/ for an id: FNV-1a (32 bit), its four octets
 * exclusive-or'ed into one. */
unsigned place_hash(const char *id);

/* The path below the spool, into PLACE_PATH octets.  Returns "out". */
char *place_path(char *out, enum spool_place, const char *id);
char *place_log(char *out, const char *id);

/* openat for reading or both, of a file that must be there; without touching
 * its access time where the file is ours: to look must not cost a write. */
int place_open(int spool, const char *path, int flags);

/* rename, never over another file, making due/HH when it is missing; with
 * "durable" both directories are synced.  0 / -1. */
int place_move(int spool, const char *id, enum spool_place from,
    enum spool_place to, bool durable);

/* Remember / sync and forget. */
void place_touch(struct place_dirty *, enum spool_place, const char *id);
int place_flush(int spool, struct place_dirty *);

/* Move what lies under "name" in the place to bad/ (its log stays until
 * scan_tidy).  0 / -1. */
int place_quarantine(int spool, enum spool_place, const char *name);

#endif
