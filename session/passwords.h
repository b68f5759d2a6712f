/* Application passwords: a user's own, one for each of his devices.
 *
 * They stand in HOME/.mailroom-passwords, which is read and written as that
 * user, never as root; mailroom-users(5) has the format.  Each was made here
 * at random, so none is weak, and a line that is taken away is one device
 * that is locked out.  All of one file have the same salt: a login computes
 * one hash, however many there are.
 *
 *	lock = passwords_lock(home);
 *	passwords_load(&p, home);
 *	passwords_add(&p, "phone", text);	(show the text: it is kept nowhere)
 *	passwords_save(&p, home);
 *	close(lock);
 */
#ifndef SESSION_PASSWORDS_H
#define SESSION_PASSWORDS_H

#include <stddef.h>

#include "message/span.h"
#include "session/scram.h"

#define PASSWORDS_FILE ".mailroom-passwords"
#define PASSWORDS_NEVER "----------"

enum {
	PASSWORDS_MAX = 50, /* of one user */
	PASSWORDS_NAME = 32, /* octets: letters, digits and ._- */
	PASSWORDS_DAY = 10, /* "2026-11-21", UTC */
	PASSWORDS_TEXT = 24, /* of a password: "k3vw-...", five times four */
};

struct password {
	char name[PASSWORDS_NAME + 1];
	char made[PASSWORDS_DAY + 1];
	char used[PASSWORDS_DAY + 1]; /* the last day; PASSWORDS_NEVER */
	struct scram_key key;
	size_t used_at; /* octet of the file where "used" is */
};

struct passwords {
	size_t n;
	struct password all[PASSWORDS_MAX];
};

/* All of them; none when there is no file.
 * 0; -1: fail_text() is "FILE:LINE: ..." or names the file (unreadable,
 * others may write to it, not this user's). */
int passwords_load(struct passwords *, const char *home);

/* Make one more, and its text.  Not written yet.
 * 0; -1: fail_text(), errno EEXIST (the name), EINVAL (no name), E2BIG. */
int passwords_add(struct passwords *, const char *name,
    char text[PASSWORDS_TEXT + 1]);

/* Take one away.  0; -1: fail_text(), ENOENT.  Not written yet. */
int passwords_remove(struct passwords *, const char *name);

/* Write them in place of the file: on disk, or as before.  0; -1. */
int passwords_save(const struct passwords *, const char *home);

/* Have the file for oneself, for a change: a descriptor to be closed; -1. */
int passwords_lock(const char *home);

/* ---- for logins */

/* Is it one of them?  Which; -1: none. */
int passwords_find(const struct passwords *, struct span password);

/* The file once more, for the next; a descriptor to be closed; -1: none. */
int passwords_open(const char *home);

/* Remember in it that number i was used today.  What fails is not worth a
 * word. */
void passwords_used(const struct passwords *, size_t i, int fd);

#endif
