/* What the index holds of each message, and of the folder: its octets on disk,
 * in the order of this machine.  See index.h. */
#ifndef MAILDIR_RECORD_H
#define MAILDIR_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "maildir/names.h"
#include "maildir/scan.h"

enum { /* record.flags, beside FLAG_STORED of maildir.h */
	REC_NEW = 128, /* in new/; = FLAG_NEW */
	REC_ATTACHMENT = 256, /* = FLAG_ATTACHMENT */
	REC_DEAD = 512, /* expunged */
	REC_VERBATIM = 1024, /* the name is kept with its flags */
	REC_UNMEASURED = 4096, /* wire is not known yet */
	REC_ENDED = 8192, /* the last line has its end */
	REC_OPEN = 16384, /* it has none; neither: not known yet */
	REC_LATE = 32768, /* its name is yet to follow (late.c) */
	REC_NAMED = 16, /* to the left by that: the flags that the name has */
	REC_UNDATED = 1 << 22, /* nor size and date (date.c); wire: a guess */
};

struct record {
	struct name_at file; /* in names; spare is the checksum */
	uint32_t uid;
	uint32_t flags;
	uint64_t modseq;
	uint64_t keywords;
	int64_t date;
	uint32_t size, wire;
	uint32_t saved;
	uint32_t note; /* in mailroom-index.cache, in units of 16; 0: none */
	uint64_t id;
};

struct list_stamp { /* dovecot-uidlist as last read */
	uint64_t ino, size;
	int64_t sec, nsec;
};

struct header {
	char magic[8];
	uint32_t version, dirty;
	uint64_t generation;
	uint64_t boot;
	uint32_t uidvalidity, uidnext;
	uint32_t records, dead;
	uint64_t modseq; /* the highest given */
	uint64_t discarded; /* expunges up to here are not in the log */
	uint32_t unseen, deleted, in_new, unmeasured;
	uint64_t octets; /* sum of wire of what is measured */
	struct scan_stamp stamp[2];
	struct list_stamp list;
	uint64_t log_id, log_end;
	uint32_t names_end, settled; /* bits: whose stamp tells any change */
	uint64_t cache_end;
	char guid[16]; /* MAILBOXID, binary */
	uint32_t ends_unknown, ends_open; /* messages */
	uint64_t cache_waste; /* octets of the cache that nobody needs */
	uint64_t uidls; /* not 0: the list has UIDLs of its own (P) */
	uint64_t newest; /* no name has a later time */
	uint64_t check;
	/* not under the checksum: no record before this one is unseen */
	uint32_t unseen_from;
	uint32_t late; /* nor are these: records with REC_LATE */
	uint32_t undated, spare; /* with REC_UNDATED */
};

_Static_assert(sizeof(struct record) == 64, "record");
_Static_assert(sizeof(struct header) <= 320, "header");

enum { INDEX_HEADER = 320, INDEX_VERSION = 7 };

#endif
