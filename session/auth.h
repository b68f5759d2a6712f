/* One password, checked in a process that lives for that only. */
#ifndef SESSION_AUTH_H
#define SESSION_AUTH_H

#include <sys/types.h>

#include "session/config.h"
#include "session/record.h"
#include "session/scram.h"
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

/* SCRAM takes two questions; the checker lives from the first to the second.
 * Zeroed before the first, ended by auth_scram_end whatever came of it. */
struct auth_scram {
	pid_t child; /* 0: none */
	int sock;
	struct user user; /* as which it may end */
};

/* The client's first message.  AUTH_OK: answer's data is the challenge (also
 * when nobody has that name).  AUTH_BAD: it is malformed, or there are no
 * keys to compare with (system users).  AUTH_TEMP: fail_text(). */
enum auth_verdict auth_scram_first(struct auth_scram *, const struct config *,
    struct span text, bool plus, const struct scram_binding *,
    struct record *answer);

/* The second.  AUTH_OK: *u is who it is, and answer's data is to be sent to
 * the client, who then says that he is content. */
enum auth_verdict auth_scram_final(struct auth_scram *, struct span text,
    struct record *answer, struct user *u);

void auth_scram_end(struct auth_scram *);

#endif
