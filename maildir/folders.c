/* Folders of a Maildir++: directories whose names begin with a dot. */
#include "maildir/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/hold.h"
#include "maildir/maildir.h"
#include "maildir/share.h"
#include "maildir/subscriptions.h"
#include "maildir/sync.h"
#include "message/fail.h"

enum { FOLDERS_MAX = 10000 };

/* ---- list */

struct names_list {
	char **name;
	size_t n, room;
	size_t octets;
};

static int
add(struct names_list *l, const char *name)
{
	if (l->n == l->room) {
		size_t room = l->room * 2 + 64;
		void *p = reallocarray(l->name, room, sizeof(*l->name));

		if (p == NULL)
			return fail("list of folders");
		l->name = p;
		l->room = room;
	}
	l->name[l->n] = strdup(name);
	if (l->name[l->n] == NULL)
		return fail("list of folders");
	l->n++;
	l->octets += strlen(name) + 1;
	return 0;
}

static void
drop(struct names_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

static bool
has_cur(int root, const char *dir)
{
	char path[NAME_MAX + 8];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/cur", dir);
	return fstatat(root, path, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_folder(int root, const char *dir)
{
	struct stat st;

	return fstatat(root, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && has_cur(root, dir);
}

/* The same of what a listing says of it. */
static bool
is_listed(int root, const struct dirent *e)
{
	return e->d_type == DT_DIR ?
	    has_cur(root, e->d_name) :
	    e->d_type == DT_UNKNOWN && is_folder(root, e->d_name);
}

int
store_own(const struct store *s, int (*take)(void *with, const char *name),
    void *with)
{
	int r = take(with, "INBOX"), fd;
	const struct dirent *e;
	DIR *d;

	fd = openat(s->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd == -1 ? NULL : fdopendir(fd);
	if (d == NULL) {
		if (fd != -1)
			(void)close(fd);
		return fail("list folders");
	}
	for (int n = 1;
	     r == 0 && n < FOLDERS_MAX && (e = readdir(d)) != NULL;) {
		char dir[NAME_MAX + 2];
		const char *name = e->d_name + 1;

		if (e->d_name[0] == '.' && *name != '\0' && *name != '.' &&
		    strcmp(name, "INBOX") != 0 && store_dir(name, dir) == 0 &&
		    is_listed(s->root, e)) {
			r = take(with, name);
			n++;
		}
	}
	(void)closedir(d);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	const struct folder_name *x = a, *y = b;
	bool first = strcmp(x->name, "INBOX") == 0;
	bool second = strcmp(y->name, "INBOX") == 0;

	if (first || second)
		return second - first;
	return strcmp(x->name, y->name);
}

/* One block: the array, then the names. */
static struct folder_name *
join(const struct names_list *disk, const struct names_list *subscribed,
    size_t *n)
{
	size_t all = disk->n + subscribed->n, kept = 0;
	struct folder_name *f = calloc(1,
	    (all + 1) * sizeof(*f) + disk->octets + subscribed->octets);
	char *p = f == NULL ? NULL : (char *)(f + all + 1);

	for (size_t i = 0; f != NULL && i < all; i++) {
		const char *name =
		    i < disk->n ? disk->name[i] : subscribed->name[i - disk->n];

		f[i].name = memcpy(p, name, strlen(name) + 1);
		f[i].exists = i < disk->n;
		f[i].subscribed = i >= disk->n;
		p += strlen(name) + 1;
	}
	if (f == NULL)
		return NULL;
	qsort(f, all, sizeof(*f), by_name);
	for (size_t i = 0; i < all; i++) {
		if (kept > 0 && strcmp(f[kept - 1].name, f[i].name) == 0) {
			f[kept - 1].exists |= f[i].exists;
			f[kept - 1].subscribed |= f[i].subscribed;
		} else
			f[kept++] = f[i];
	}
	*n = kept;
	return f;
}

static int
take(void *list, const char *name)
{
	char dir[NAME_MAX + 2];

	return store_dir(name, dir) == -1 ? 0 : add(list, name);
}

/* Of the store's own; those that a shared one would be taken for are hidden. */
struct own {
	const struct store *s;
	struct names_list *l;
};

static int
take_own(void *with, const char *name)
{
	const struct own *o = with;

	return store_is_shared(o->s, name) ? 0 : add(o->l, name);
}

static int
take_any(void *list, const char *name)
{
	return add(list, name);
}

static ptrdiff_t
list_all(struct store *s, struct folder_name **out, bool shared)
{
	struct names_list disk = { .n = 0 }, subscribed = { .n = 0 };
	struct own own = { s, &disk };
	size_t n = 0;

	*out = NULL;
	if (store_own(s, take_own, &own) == 0 &&
	    (!shared || share_each(s, take_any, &disk) == 0) &&
	    subscriptions_each(s, take, &subscribed) == 0) {
		*out = join(&disk, &subscribed, &n);
		if (*out == NULL)
			(void)fail("list of folders");
	}
	drop(&disk);
	drop(&subscribed);
	return *out == NULL ? -1 : (ptrdiff_t)n;
}

ptrdiff_t
store_list(struct store *s, struct folder_name **out)
{
	return list_all(s, out, true);
}

ptrdiff_t
store_list_own(struct store *s, struct folder_name **out)
{
	return list_all(s, out, false);
}

/* ---- create, remove, rename */

/* The uidlist at once: an empty folder has its UIDVALIDITY from the start, and
 * one that is deleted and made again has another. */
static int
first_list(const struct store *s, int dir)
{
	struct uidlist l;
	struct dotlock lock;
	int r = uidlist_read(&l, dir);

	if (r == 0 && (r = uidlist_lock(&l, &lock)) != -1) {
		r = uidlist_commit(&l, s->root);
		dotlock_drop(&lock);
	}
	uidlist_free(&l);
	return r;
}

/* The folder of a shared Maildir in that; it must be there.  0; -1. */
static int
place(struct store **s, const char **name)
{
	if (share_of(*s, name, s) == 0)
		return share_takes(*s, *name) ?
		    fail_as(EPERM, "folder %s is for shared ones", *name) :
		    0;
	return errno == ENOENT ? fail_as(EPERM, "shared folder %s", *name) : -1;
}

int
store_create(struct store *s, const char *name)
{
	static const char *const part[] = { "", "/tmp", "/new", "/cur" };
	char dir[NAME_MAX + 2], path[NAME_MAX + 16];
	int fd, r = -1;

	if (place(&s, &name) == -1 || store_dir(name, dir) == -1)
		return -1;
	if (is_folder(s->root, dir))
		return fail_as(EEXIST, "there is a folder %s", name);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", dir, part[i]);
		if (disk_mkdir(s->root, path) == -1 && errno != EEXIST)
			return fail("mkdir %s", path);
	}
	(void)snprintf(path, sizeof(path), "%s/maildirfolder", dir);
	fd = openat(s->root, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return fail("create %s", path);
	disk_share(s->root, fd);
	(void)close(fd);
	fd = openat(s->root, dir,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fail("open %s", dir);
	r = first_list(s, fd);
	(void)close(fd);
	return r == 0 ? disk_sync(s->root, ".") : -1;
}

/* The directory of the index files elsewhere goes with its folder. */
static void
forget_index(const struct store *s, const char *name, const char *to)
{
	int fd;

	if (s->index == -1)
		return;
	if (to != NULL && renameat(s->index, name, s->index, to) == 0)
		return;
	fd = openat(s->index, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1) {
		index_remove(fd);
		(void)close(fd);
	}
	(void)unlinkat(s->index, name, AT_REMOVEDIR);
}

int
store_remove(struct store *s, const char *name)
{
	char dir[NAME_MAX + 2], to[NAME_MAX + 32];
	int hold, r = -1;

	if (share_of(s, &name, &s) == -1 || store_dir(name, dir) == -1)
		return -1;
	if (strcmp(dir, ".") == 0)
		return fail_as(EPERM, "INBOX cannot be removed");
	if (!is_folder(s->root, dir))
		return fail_as(ENOENT, "no folder %s", name);
	hold = hold_today(s, "removed-folders");
	if (hold == -1)
		return -1;
	(void)snprintf(to, sizeof(to), "%s", name);
	for (int i = 1; i < 1000 && r == -1; i++) {
		r = renameat2(s->root, dir, hold, to, RENAME_NOREPLACE);
		if (r == -1 && errno != EEXIST)
			break;
		(void)snprintf(to, sizeof(to), "%s~%d", name, i);
	}
	if (r == -1)
		(void)fail("remove folder %s", name);
	(void)close(hold);
	if (r == -1)
		return -1;
	forget_index(s, name, NULL);
	return disk_sync(s->root, ".");
}

/* RFC 3501 s. 6.3.5: INBOX stays, and is empty. */
static int
rename_inbox(struct store *s, const char *to)
{
	struct copied done = { .n = 0 };
	struct folder *f;
	uint32_t *all, n;
	int r = -1;

	if (store_create(s, to) == -1)
		return -1;
	f = folder_open(s, "INBOX", true);
	if (f == NULL)
		return -1;
	n = folder_count(f);
	all = calloc(n + 1, sizeof(*all));
	for (uint32_t i = 0; all != NULL && i < n; i++)
		all[i] = i + 1;
	if (all != NULL)
		r = folder_copy(f, all, n, to, true, &done);
	copied_free(&done);
	free(all);
	folder_close(f);
	return r;
}

static bool
below(const char *name, const char *parent)
{
	size_t n = strlen(parent);

	return strncmp(name, parent, n) == 0 && name[n] == '.';
}

/* One directory; "from" and "to" are names. */
static int
rename_one(struct store *s, const char *from, const char *to)
{
	char a[NAME_MAX + 2], b[NAME_MAX + 2];

	if (store_dir(from, a) == -1 || store_dir(to, b) == -1)
		return -1;
	if (renameat2(s->root, a, s->root, b, RENAME_NOREPLACE) == -1)
		return fail("rename folder %s", from);
	forget_index(s, from, to);
	return 0;
}

static int
new_name(char out[2 * NAME_MAX], const char *name, const char *from,
    const char *to)
{
	char dir[NAME_MAX + 2];

	(void)snprintf(out, 2 * (size_t)NAME_MAX, "%s%s", to,
	    name + strlen(from));
	return store_dir(out, dir);
}

/* Folders stay with whom they belong to, and the top of a shared one where it
 * is. */
static int
both(struct store **s, const char **from, const char **to)
{
	struct store *target = *s;

	if (share_of(*s, from, s) == -1 || place(&target, to) == -1)
		return -1;
	if (target != *s ||
	    ((*s)->above != NULL && strcmp(*from, "INBOX") == 0))
		return fail_as(EPERM, "folder %s stays where it is", *from);
	return 0;
}

/* The children first into their new places, so that after a death between two
 * renames the rest still has its parent. */
int
store_rename(struct store *s, const char *from, const char *to)
{
	char dir[NAME_MAX + 2], name[2 * NAME_MAX];
	struct folder_name *list = NULL;
	ptrdiff_t n;
	bool any = false;
	int r = both(&s, &from, &to);

	if (r == -1 || store_dir(from, dir) == -1 || store_dir(to, dir) == -1)
		return -1;
	if (is_folder(s->root, dir))
		return fail_as(EEXIST, "there is a folder %s", to);
	if (strcmp(from, "INBOX") == 0)
		return rename_inbox(s, to);
	if (below(to, from))
		return fail_as(EINVAL, "%s is below %s", to, from);
	n = store_list_own(s, &list);
	for (int pass = 0; pass < 2 && r == 0; pass++)
		for (ptrdiff_t i = n; i-- > 0 && r == 0;) {
			if (!list[i].exists ||
			    (!below(list[i].name, from) &&
				strcmp(list[i].name, from) != 0))
				continue;
			any = true;
			r = new_name(name, list[i].name, from, to);
			if (r == 0 && pass == 0 && store_dir(name, dir) == 0 &&
			    is_folder(s->root, dir))
				r = fail_as(EEXIST, "there is a folder %s",
				    name);
			if (r == 0 && pass == 1)
				r = rename_one(s, list[i].name, name);
		}
	free(list);
	if (n == -1 || r == -1)
		return -1;
	if (!any)
		return fail_as(ENOENT, "no folder %s", from);
	return disk_sync(s->root, ".");
}
