/* Messages that this process puts into cur/ of a folder; internal to the
 * store. */
#ifndef MAILDIR_ARRIVE_H
#define MAILDIR_ARRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "maildir/settle.h"
#include "maildir/view.h"

struct arrival {
	struct record r; /* flags, keywords, date, size, wire; uid is set */
	char path[FLAGS_NAME]; /* "cur/NAME:2,FLAGS" */
};

/* "cur/SEC.MusecPpidQn.HOST,S=..,W=..:2,FLAGS" for r.  Sizes are left out when
 * they are not known. */
void arrive_name(struct arrival *);

/* Lock the index of the folder; before any file is put there.  0; -1. */
int arrive_begin(struct folder *, struct settle *);
/* The files are there.  Give UIDs (durable), make the names durable, write the
 * records.  0; -1: the files are still there, without UIDs. */
int arrive(struct folder *, struct arrival *, size_t n, struct settle *);
/* Unlock it. */
void arrive_end(struct folder *, struct settle *);

/* Bits of the keywords of these names in that folder. */
int arrive_words(struct folder *, const char *const *name, size_t n,
    uint64_t *bits);

#endif
