/* The store, reading: see maildir.h, which is the file to include. */
#ifndef MAILDIR_READ_H
#define MAILDIR_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

struct folder;
struct message;
struct store;

enum { /* of a store */
	STORE_KEEP_NEW = 1, /* files stay in new/ until seen: -k */
	STORE_NO_INDEX = 2, /* neither read nor write index files */
	STORE_NO_HOLD = 4, /* expunge removes at once */
	STORE_SETTLE = 8, /* see settle.c; uses a real-time signal */
	STORE_LATE = 16, /* names may follow by folder_late */
	STORE_WATCH = 32, /* watch a folder that is changed, do not list it */
};

/* The store at "path", made when only it is missing.  "index": directory for
 * the index files (local disk, when the Maildir is on NFS); NULL: beside the
 * mail.  Both stay open, so a sandbox may be entered afterwards.  One store
 * per process: it also catches SIGBUS, for an index that is cut short. */
struct store *store_open(const char *path, const char *index, unsigned options);
void store_close(struct store *);

/* A view of a folder.  "write": messages in new/ are moved to cur/ and are
 * recent to this view (SELECT); else nothing is changed but UIDs given
 * (EXAMINE, STATUS, list).  Brings the index up to date; an unchanged folder
 * costs three stat calls.  Several views of one folder may be open. */
struct folder *folder_open(struct store *, const char *name, bool write);
void folder_close(struct folder *);

struct folder_info {
	uint32_t uidvalidity, uidnext;
	uint32_t messages, recent, unseen, deleted, uncounted;
	uint32_t first_unseen; /* number; 0: none.  Of a view only */
	uint64_t octets; /* sum of wire, without those not counted yet */
	uint64_t modseq; /* HIGHESTMODSEQ that this view may be told */
	char id[33]; /* MAILBOXID (RFC 8474): the G of dovecot-uidlist */
	bool write; /* false: nobody can (READ-ONLY).  Of a view only */
};
void folder_info(struct folder *, struct folder_info *);
/* Of all of them: those that nobody has counted yet are read for it. */
uint64_t folder_octets(struct folder *);

/* Of the messages of a view by number, 1 .. folder_count. */
uint32_t folder_count(const struct folder *);
/* 0; -1 EIO: the index was damaged, and has been made anew; so open another
 * view (folder_sync may say ESTALE, when this one cannot go on). */
int folder_get(struct folder *, uint32_t number, struct message *);
/* The same, but size, wire and dates are 0 when nobody has asked for any yet. */
int folder_glance(struct folder *, uint32_t number, struct message *);
/* Have "wire" counted, if nobody has yet: by reading.  0; -1 as folder_get. */
int folder_wire(struct folder *, uint32_t number, struct message *);
/* Of the first message with that UID or a higher one; count + 1: none is. */
uint32_t folder_number(struct folder *, uint32_t uid);
/* Open it for reading, wherever it is now.  A descriptor; -1 with ENOENT. */
int folder_read(struct folder *, uint32_t number);

/* Names of the keyword bits, or NULL.  Owned by the view until folder_sync. */
const char *const *folder_keywords(struct folder *);

/* What happened since the view was opened or synced, in the order in which a
 * client must be told.  Owned by the view until the next folder_sync. */
struct folder_news {
	const uint32_t *gone; /* old numbers, descending */
	const uint32_t *gone_uid; /* their UIDs */
	size_t gones;
	const uint32_t *changed; /* new numbers, ascending: flags, keywords */
	size_t changes;
	uint32_t count; /* messages now, with the new ones */
	bool keywords; /* folder_keywords changed */
};
/* Look at disk and index and bring the view up to date.  Without "expunge"
 * expunged messages keep their numbers until a later call.  Changes made
 * through this view itself are not news, but its own expunges and appended
 * messages are.  1: there is news; 0: none; -1 (ESTALE: close the view). */
int folder_sync(struct folder *, bool expunge, struct folder_news *);

/* UIDs that are gone and were expunged after "modseq", and perhaps more, as
 * ascending ranges first-last in pairs (QRESYNC).  Owned by the view until
 * the next call.  0; -1. */
int folder_vanished(struct folder *, uint64_t modseq, const uint32_t **ranges,
    size_t *n);

/* A descriptor that polls readable when folder_sync may have news; -1: the
 * system has none to give, so look every few seconds. */
int folder_wait(struct folder *);

/* Before a long wait: give back the memory that can be had again. */
void folder_rest(struct folder *);

/* What was learnt from the text of a message, kept until the index is
 * deleted.  The store does not look into the parts. */
enum {
	NOTE_ENVELOPE,
	NOTE_STRUCTURE,
	NOTE_IDS,
	NOTE_FIELDS,
	NOTE_PREVIEW,
	NOTE_MORE,
	NOTES
};
struct note {
	struct span part[NOTES]; /* p == NULL: not known */
	uint64_t id; /* hash of the Message-ID, 0: not known */
	bool attachment; /* false: none, or not known */
};
/* true: known; spans are valid until the next folder_sync or folder_note. */
bool folder_noted(struct folder *, uint32_t number, struct note *);
/* Parts that are not given stay as they are, so that programs that note
 * different parts do not lose each other's.  0; -1: it is a cache. */
int folder_note(struct folder *, uint32_t number, const struct note *);

#endif
