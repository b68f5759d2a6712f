/* The names of all messages of one folder at one moment.
 *
 * Other programs rename files (flags, new/ to cur/) while we read the two
 * directories, and a plain readdir then misses messages that were there all
 * the time.  scan_run watches first, lists second and applies what it watched
 * third: see the top of scan.c. */
#ifndef MAILDIR_SCAN_H
#define MAILDIR_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "maildir/names.h"

struct scan_name {
	struct name_at file;
	uint64_t time; /* name_time */
	uint32_t entry; /* its line of the uidlist + 1; 0 none: uidlist_match */
	bool in_new; /* in new/, else cur/ */
	bool gone; /* set by scan_again */
	bool known; /* the caller's */
	bool done; /* measured */
	bool sure; /* a regular file */
};

/* Times of a directory that change whenever a name in it does. */
struct scan_stamp {
	struct timespec mtime, ctime;
};

enum { /* bits of directories */
	SCAN_CUR = 1,
	SCAN_NEW = 2,
	SCAN_BOTH = SCAN_CUR | SCAN_NEW,
};

struct scan {
	struct scan_name *name; /* in the order of name_order */
	size_t names;
	char *text;
	size_t text_len;
	bool exact; /* false: nobody may be called gone because of it */
	unsigned settled; /* bits: scan_settled */
	struct scan_stamp stamp[2]; /* of cur/ and new/, before the listing */
	size_t names_room, text_room;
};

/* List the folder open at "dir".  Left out are names that no message can have:
 * with a dot first, a control octet, an empty base, longer than 255; and
 * whatever is known to be no regular file.  0; -1: errno, fail_text().
 * scan_free afterwards in either case. */
int scan_run(struct scan *, int dir);
void scan_free(struct scan *);

static inline const char *
scan_text(const struct scan *s, size_t i)
{
	return s->text + s->name[i].file.at;
}

/* The names of new/ alone, which the caller watches: what it has seen then is
 * younger.  0; -1; scan_free afterwards. */
struct watch;
int scan_new(struct scan *, struct watch *);

/* name_order of two of them. */
int scan_order(const struct scan *, size_t a, size_t b);

/* Where are these messages now?  Names and directories are brought up to
 * date by base and stem; what an exact listing does not have is marked gone.
 * Messages that are new meanwhile are not added.  0; -1. */
int scan_again(struct scan *, int dir);

/* The times as fstat has them now.  0; -1. */
int scan_stamps(int dir, struct scan_stamp stamp[2]);
/* Those that are old enough that a later change cannot have the same: bits. */
unsigned scan_settled(const struct scan_stamp stamp[2]);

/* Add a name as if it had been listed; left out when no message can have it.
 * 0; -1. */
int scan_add(struct scan *, const char *name, bool in_new);

/* "cur/NAME" or "new/NAME" into SCAN_PATH octets. */
enum { SCAN_PATH = 264 };
void scan_path(const struct scan *, size_t i, char path[SCAN_PATH]);

#endif
