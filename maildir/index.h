/* The index of one folder: a header, and a record of 64 octets per message in
 * the order of UIDs, mapped into every process that has the folder open.
 *
 *	mailroom-index		header and records
 *	mailroom-index.names	file names, NUL-terminated
 *
 * All of it is a cache.  A writer holds the lock (flock on the file itself) and
 * marks the header dirty meanwhile, so a death between is noticed; the boot id
 * tells when the machine stopped and pages may be lost; header and each record
 * carry a checksum.  Whatever is wrong, a new generation is made: another file,
 * renamed over this one, so that whoever has this one mapped keeps his
 * numbers until he looks. */
#ifndef MAILDIR_INDEX_H
#define MAILDIR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "maildir/record.h"
#include "maildir/region.h"

#define INDEX_FILE "mailroom-index"
#define INDEX_NAMES "mailroom-index.names"
enum { INDEX_NAMES_HEAD = 16 }; /* the generation; so no name is at 0 */

struct index {
	int dir; /* where its files lie, borrowed; -1: memory only */
	struct region main, names;
	struct header *h;
	struct record *r;
	dev_t dev;
	ino_t ino;
	bool locked;
	bool writable; /* the files are; else they are only read */
};

/* Once, before a sandbox: reads the boot id. */
void index_start(void);

/* Open and map what there is.  1: usable, as far as its header tells;
 * 0: none, or not to be used: index_new is next; -1: errno, fail_text(). */
int index_open(struct index *, int dir);
void index_close(struct index *);
/* A copy of its header, without mapping it: that of a folder whose index files
 * lie in "path" below "dir".  False: index_open must look. */
bool index_peek(int dir, const char *path, struct header *);
/* All files of an index in that directory, and what a crash left of one. */
void index_remove(int dir);
/* Has another generation been made?  (Also: has ours been taken away?) */
bool index_replaced(const struct index *);

/* Take the lock, waiting.  1: usable; 0: index_new is next; 2: not locked, the
 * generation is not in place any more, so index_open is next; -1. */
int index_lock(struct index *);
void index_unlock(struct index *);

/* Between these, under the lock, header and records may be written. */
void index_begin(struct index *);
void index_end(struct index *);
/* Is the header whole and at rest? */
bool index_sound(const struct index *);

/* A new generation with room for "records" and "octets" of names, empty, locked
 * and begun, made under the lock of the old one.  0; -1. */
int index_new(struct index *, size_t records, size_t octets);
/* Put it in its place below "dir", locked; when the disk is full, or "dir" is -1,
 * it lives on in memory. */
void index_publish(struct index *);

/* Room for one more record / a name: may move h and r.  0; -1 ENOSPC. */
int index_room(struct index *, size_t more);
int index_name(struct index *, const char *name, size_t n, uint32_t *at);

/* Map what another process added.  0; -1: the file is shorter than it says. */
int index_follow(struct index *);

/* Set the checksum of a record, which counts its name in. */
void index_seal(const struct index *, struct record *);
/* A copy that is whole: false when the record is damaged. */
bool index_get(const struct index *, size_t i, struct record *);

/* Behind whatever may have moved "main". */
static inline void
index_point(struct index *ix)
{
	ix->h = (void *)ix->main.p;
	ix->r = ix->main.p == NULL ? NULL : (void *)(ix->main.p + INDEX_HEADER);
}

static inline const char *
index_text(const struct index *ix, const struct record *r)
{
	return r->file.at < ix->names.mapped ? ix->names.p + r->file.at : "";
}

/* How many records there are; no more than are mapped, whatever a damaged header
 * says. */
static inline size_t
index_count(const struct index *ix)
{
	size_t fit = (ix->main.mapped - INDEX_HEADER) / sizeof(struct record);

	return ix->h->records < fit ? ix->h->records : fit;
}

/* max(last + 1, microseconds of the clock), so that an index that was lost
 * does not go back. */
uint64_t index_modseq(const struct index *);

#endif
