/* Room in a Maildir with a quota (maildirsize, see mailroom-maildir(5)).
 * Called as its user, in his Maildir. */
#ifndef SMTP_SESSION_ROOM_H
#define SMTP_SESSION_ROOM_H

#include <stdint.h>

struct store;

enum {
	ROOM_LONG_FULL = 4096, /* as an errno: full for more than a day */
	ROOM_DAY = 86400,
};

struct room {
	struct store *store; /* NULL: there is no quota */
	int root; /* of it, for the sandbox; -1 */
};

/* Look whether the Maildir "path", open as "dir", has a quota.  What cannot be
 * read is none. */
void room_open(struct room *, int dir, const char *path);

/* Room for one more message of so many octets?  0; -1: fail_text(), errno
 * EDQUOT, or ROOM_LONG_FULL when that was so a day ago, too, or the message is
 * larger than all of the quota. */
int room_check(struct room *, uint64_t octets);

/* It is there now. */
void room_taken(struct room *, uint64_t octets);

#endif
