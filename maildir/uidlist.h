/* dovecot-uidlist, version 3: which message has which UID.
 *
 *	3 V1795219426 N6 Ga85e5611e2df006bc820000083ecc375
 *	2 :1795219426.M269927P8389Q1.vm,S=1322,W=1349
 *	5 W1349 P0f3a :1795219523.M145294P9328Q1.vm
 *
 * The file is the truth about UIDs, for us and for Dovecot.  It is only
 * changed under dovecot-uidlist.lock, by appending lines or by replacing it;
 * a line exists on disk before anybody is told its UID. */
#ifndef MAILDIR_UIDLIST_H
#define MAILDIR_UIDLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "maildir/dotlock.h"
#include "maildir/import.h"
#include "maildir/scan.h"

struct uidlist_entry {
	struct name_at file; /* base name; first: see names.h */
	uint32_t uid; /* ascending */
	uint32_t fields; /* offset of "W1349 P0f3a"; 0: none */
	uint32_t found; /* its name in the scan + 1; 0: uidlist_match had none;
			 * UIDLIST_KEEP: not looked for */
};

#define UIDLIST_KEEP UINT32_MAX

struct uidlist {
	int dir; /* borrowed */
	uint32_t uidvalidity; /* 0: no list yet */
	uint32_t uidnext;
	struct uidlist_entry *entry;
	size_t entries, room;
	char *text;
	size_t text_len, text_room;
	char header[128]; /* fields of line 1 beside V and N: "Ga85e..." */
	size_t lines; /* in the file, with those that do not count */
	size_t on_disk; /* entries that are in the file */
	bool begun; /* by uidlist_begin: uidvalidity is not kept yet */
	bool rewrite; /* missing, old version, damaged or torn */
	bool prune; /* entries that were not found may go at a rewrite */
	struct stat st; /* of the file as read */
	struct uidls uidls; /* of Courier, when there was no list yet */
};

/* Read the list of the folder open at "dir".  No file is an empty list, or that
 * of Courier (with its UIDLs: they come as fields of what is added, too); bad
 * lines are left out, their messages get new UIDs.  Needs no lock.
 * 0; -1: errno, fail_text().  uidlist_free in either case. */
int uidlist_read(struct uidlist *, int dir);
void uidlist_free(struct uidlist *);

/* A list of which only the header is known, from the index: lines can be added
 * to it if the file is still the one in "st"; else uidlist_lock reads it. */
void uidlist_assume(struct uidlist *, int dir, uint32_t uidvalidity,
    uint32_t uidnext, const struct stat *st);

/* Has the file changed since uidlist_read or uidlist_commit? */
bool uidlist_changed(const struct uidlist *);

/* Take dovecot-uidlist.lock and read the list again if it changed (then
 * everything found is forgotten).  Held until dotlock_drop: 0; 1: it had
 * changed.  -1. */
int uidlist_lock(struct uidlist *, struct dotlock *);

/* Bring list and listing together: sets "found" and "entry" on either side.
 * A name that the list has with fewer or more ",X=" tails is the same message.
 * 0; -1: no memory. */
int uidlist_match(struct uidlist *, struct scan *);

/* Room for so many more, at once.  0; -1. */
int uidlist_room(struct uidlist *, size_t entries, size_t octets);
/* Give the next UID to a message, in memory.  "fields" may be NULL.  "name" is
 * cut to its base.  0; -1. */
int uidlist_add(struct uidlist *, const char *name, const char *fields);

/* Add a field to entry i, in memory; with l->rewrite set, uidlist_commit
 * writes it.  0; -1. */
int uidlist_set(struct uidlist *, size_t i, const char *field);

/* A list without UIDVALIDITY gets the next one, and UIDs may be added, before
 * anything is on disk: whoever finds no list takes another UIDVALIDITY.  0; -1. */
int uidlist_begin(struct uidlist *, int root);

/* Make everything added durable, under the lock.  -1: errno, fail_text();
 * then no UID that was added may be shown.  "root" is the top Maildir of the
 * user, where the next UIDVALIDITY is found. */
int uidlist_commit(struct uidlist *, int root);

/* The value of field "key" of entry i, up to its blank: length, or -1. */
ptrdiff_t uidlist_field(const struct uidlist *, size_t i, char key,
    const char **value);

static inline const char *
uidlist_name(const struct uidlist *l, size_t i)
{
	return l->text + l->entry[i].file.at;
}

/* The next UIDVALIDITY below "root": above every earlier one and not below
 * the time.  No other process gets it again.  0; -1. */
int uidvalidity_next(int root, uint32_t *out);
/* Keep it in dovecot-uidvalidity as Dovecot does, which makes that durable.
 * 0; -1. */
int uidvalidity_keep(int root, uint32_t);

#endif
