/* Special uses of folders (RFC 6154): the file mailroom-use of a folder, which
 * goes with it wherever it is renamed to.  A file of that name at the top says
 * that some folder has one, so that others need not be looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/folders.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char file[] = "mailroom-use";
static const char some[] = "mailroom-uses";

int
store_give_use(struct store *s, const char *name, const char *uses)
{
	int dir, files, r;

	if (store_enter(s, name, &dir, &files) == -1)
		return -1;
	r = disk_replace(s->root, some, span(""));
	if (r == 0)
		r = disk_replace(dir, file, span(uses));
	if (files != -1 && files != dir)
		(void)close(files);
	(void)close(dir);
	return r;
}

bool
store_gives_uses(const struct store *s)
{
	return faccessat(s->root, some, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
store_use(const struct store *s, const char *name, char uses[STORE_USE])
{
	char path[NAME_MAX + 2], full[NAME_MAX + 2 + sizeof(file)];
	ssize_t n;
	int fd;

	uses[0] = '\0';
	if (store_dir(name, path) == -1)
		return;
	(void)snprintf(full, sizeof(full), "%s/%s", path, file);
	fd = openat(s->root, full,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, uses, STORE_USE - 1);
	uses[n > 0 ? n : 0] = '\0';
	uses[strcspn(uses, "\n")] = '\0';
	(void)close(fd);
}
