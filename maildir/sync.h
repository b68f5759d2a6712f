/* The index follows the disk: internal to the store. */
#ifndef MAILDIR_SYNC_H
#define MAILDIR_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/flags.h"
#include "maildir/index.h"
#include "maildir/journal.h"
#include "maildir/scan.h"
#include "maildir/uidlist.h"
#include "maildir/view.h"

/* Look whether anything changed and merge it.  0; -1. */
int sync_disk(struct folder *);
/* The same, and keep the lock of the index, until index_unlock(&f->ix). */
int sync_lock(struct folder *);
/* The same, without a look at the disk as long as the index can be used. */
int sync_hold(struct folder *);
/* The same for one who only adds messages, or changes some that the index has.
 * What else happened to the folder may be found later, unless UIDs were given
 * that the index does not know: the folder is not listed for it. */
int sync_lock_known(struct folder *);
/* Has the index that message, as far as it can be told without a listing? */
bool sync_knows(struct folder *, uint32_t uid);
/* A new generation from uidlist and listing, lock held (rebuild.c). */
int sync_rebuild(struct folder *);
/* What that has left to do, if anything, since the folder was opened late and for
 * the first time.  0; -1: the UIDs of this view are nobody else's. */
int sync_due(struct folder *);
/* The same, without doing it. */
void sync_due_drop(struct folder *);
/* Is the index as new/, cur/ and uidlist are? */
bool sync_current(const struct folder *);
bool sync_list_current(const struct folder *, struct stat *);
/* Bits of the directories that are as the index has them: whose times are those
 * that it has noted, and that no later change can bring. */
unsigned sync_known(const struct header *, const struct scan_stamp now[2]);
/* Is it as these are, which are of cur/, new/ and the uidlist? */
bool sync_stamped(const struct header *, const struct scan_stamp now[2],
    const struct stat *list);
/* Before a view is closed: if it knows by its watch that the index is true,
 * the next one need not list the folder. */
void sync_settle(struct folder *);
/* What header and journal must know at the end of a change. */
struct news {
	uint64_t modseq;
	struct ranges op[JOURNAL_OPS];
};
void sync_news(struct index *, struct news *);
void sync_stamp(struct index *, const struct scan *, const struct uidlist *);
/* "all": no message of the list lacks in the index, so that as long as the list
 * is this one whatever is not in the index has no UID yet. */
void sync_list(struct index *, const struct uidlist *, bool all);

/* Names of the scan that are not "known" (assign.c): measured, those with a UID
 * in the list first, ascending, then the others in the order of delivery.
 * How many, for free(); -1. */
struct fresh {
	uint32_t name; /* in the scan */
	uint32_t uid; /* 0: none yet, or none to be had */
	struct record r;
};
ptrdiff_t sync_fresh(struct folder *, struct scan *, struct uidlist *,
    struct fresh **);
/* 0; 1: the list is another one now and has been matched anew; -1. */
int sync_assign(struct folder *, struct scan *, struct uidlist *,
    struct fresh *, size_t);
/* Where there is no list, in memory, and the lock is held: sync_keep, under it,
 * brings the same UIDs to the disk.  0; 1: there is a list; -1. */
int sync_promise(const struct folder *, struct uidlist *, struct dotlock *,
    struct fresh *, size_t);
int sync_keep(struct folder *, struct scan *, struct uidlist *, struct fresh *,
    size_t);
/* W of line entry - 1 of the list; 0: none. */
uint64_t sync_wire(const struct uidlist *, uint32_t entry);
/* Two files of one base in one folder: the second gets another. */
void sync_mend(struct folder *, const char *keep, const char *other);

/* ---- file.c: records and files */

/* The file of a record as the index has it. */
void file_path(const struct index *, const struct record *,
    char path[FLAGS_NAME]);
/* What a scanned name says: r->flags, keywords; name into the index. */
int file_name(struct index *, struct record *, const char *name, bool in_new);
/* The flags that the name has; "late": which are not those that are wanted,
 * or the file of an expunged message is still there (late.h). */
uint32_t file_flags(const struct record *);
void file_late(struct record *, uint32_t named, uint32_t wanted, bool late);
/* Does the record say what the name says? */
bool file_same(const struct index *, const struct record *, const char *name,
    bool in_new);
/* Size, date and, when "count" or cheap, wire.  1; 0 no message; -1. */
int file_measure(int dir, const char *path, uint64_t wire, bool count,
    struct record *);
/* Place of the record with that UID, or of the first behind; count. */
size_t file_place(const struct index *, uint32_t uid);
/* The same, among the first n; or n. */
size_t file_first(const struct index *, size_t n, uint32_t uid);
/* Write record i, with the counters of the header. */
void file_put(struct index *, size_t i, const struct record *);

#endif
