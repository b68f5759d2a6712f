/* Locks that Dovecot and mailroom share: a file FILE.lock holding "PID:HOST".
 *
 * Between our own processes a flock on the directory stands before it, which
 * dies with its holder; so a lock file of ours that is found under the flock
 * belongs to a dead process and is taken away at once.  One of Dovecot's is
 * taken away when its process is gone, or after two minutes (maildir-uidlist
 * of Dovecot 2.3 does the same). */
#ifndef MAILDIR_DOTLOCK_H
#define MAILDIR_DOTLOCK_H

#include <sys/types.h>

struct dotlock {
	int dir; /* open file with the flock; -1: not held */
	int borrowed; /* the directory that the name lies in */
	dev_t dev;
	ino_t ino;
	const char *name;
};

enum { DOTLOCK_WAIT = 30 }; /* seconds */

/* Take the lock file "name" of the directory "dir".  Waits DOTLOCK_WAIT.
 * 0; -1: errno (EAGAIN: somebody holds it; ENOSPC, EACCES, EROFS ...),
 * fail_text().  "name" and "dir" are borrowed until dotlock_drop. */
int dotlock_take(struct dotlock *, int dir, const char *name);
/* Still ours?  False when another program has taken it away. */
int dotlock_held(const struct dotlock *);
void dotlock_drop(struct dotlock *);

#endif
