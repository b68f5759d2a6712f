/* Finding entries without opening them: names and mtimes only. */
#ifndef MAILQ_RUN_SCAN_H
#define MAILQ_RUN_SCAN_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "mailq-run/spool.h"

struct scan_name {
	char id[SPOOL_ID];
	enum spool_place place;
	time_t next; /* mtime; 0 in new/ (there it is not looked at) */
};

struct scan {
	int spool; /* borrowed */
	unsigned places; /* SPOOL_* bits still to visit */
	time_t now;
	unsigned hash; /* directory of due/ that comes next */
	unsigned part, parts; /* of these only every parts-th; 0: all */
	enum spool_place place; /* being read; 0: none */
	DIR *dir;
	size_t seen; /* names so far, due or not */
	size_t strange; /* names that are no id: moved to bad/ */
	time_t earliest; /* next try of what is not due; 0: none seen */
};

/* Visit "places" (bits of enum spool_place), new/ first, due/ next, giving
 * of due/ only what has an mtime <= now.  After a kick ask for SPOOL_NEW
 * alone: that costs nothing however much waits in due/.
 * Order inside a directory is the file system's.
 * 0 / -1. */
int scan_open(struct scan *, int spool, unsigned places, time_t now);

/* 1: *n is the next; 0: that was all; -1: errno (the scan goes on with the
 * next directory when called again). */
int scan_next(struct scan *, struct scan_name *n);

void scan_close(struct scan *);

/* At the end of each run, with the lock: remove dead drafts of tmp/ (older than
 * 36 h) and, once a day or when "deep" because that reads all of log/ and sts/,
 * logs whose entry is gone and policies that are over.  Nothing of it matters
 * to correctness. */
void scan_tidy(int spool, time_t now, bool deep);

#endif
