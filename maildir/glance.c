/* STATUS of a folder, most often from the header of its index alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/share.h"
#include "maildir/sync.h"
#include "maildir/view.h"

enum part { CUR = WATCH_CUR, NEW = WATCH_NEW, LIST, PARTS };

/* The times of cur/ and new/, and the uidlist, by path: opening the directory
 * first would cost more than the rest. */
static bool
look(int root, const char *dir, struct stat st[PARTS])
{
	static const char *const part[PARTS] = { "cur", "new",
		"dovecot-uidlist" };
	char path[NAME_MAX + 24];

	for (int i = 0; i < PARTS; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, part[i]);
		if (fstatat(root, path, &st[i], AT_SYMLINK_NOFOLLOW) == -1)
			return false;
	}
	return S_ISDIR(st[CUR].st_mode);
}

/* When nothing has changed since the index was written: no map, no lock.
 * False: look closer. */
static bool
glance(const struct store *s, const char *name, struct folder_info *info)
{
	bool inside = s->index == -1;
	struct scan_stamp now[2];
	char dir[NAME_MAX + 2];
	struct stat st[PARTS];
	struct header h;

	if ((s->options & STORE_NO_INDEX) != 0 || store_dir(name, dir) == -1 ||
	    !index_peek(inside ? s->root : s->index, inside ? dir : name, &h) ||
	    !look(s->root, dir, st))
		return false;
	for (int i = CUR; i <= NEW; i++)
		now[i] = (struct scan_stamp){ st[i].st_mtim, st[i].st_ctim };
	if (!sync_stamped(&h, now, &st[LIST]))
		return false;
	view_header(&h, info);
	return true;
}

int
store_status(struct store *s, const char *name, struct folder_info *info)
{
	struct folder f;
	int r;

	if (share_of(s, &name, &s) == -1)
		return -1;
	if (glance(s, name, info))
		return 0;
	r = folder_bare(&f, s, name);
	if (r == 0)
		r = sync_disk(&f);
	if (r == 0)
		r = view_reset(&f);
	if (r == 0)
		folder_info(&f, info);
	folder_leave(&f);
	return r;
}

int
store_octets(struct store *s, const char *name, struct folder_info *info)
{
	struct folder *f;

	if (info->uncounted == 0)
		return 0;
	f = folder_open(s, name, false);
	if (f == NULL)
		return -1;
	info->octets = folder_octets(f);
	info->uncounted = 0;
	folder_close(f);
	return 0;
}

static bool
may(const struct store *s, const char *name, int what)
{
	char dir[NAME_MAX + 2], path[NAME_MAX + 8];

	if (store_dir(name, dir) == -1)
		return false;
	(void)snprintf(path, sizeof(path), "%s/cur", dir);
	return faccessat(s->root, path, what, AT_EACCESS) == 0;
}

bool
store_readable(const struct store *s, const char *name)
{
	return may(s, name, R_OK | X_OK);
}

bool
store_writable(const struct store *s, const char *name)
{
	struct store *in = NULL;

	return share_of(s, &name, &in) == 0 &&
	    may(in != NULL ? in : s, name, W_OK);
}
