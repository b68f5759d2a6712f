/* The store, changing: see maildir.h, which is the file to include. */
#ifndef MAILDIR_CHANGE_H
#define MAILDIR_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

struct folder;
struct store;

/* The bit of a keyword.  "make": give it one when it has none (dovecot-keywords
 * for the first 26).  0 .. KEYWORDS - 1; -1: ENOENT, or ENOSPC when all are
 * taken. */
int folder_keyword(struct folder *, const char *name, bool make);

enum change_mode { CHANGE_ADD, CHANGE_REMOVE, CHANGE_REPLACE };

struct change {
	enum change_mode mode;
	uint32_t flags; /* of FLAG_STORED */
	uint64_t keywords;
	uint64_t unchanged_since; /* RFC 7162 s. 3.1.3; UINT64_MAX: any */
};
/* Change flags of the messages with these ascending numbers: from the file
 * name as it is found, only what is asked for, so that two programs do not
 * undo each other.  result[i]: 0 done, 1 changed since, 2 gone.
 * 0; -1: some may be done. */
int folder_change(struct folder *, const uint32_t *number, size_t n,
    const struct change *, uint8_t *result);

/* Remove messages: into the holding place for 14 days.  Messages that lack
 * \Deleted by now are left alone unless "force".  The view is told by
 * folder_sync.  result[i], unless NULL: 0 done, 1 left alone, 2 gone before.
 * 0; -1. */
int folder_expunge(struct folder *, const uint32_t *number, size_t n,
    bool force, uint8_t *result);

/* With STORE_LATE most names of a great change are given, and most files of a
 * great expunge are taken away, only here, a share at a time, so that a client
 * need not wait for them; folder_close does the rest.  1: more are left;
 * 0: none; -1: some cannot follow now. */
int folder_late(struct folder *);
bool folder_is_late(const struct folder *);

/* A view to change messages of, which are named by their UIDs, none above
 * "uid".  When the index has all these, the folder is not listed though others
 * may have changed it; what they did is seen when it is in the way. */
struct folder *folder_open_known(struct store *, const char *name,
    uint32_t uid);

/* A view as folder_open makes it, but when nobody has opened the folder before,
 * its UIDs are not on disk yet, and none may be told.  folder_listed brings them
 * there, which must be soon, since others wait; so does whatever else needs it.
 * folder_is_late until then.  0; -1: another view must be opened. */
struct folder *folder_open_late(struct store *, const char *name, bool write);
int folder_listed(struct folder *);

/* What became of copied, moved and appended messages: pairs for COPYUID. */
struct copied {
	uint32_t uidvalidity; /* of the target */
	uint32_t *from; /* UIDs; those that were gone are left out */
	uint32_t *to;
	size_t n;
};
/* Copy or move to another folder (or the same), with flags, keywords and
 * dates.  A message that moves is never nowhere: it leaves when it has arrived.
 * On -1 the messages in "done" have been copied, and moved ones may be in
 * both.  The caller frees by copied_free in either case.  ENOENT: no such folder (TRYCREATE). */
int folder_copy(struct folder *, const uint32_t *number, size_t n,
    const char *target, bool move, struct copied *done);
void copied_free(struct copied *);

/* Append one or several messages, all or none.
 *	a = append_new(store, folder);
 *	append_begin(a, flags, keywords, n, date); append_add(a, ...)*;
 *	... again for each message;
 *	append_commit(a, &done); append_free(a);
 * append_free without commit leaves nothing.  "date" 0: now.  Keywords by
 * name, made when new. */
struct append;
struct append *append_new(struct store *, const char *folder);
int append_begin(struct append *, uint32_t flags, const char *const *keywords,
    size_t n, int64_t date);
int append_add(struct append *, struct span);
/* All are durable, with UIDs in done->to; copied_free in either case. */
int append_commit(struct append *, struct copied *done);
void append_free(struct append *);

/* Held messages of a folder, the last expunged first: what undelete can bring
 * back.  Freed by free(). */
struct held {
	int64_t since; /* time of the expunge, to the day */
	uint64_t size;
	int64_t date;
	uint32_t uid; /* that it had; 0: not known */
	char name[544]; /* for store_unhold and store_read_held */
};
ptrdiff_t store_held(struct store *, const char *folder, struct held **);
int store_read_held(struct store *, const struct held *); /* descriptor */
/* Back into its folder, as a new message.  0; -1 (ENOENT: over). */
int store_unhold(struct store *, const struct held *);

/* Once a day at most, of its own accord from folder_open(write): removes what
 * was held for 14 days and what lies in tmp/ for 36 hours.  0; -1. */
int store_tidy(struct store *, bool now);

#endif
