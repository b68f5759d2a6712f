/* One password, checked in a process that lives for that only. */
#ifndef SESSION_AUTH_H
#define SESSION_AUTH_H

#include "session/config.h"
#include "session/users.h"

enum auth_verdict {
	AUTH_OK,
	AUTH_BAD, /* wrong password or unknown user: 250, 500 ... ms for both */
	AUTH_TEMP, /* backend down: never counted as a failure */
};

/* Called by the monitor: forks a checker, which asks crypt(3) (users file) or
 * execs the helper auth-pam (system users), and waits for it (at most 60 s).
 * "remote_ip" is "" when there is none.  With AUTH_OK *u is who it is,
 * password field empty; with AUTH_TEMP fail_text() says why.  The caller
 * clears the password, and asks the table of failures first. */
enum auth_verdict auth_check(const struct config *c, const char *name,
    const char *password, const char *remote_ip, struct user *u);

#endif
