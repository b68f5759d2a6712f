/* Paths and renames below the spool. */
#include "mailq-run/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "message/fail.h"
#include "message/file.h"

unsigned
place_hash(const char *id)
{
	uint32_t h = 2166136261U;

	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * 16777619U;
	return (h ^ h >> 8 ^ h >> 16 ^ h >> 24) & 0xff;
}

char *
place_path(char *out, enum spool_place place, const char *id)
{
	switch (place) {
	case SPOOL_DUE:
		(void)snprintf(out, PLACE_PATH, "due/%02x/%s", place_hash(id),
		    id);
		break;
	case SPOOL_HELD:
		(void)snprintf(out, PLACE_PATH, "hold/%s", id);
		break;
	case SPOOL_NEW:
	default:
		(void)snprintf(out, PLACE_PATH, "new/%s", id);
		break;
	}
	return out;
}

char *
place_log(char *out, const char *id)
{
	(void)snprintf(out, PLACE_PATH, "log/%02x/%s", place_hash(id), id);
	return out;
}

int
place_open(int spool, const char *path, int flags)
{
	int fd;

	flags |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	fd = openat(spool, path, flags | O_NOATIME);
	if (fd == -1 && errno == EPERM)
		fd = openat(spool, path, flags);
	return fd;
}

/* The directory part of "path", synced. */
static int
sync_above(int spool, const char *path)
{
	char dir[PLACE_PATH];

	(void)snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	return file_sync_names(spool, dir);
}

static int
rename_new(int spool, const char *from, const char *to)
{
	return renameat2(spool, from, spool, to, RENAME_NOREPLACE);
}

int
place_move(int spool, const char *id, enum spool_place from,
    enum spool_place to, bool durable)
{
	char a[PLACE_PATH], b[PLACE_PATH], dir[16];
	int r;

	(void)place_path(a, from, id);
	(void)place_path(b, to, id);
	r = rename_new(spool, a, b);
	if (r == -1 && errno == ENOENT && to == SPOOL_DUE) {
		(void)snprintf(dir, sizeof(dir), "due/%02x", place_hash(id));
		if (mkdirat(spool, dir, 0700) == 0 &&
		    file_sync_names(spool, "due") == -1)
			return -1;
		r = rename_new(spool, a, b);
	}
	if (r == -1)
		return fail("rename %s to %s", a, b);
	if (!durable)
		return 0;
	return sync_above(spool, b) == -1 ? -1 : sync_above(spool, a);
}

void
place_touch(struct place_dirty *d, enum spool_place place, const char *id)
{
	if (place == SPOOL_NEW)
		d->fresh = true;
	else if (place == SPOOL_HELD)
		d->held = true;
	else
		d->due[place_hash(id)] = true;
}

int
place_flush(int spool, struct place_dirty *d)
{
	char dir[16];
	int r = 0;

	if (d->fresh && file_sync_names(spool, "new") == -1)
		r = -1;
	if (d->held && file_sync_names(spool, "hold") == -1)
		r = -1;
	for (unsigned i = 0; i < PLACE_HASH; i++) {
		(void)snprintf(dir, sizeof(dir), "due/%02x", i);
		if (d->due[i] && file_sync_names(spool, dir) == -1)
			r = -1;
	}
	*d = (struct place_dirty){ 0 };
	return r;
}

int
place_quarantine(int spool, enum spool_place place, const char *name)
{
	char from[PLACE_PATH], to[PLACE_PATH];

	(void)place_path(from, place, name);
	(void)snprintf(to, sizeof(to), "bad/%s", name);
	for (unsigned n = 1; rename_new(spool, from, to) == -1; n++) {
		if (errno != EEXIST || n == 100)
			return fail("rename %s to %s", from, to);
		(void)snprintf(to, sizeof(to), "bad/%.200s.%u", name, n);
	}
	return 0;
}
