/* A user's mail on disk: where folders and their index files are. */
#include "maildir/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/share.h"
#include "maildir/sync.h"
#include "message/fail.h"

enum { DEPTH_MAX = 32, PART_MAX = 200 }; /* spec of mailbox names */

struct store *
store_open(const char *path, const char *index, unsigned options)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail("store");
		return NULL;
	}
	*s = (struct store){ .index = -1, .options = options };
	s->root = maildir_open(path);
	s->path = strdup(path);
	if (s->root != -1 && index != NULL) {
		if (mkdir(index, 0700) == -1 && errno != EEXIST)
			(void)fail("mkdir %s", index);
		else
			s->index =
			    open(index, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (s->root == -1 || s->path == NULL ||
	    (index != NULL && s->index == -1)) {
		int e = errno;

		store_close(s);
		errno = e;
		return NULL;
	}
	region_guard();
	index_start();
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	share_close(s);
	if (s->root != -1)
		(void)close(s->root);
	if (s->index != -1)
		(void)close(s->index);
	free(s->path);
	free(s);
}

/* One part of a name after the other: not empty, not too long, no slash, no
 * control octet. */
static bool
valid(const char *name)
{
	size_t part = 0, depth = 1;

	if (*name == '\0' || strlen(name) > NAME_MAX - 1)
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '.') {
			if (part == 0 || ++depth > DEPTH_MAX)
				return false;
			part = 0;
		} else if (c < ' ' || c == 0x7f || c == '/' ||
		    ++part > PART_MAX)
			return false;
	}
	return part > 0;
}

int
store_dir(const char *name, char dir[NAME_MAX + 2])
{
	if (!valid(name))
		return fail_as(EINVAL, "no name of a folder: %.60s", name);
	if (strcmp(name, "INBOX") == 0)
		(void)memcpy(dir, ".", sizeof("."));
	else
		(void)snprintf(dir, NAME_MAX + 2, ".%s", name);
	return 0;
}

/* The directory of the index files, made when missing; -1: none. */
static int
index_dir(const struct store *s, const char *dir, int own)
{
	const char *name = strcmp(dir, ".") == 0 ? "INBOX" : dir + 1;

	if ((s->options & STORE_NO_INDEX) != 0)
		return -1;
	if (s->index == -1)
		return own;
	(void)mkdirat(s->index, name, 0700);
	return openat(s->index, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
store_enter(const struct store *s, const char *name, int *dir, int *files)
{
	char path[NAME_MAX + 2];
	struct store *in = NULL;
	struct stat st;

	if (share_of(s, &name, &in) == -1 || store_dir(name, path) == -1)
		return -1;
	if (in != NULL)
		s = in;
	*dir = openat(s->root, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dir == -1) {
		if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)
			return fail_as(ENOENT, "no folder %s", name);
		return fail("open folder %s", name);
	}
	if (fstatat(*dir, "cur", &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISDIR(st.st_mode)) {
		(void)close(*dir);
		return fail_as(ENOENT, "%s is no folder", name);
	}
	*files = index_dir(s, path, *dir);
	return 0;
}

bool
store_lost(const struct folder *f)
{
	char path[NAME_MAX + 2];
	struct stat named, own, above, root;
	int up;
	bool lost;

	if (store_dir(f->name, path) == -1 || strcmp(path, ".") == 0)
		return false;
	if (fstat(f->dir, &own) == -1)
		return true;
	if (fstatat(f->store->root, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_ino == own.st_ino && named.st_dev == own.st_dev)
		return false;
	up = openat(f->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lost = own.st_nlink == 0 || up == -1 || fstat(up, &above) == -1 ||
	    fstat(f->store->root, &root) == -1 || above.st_ino != root.st_ino ||
	    above.st_dev != root.st_dev;
	if (up != -1)
		(void)close(up);
	return lost;
}

int
folder_bare(struct folder *f, struct store *s, const char *name)
{
	*f = (struct folder){ .store = s,
		.dir = -1,
		.files = -1,
		.journal.fd = -1,
		.cache.fd = -1 };
	f->ix = f->old =
	    (struct index){ .dir = -1, .main.fd = -1, .names.fd = -1 };
	f->at = &f->ix;
	if (share_of(s, &name, &f->store) == -1)
		return -1;
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	if (store_enter(f->store, name, &f->dir, &f->files) == -1)
		return -1;
	return index_open(&f->ix, f->files) == -1 ? -1 : 0;
}

void
folder_leave(struct folder *f)
{
	int e = errno;

	sync_due_drop(f);
	index_close(&f->ix);
	index_close(&f->old);
	journal_close(&f->journal);
	region_close(&f->cache);
	ranges_free(&f->recent);
	ranges_free(&f->changed);
	ranges_free(&f->vanished);
	ranges_free(&f->touched);
	keywords_free(&f->words);
	free(f->hidden);
	for (size_t i = 0; i < sizeof(f->list) / sizeof(f->list[0]); i++)
		free(f->list[i]);
	if (f->watch != NULL)
		watch_close(f->watch);
	free(f->watch);
	if (f->files != -1 && f->files != f->dir)
		(void)close(f->files);
	if (f->dir != -1)
		(void)close(f->dir);
	f->dir = f->files = -1;
	errno = e;
}
