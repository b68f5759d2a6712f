/* Who a process is, and how it becomes less.
 *
 * MAY HOLD ROOT.  Every function that gives something up is fatal to the
 * caller when it returns -1: answer 421 and exit, deliver nothing. */
#ifndef SESSION_ROLE_H
#define SESSION_ROLE_H

#include <stdbool.h>
#include <sys/types.h>

struct role {
	uid_t uid;
	gid_t gid;
};

/* Look a role up: the name of a user in /etc/passwd, or "UID:GID" in digits
 * (not 0).
 * 0; -1: fail_text(). */
int role_find(struct role *, const char *name);

/* Started as root?  If not there is one role only, and role_drop and
 * role_jail leave ids and root directory alone. */
bool role_root(void);

/* Become that role for good: setgroups to its gid alone, setresgid,
 * setresuid, and check that there is no way back.  0; -1. */
int role_drop(const struct role *);

/* The same, with the groups that /etc/group has "name" in (not a "UID:GID"):
 * for who has to reach sockets of others. */
int role_drop_with_groups(const struct role *, const char *name);

/* chroot into "empty" (a directory of root's that nobody else can write;
 * /run/mailroom/empty is made when missing), then role_drop.  0; -1. */
int role_jail(const struct role *, const char *empty);

#endif
