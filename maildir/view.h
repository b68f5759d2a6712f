/* What the files of the store share and nobody else sees. */
#ifndef MAILDIR_VIEW_H
#define MAILDIR_VIEW_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/flags.h"
#include "maildir/index.h"
#include "maildir/journal.h"
#include "maildir/keywords.h"
#include "maildir/maildir.h"
#include "maildir/ranges.h"
#include "maildir/watch.h"

struct shares; /* share.c */

struct store {
	struct store *above; /* the user's, of a shared Maildir; NULL */
	struct shares *shares; /* NULL: none */
	int root; /* the Maildir */
	int index; /* where index files go; -1: beside the mail */
	unsigned options;
	char *path; /* of root */
};

struct folder {
	struct store *store;
	char name[NAME_MAX + 1];
	int dir; /* with cur, new, tmp */
	int files; /* of the index files: dir, another, or -1: memory */
	bool write;
	struct index ix; /* the generation in place */
	struct index old; /* the one that "at" is, when it is not ix */
	struct index *at; /* what "known" and "hidden" are about */
	struct journal journal;

	/* what the client was told: the first "known" records, without those
	 * whose places are in "hidden", ascending */
	size_t known;
	uint32_t *hidden;
	size_t hiddens, hidden_room;
	uint32_t uidvalidity;
	uint64_t told; /* HIGHESTMODSEQ for the client */
	uint64_t looked; /* modseq up to which "changed" is complete */
	struct ranges changed; /* UIDs, to be told */
	struct ranges recent; /* UIDs */

	struct keywords words;
	bool words_read;
	bool words_sure; /* they need not be looked at again */
	struct watch *watch; /* NULL: none */
	bool watched; /* what it has not seen is in the index */
	bool distrust; /* a file is not where the index has it */
	bool unlisted; /* what others did need not be looked for */
	/* since the watch had last seen nothing: */
	struct ranges touched; /* UIDs whose files this view has renamed */
	uint32_t came_from; /* what came has no lower UID; 0: not known */
	size_t late_at; /* where folder_late goes on */
	bool late; /* a first list may be written behind the answer */
	struct rebuild *due; /* that is to be done; NULL: nothing */
	struct ranges vanished; /* of folder_vanished */
	uint32_t *list[3]; /* of folder_sync: gone, gone_uid, changed */
	size_t list_room[3];
	struct region cache; /* mapped notes */
	uint64_t noted; /* the generation that it is of */
};

/* "take" gets the name of each folder of the store itself.
 * 0; -1: or what "take" has returned. */
int store_own(const struct store *, int (*take)(void *with, const char *name),
    void *with);
/* The directory of a folder below the root: 0 and "." or ".Name"; -1 EINVAL. */
int store_dir(const char *name, char dir[NAME_MAX + 2]);
/* May the user list the folder of that name, of the store itself? */
bool store_readable(const struct store *, const char *name);
/* Descriptor of the folder, and of the place of its index files (-1: memory).
 * 0; -1. */
int store_enter(const struct store *, const char *name, int *dir, int *files);
/* Has the folder been removed, if perhaps only into the holding place?  One that
 * was renamed goes on. */
bool store_lost(const struct folder *);
/* A folder without a view: for status, append and copy. */
int folder_bare(struct folder *, struct store *, const char *name);
void folder_leave(struct folder *);

/* What the header of an index alone tells. */
void view_header(const struct header *, struct folder_info *);

/* Everything that is in the index has been told now.  0; -1. */
int view_reset(struct folder *);
/* Note in "changed" what others did.  Before a change of our own, under the
 * lock; view_skip behind it, so that it is no news to this view.  0; -1. */
int view_catch(struct folder *);
void view_skip(struct folder *);
/* Record of a number in "at", and back. */
size_t view_place(const struct folder *, uint32_t number);
uint32_t view_number(const struct folder *, size_t place);
/* The record of a number.  0; -1 ENOENT, or EIO: damaged, which view_record has
 * mended for the next view. */
int view_look(const struct folder *, uint32_t number, struct record *);
int view_record(struct folder *, uint32_t number, struct record *);
/* Do it to the file of that message, which "path" then has.  -1 ENOENT: gone. */
int view_reach(struct folder *, uint32_t uid, char path[FLAGS_NAME],
    int (*act)(int dir, const char *path));
/* Expunge without holding: they have gone elsewhere.  0; -1. */
int view_remove(struct folder *, const uint32_t *number, size_t n);
/* Record of a UID in "ix"; -1. */
ptrdiff_t view_current(const struct folder *, uint32_t uid);
/* This view has renamed the file of a message, or taken it away. */
static inline void
view_touched(struct folder *f, uint32_t uid)
{
	if (f->watched)
		(void)ranges_add(&f->touched, uid, uid);
}

#endif
