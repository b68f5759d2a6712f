/* What the two ways of checking a password share; not for others. */
#ifndef SESSION_AUTH_PARTS_H
#define SESSION_AUTH_PARTS_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "session/config.h"

enum {
	AUTH_SECONDS = 60, /* a checker lives no longer */
	AUTH_WRONG = 1, /* its exit status, and that of auth-pam */
};

/* Wait for the next point of the grid of times at which a no is told. */
void auth_settle(const struct timespec *began);

/* In a new checker: its alarm and limits.  0 / -1. */
int auth_confine(void);

/* Is that password entry of the users file one of a closed account? */
bool auth_closed(const struct config *, const char *stored);

/* May this account of the system be used, whatever the password?  Asks PAM, as
 * root.  0: yes. */
int auth_account(const struct config *, const char *name);

/* Reap it: its exit status, EX_OSERR when a signal ended it. */
int auth_reap(pid_t);

#endif
