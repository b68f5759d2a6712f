/* Shared folders of a store: internal to it. */
#ifndef MAILDIR_SHARE_H
#define MAILDIR_SHARE_H

#include <stdbool.h>

struct store;

/* Whose is the folder "*name"?  *in stays as it is when it is the store's own;
 * else it is the shared Maildir, and *name the folder's name in that.
 * 0; -1: ENOENT, there is none that this user may enter. */
int share_of(const struct store *, const char **name, struct store **in);

/* Would the name be taken for that of a shared folder, or of their parent? */
bool share_takes(const struct store *, const char *name);

/* "take" gets the names of all that the user may read, as a store's folders.
 * 0; -1: what "take" has returned. */
int share_each(const struct store *, int (*take)(void *with, const char *name),
    void *with);

/* "act" gets the directory above all of them, then that of each one that the
 * user may list; they are closed behind it.  0; -1: what "act" has returned. */
int share_dirs(const struct store *,
    int (*act)(void *with, int dir, bool above), void *with);

void share_close(struct store *);

#endif
