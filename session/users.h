/* Who has a mailbox here: the system's users, or the file `users`
 * (passwd-file lines as Dovecot reads them:
 * name:password:uid:gid:gecos:home:shell:extra). */
#ifndef SESSION_USERS_H
#define SESSION_USERS_H

#include <limits.h>

#include "session/config.h"
#include "session/role.h"

enum { USER_NAME_MAX = 64 };

struct user {
	char name[USER_NAME_MAX + 1]; /* "bob", or "bob@example.org" */
	struct role role;
	char home[PATH_MAX];
	char password[256]; /* users file only; cleared by users_forget */
};

/* Names are checked before any look-up: 1 to USER_NAME_MAX octets of letters,
 * digits, ._-+=@ and UTF-8 beyond ASCII, not beginning with "." or "-".  Case
 * of ASCII letters makes no difference, and bob@example.org is bob when nobody
 * has the longer name; u->name is as the file or the system has it.
 * 1: *u is set; where we cannot change ids the role is our own.
 * 0: no such user (also one with uid 0, or a system user whose uid is below
 * 1000 unless he owns the process); with a users file u->password is the
 * first entry's, for a check in vain.  -1: cannot tell now, fail_text()
 * (file:line): unreadable, others may write, a bad line of this user. */
int users_find(const struct config *c, const char *name, struct user *u);

/* Is SCRAM to be offered: does every line of the users file have keys for it,
 * or does the word `scram` say so?  A client that is
 * offered it takes nothing else, and who has none could not log in.  Without
 * a users file, or when it is none of ours, no. */
bool users_have_keys(const struct config *);

/* Call "each" with everybody in the users file (not with the users of the
 * system) until it returns something else than 0, which is returned; 0: that
 * was all; -1: fail_text() is "FILE:LINE: ...". */
int users_each(const struct config *,
    int (*each)(void *ctx, const struct user *), void *ctx);

void users_forget(struct user *); /* explicit_bzero of the password */

#endif
