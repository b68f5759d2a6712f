/* The system's users, without the name service in our own processes.
 *
 * MAY HOLD ROOT.  /etc/passwd is read here; whoever is not there is asked for
 * by the helper find-user, which alone loads what nsswitch.conf(5) names.  A
 * user in both is as /etc/passwd has him. */
#ifndef SESSION_ACCOUNT_H
#define SESSION_ACCOUNT_H

#include <limits.h>
#include <sys/types.h>

enum { ACCOUNT_NAME_MAX = 64 };

struct account {
	char name[ACCOUNT_NAME_MAX + 1];
	uid_t uid;
	gid_t gid;
	char home[PATH_MAX];
};

/* By name or by uid; "helpers" is the directory of the programs (config.h), or
 * NULL to look into /etc/passwd alone.
 * 1; 0: there is none; -1: cannot tell now, fail_text(). */
int account_by_name(struct account *, const char *name, const char *helpers);
int account_by_uid(struct account *, uid_t uid, const char *helpers);

#endif
