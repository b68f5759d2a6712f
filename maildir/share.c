/* Shared folders: Maildirs of a group, side by side in one directory.  Each is
 * a store of its own below the user's, and what its files say (messages, flags,
 * UIDs, keywords) is the same for all.  What only helps one of them, index and
 * private annotations, is in his own Maildir: who may only read needs to write
 * nowhere else, and nobody maps what others can write. */
#include "maildir/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/view.h"
#include "message/fail.h"

#define PREFIX STORE_SHARED "."
enum { SHARES_MAX = 100 }; /* two descriptors each */

struct shares {
	struct store *user;
	int base; /* the directory with the Maildirs */
	struct share {
		struct store *store;
		char name[NAME_MAX + 1];
	} * share; /* those that were opened */
	size_t n;
};

int
store_share(struct store *s, const char *path)
{
	s->shares = calloc(1, sizeof(*s->shares));
	if (s->shares == NULL)
		return fail("shared folders");
	s->shares->user = s;
	s->shares->base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->shares->base != -1)
		return 0;
	free(s->shares);
	s->shares = NULL;
	return fail("open %s", path);
}

void
share_close(struct store *s)
{
	if (s->shares == NULL)
		return;
	for (size_t i = 0; i < s->shares->n; i++)
		store_close(s->shares->share[i].store);
	(void)close(s->shares->base);
	free(s->shares->share);
	free(s->shares);
	s->shares = NULL;
}

bool
store_shares(const struct store *s)
{
	return s->shares != NULL;
}

bool
store_is_shared(const struct store *s, const char *name)
{
	return s->shares != NULL &&
	    strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0;
}

bool
share_takes(const struct store *s, const char *name)
{
	return s->shares != NULL &&
	    (strcmp(name, STORE_SHARED) == 0 || store_is_shared(s, name));
}

static int
make(int dir, const char *name)
{
	(void)mkdirat(dir, name, 0700);
	return openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Where the user keeps the index of a shared Maildir.  -1: nowhere. */
static int
index_of(const struct store *s, const char *name)
{
	int all = make(s->root, STORE_SHARED_INDEX), one;

	if (all == -1)
		return -1;
	one = make(all, name);
	(void)close(all);
	return one;
}

/* The Maildir of that name, if he may list it.  A descriptor; -1 ENOENT. */
static int
enter(const struct shares *all, const char *name)
{
	int dir = openat(all->base, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir != -1 && faccessat(dir, "cur", R_OK | X_OK, AT_EACCESS) == 0)
		return dir;
	if (dir != -1)
		(void)close(dir);
	return fail_as(ENOENT, "shared folder %s", name);
}

static struct store *
open_share(const struct store *s, const char *name)
{
	struct shares *all = s->shares;
	struct store *in;
	void *p;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->share[i].name, name) == 0)
			return all->share[i].store;
	p = all->n == SHARES_MAX ?
	    NULL :
	    reallocarray(all->share, all->n + 1, sizeof(*all->share));
	if (p != NULL)
		all->share = p;
	in = p == NULL ? NULL : calloc(1, sizeof(*in));
	if (in == NULL) {
		(void)fail_as(EMFILE, "too many shared folders");
		return NULL;
	}
	*in = (struct store){ .above = all->user,
		.root = enter(all, name),
		.index = -1,
		.options = s->options & ~(unsigned)STORE_LATE };
	if (in->root == -1) {
		free(in);
		return NULL;
	}
	in->index = index_of(s, name);
	if (in->index == -1) /* not beside the mail */
		in->options |= STORE_NO_INDEX;
	(void)snprintf(all->share[all->n].name, sizeof(all->share->name), "%s",
	    name);
	all->share[all->n++].store = in;
	return in;
}

int
share_of(const struct store *s, const char **name, struct store **in)
{
	char one[NAME_MAX + 1];
	const char *rest;
	struct store *found;
	size_t n;

	if (!store_is_shared(s, *name))
		return 0;
	rest = *name + sizeof(PREFIX) - 1;
	n = strcspn(rest, ".");
	if (n == 0 || n >= sizeof(one) || memchr(rest, '/', n) != NULL ||
	    strcasecmp(rest + n, ".INBOX") == 0)
		return fail_as(ENOENT, "shared folder %.60s", *name);
	(void)snprintf(one, sizeof(one), "%.*s", (int)n, rest);
	found = open_share(s, one);
	if (found == NULL)
		return -1;
	*in = found;
	*name = rest[n] == '\0' ? "INBOX" : rest + n + 1;
	return 0;
}

/* Of each Maildir that the user may list: its name and directory.
 * 0; -1: what "act" has returned. */
static int
each(const struct store *s, int (*act)(void *with, const char *name, int root),
    void *with)
{
	const struct dirent *e;
	DIR *d = NULL;
	int fd = -1, r = 0;

	if (s->shares != NULL)
		fd = openat(s->shares->base, ".",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1 && (d = fdopendir(fd)) == NULL)
		(void)close(fd);
	while (d != NULL && r == 0 && (e = readdir(d)) != NULL) {
		int root;

		if (strchr(e->d_name, '.') != NULL)
			continue;
		root = enter(s->shares, e->d_name);
		if (root == -1)
			continue;
		r = act(with, e->d_name, root);
		(void)close(root);
	}
	if (d != NULL)
		(void)closedir(d);
	return r;
}

struct taking {
	const char *share;
	const struct store *in;
	int (*take)(void *with, const char *name);
	void *with;
};

static int
take_inner(void *ctx, const char *inner)
{
	const struct taking *t = ctx;
	bool top = strcmp(inner, "INBOX") == 0;
	char name[2 * NAME_MAX], dir[NAME_MAX + 2];

	(void)snprintf(name, sizeof(name), PREFIX "%s%s%s", t->share,
	    top ? "" : ".", top ? "" : inner);
	if (store_dir(name, dir) == -1 || !store_readable(t->in, inner))
		return 0;
	return t->take(t->with, name);
}

static int
take_all(void *ctx, const char *name, int root)
{
	struct store in = { .root = root, .index = -1 };
	struct taking *t = ctx;

	t->share = name;
	t->in = &in;
	return store_own(&in, take_inner, t);
}

int
share_each(const struct store *s, int (*take)(void *with, const char *name),
    void *with)
{
	struct taking t = { .take = take, .with = with };

	return each(s, take_all, &t);
}

struct entering {
	int (*act)(void *with, int dir, bool above);
	void *with;
};

static int
enter_one(void *ctx, const char *name, int root)
{
	const struct entering *e = ctx;

	(void)name;
	return e->act(e->with, root, false);
}

int
share_dirs(const struct store *s, int (*act)(void *with, int dir, bool above),
    void *with)
{
	struct entering e = { act, with };

	if (s->shares == NULL)
		return 0;
	return act(with, s->shares->base, true) == -1 ? -1 :
							each(s, enter_one, &e);
}
