#include "maildir/hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/disk.h"
#include "maildir/maildir.h"
#include "maildir/measure.h"
#include "maildir/names.h"
#include "message/fail.h"

static const char place[] = "expunged";
static const char stamp[] = "expunged/.tidied"; /* its time is the last one */

enum {
	DAY = 24 * 60 * 60,
	KEPT = 14, /* days */
	TMP_AGE = 36 * 60 * 60,
	PATH = 600,
};

static void
day(char out[16], time_t t)
{
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, 16, "%Y%m%d", &tm);
}

static int
make(int dir, const char *name)
{
	int fd;

	if (disk_mkdir(dir, name) == -1 && errno != EEXIST)
		return fail("mkdir %s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd == -1 ? fail("open %s", name) : fd;
}

int
hold_today(const struct store *s, const char *folder)
{
	char today[16];
	int a = make(s->root, place), b = -1, c = -1;

	day(today, time(NULL));
	if (a != -1)
		b = make(a, today);
	if (b != -1)
		c = make(b, folder);
	if (a != -1)
		(void)close(a);
	if (b != -1)
		(void)close(b);
	return c;
}

void
hold_name(char path[FLAGS_NAME], size_t base, uint32_t uid)
{
	char flags[FLAGS_NAME];
	size_t n = strlen("cur/") + base;

	if (strlen(path) + sizeof(",U=4294967295") > NAME_MAX)
		return;
	(void)snprintf(flags, sizeof(flags), "%s", path + n);
	(void)snprintf(path + n, FLAGS_NAME - n, ",U=%u%s", uid, flags);
}

/* Octets of the name that the message had, and its UID; 0: it has none. */
static size_t
base_of(const char *name, uint32_t *uid)
{
	size_t base = name_base(name);
	const char *tail = memmem(name, base, ",U=", 3);
	uint64_t n;

	*uid = 0;
	if (tail == NULL ||
	    span_number(span_n(tail + 3, base - (size_t)(tail + 3 - name)),
		UINT32_MAX, &n) == -1)
		return base;
	*uid = (uint32_t)n;
	return (size_t)(tail - name);
}

static DIR *
list(int dir, const char *path)
{
	int fd =
	    openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);

	if (d == NULL && fd != -1)
		(void)close(fd);
	return d;
}

int
hold_open(const struct folder *f, const char *name, size_t base)
{
	for (int ago = 0; ago < 2; ago++) {
		char path[PATH], date[16];
		const struct dirent *e;
		uint32_t uid;
		int fd = -1;
		DIR *d;

		day(date, time(NULL) - ago * DAY);
		(void)snprintf(path, sizeof(path), "%s/%s/%s", place, date,
		    f->name);
		d = list(f->store->root, path);
		while (d != NULL && fd == -1 && (e = readdir(d)) != NULL)
			if (base_of(e->d_name, &uid) == base &&
			    memcmp(e->d_name, name, base) == 0)
				fd = measure_open(dirfd(d), e->d_name);
		if (d != NULL)
			(void)closedir(d);
		if (fd != -1)
			return fd;
	}
	return fail_as(ENOENT, "message of %s is gone", f->name);
}

/* ---- what undelete needs */

struct found {
	struct held *p;
	size_t n, room;
};

static int64_t
start_of(const char *date)
{
	struct tm tm = { .tm_isdst = 0 };

	return strptime(date, "%Y%m%d", &tm) == NULL ? 0 : timegm(&tm);
}

static struct held *
room_for(struct found *f)
{
	if (f->p == NULL || f->n == f->room) {
		size_t room = f->room * 2 + 16;
		void *p = reallocarray(f->p, room, sizeof(*f->p));

		if (p == NULL) {
			(void)fail("held messages");
			return NULL;
		}
		f->p = p;
		f->room = room;
	}
	return &f->p[f->n++];
}

static int
collect(const struct store *s, const char *date, const char *folder,
    struct found *f)
{
	char path[PATH];
	const struct dirent *e;
	int r = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", place, date, folder);
	d = list(s->root, path);
	while (d != NULL && r == 0 && (e = readdir(d)) != NULL) {
		struct held *p;
		struct stat st;

		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    !S_ISREG(st.st_mode))
			continue;
		p = room_for(f);
		if (p == NULL) {
			r = -1;
			break;
		}
		*p = (struct held){ .since = start_of(date),
			.size = (uint64_t)st.st_size,
			.date = st.st_mtime };
		(void)base_of(e->d_name, &p->uid);
		(void)snprintf(p->name, sizeof(p->name), "%s/%s/%s", date,
		    folder, e->d_name);
	}
	if (d != NULL)
		(void)closedir(d);
	return r;
}

static int
last_first(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->since != y->since)
		return x->since > y->since ? -1 : 1;
	return strcmp(y->name, x->name);
}

ptrdiff_t
store_held(struct store *s, const char *folder, struct held **out)
{
	struct found f = { .p = NULL };
	char path[NAME_MAX + 2];
	const struct dirent *e;
	int r = store_dir(folder, path);
	DIR *d = r == 0 ? list(s->root, place) : NULL;

	while (d != NULL && r == 0 && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = collect(s, e->d_name, folder, &f);
	if (d != NULL)
		(void)closedir(d);
	if (f.n > 0)
		qsort(f.p, f.n, sizeof(*f.p), last_first);
	if (r == -1) {
		free(f.p);
		f.p = NULL;
	}
	*out = f.p;
	return r == -1 ? -1 : (ptrdiff_t)f.n;
}

static bool
held_path(const struct held *h, char path[PATH])
{
	(void)snprintf(path, PATH, "%s/%s", place, h->name);
	return strstr(h->name, "..") == NULL && h->name[0] != '/';
}

int
store_read_held(struct store *s, const struct held *h)
{
	char path[PATH];

	if (!held_path(h, path))
		return fail_as(EINVAL, "not held: %s", h->name);
	return measure_open(s->root, path);
}

/* "20261121/Folder/NAME,U=7:2,ST" comes back as cur/NAME:2,S of its folder. */
int
store_unhold(struct store *s, const struct held *h)
{
	char from[PATH], to[FLAGS_NAME], folder[NAME_MAX + 1];
	const char *a = strchr(h->name, '/');
	const char *b = a == NULL ? NULL : strchr(a + 1, '/');
	int dir = -1, files = -1, r = -1;
	uint64_t words;
	uint32_t flags, uid;

	if (!held_path(h, from) || b == NULL ||
	    (size_t)(b - a) > sizeof(folder))
		return fail_as(EINVAL, "not held: %s", h->name);
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(b - a - 1), a + 1);
	if (store_enter(s, folder, &dir, &files) == -1)
		return -1;
	(void)flags_get(b + 1, &flags, &words);
	flags_put(to, b + 1, base_of(b + 1, &uid),
	    flags & ~(uint32_t)FLAG_DELETED, words);
	if (renameat2(s->root, from, dir, to, RENAME_NOREPLACE) == 0)
		r = disk_sync(dir, "cur");
	else
		(void)fail("bring back %s", h->name);
	if (files != -1 && files != dir)
		(void)close(files);
	(void)close(dir);
	return r;
}

/* ---- tidying */

static void
empty(int dir, const char *name, int depth)
{
	DIR *d = list(dir, name);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == -1 && depth > 0)
			empty(dirfd(d), e->d_name, depth - 1);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static void
tidy_tmp(int dir, time_t now)
{
	DIR *d = list(dir, "tmp");
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < now - TMP_AGE &&
		    st.st_ctime < now - TMP_AGE)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
}

static void
tidy_folders(struct store *s, time_t now)
{
	struct folder_name *list_of = NULL;
	ptrdiff_t n = store_list_own(s, &list_of);

	for (ptrdiff_t i = 0; i < n; i++) {
		int dir, files;

		if (!list_of[i].exists ||
		    store_enter(s, list_of[i].name, &dir, &files) == -1)
			continue;
		tidy_tmp(dir, now);
		if (files != -1 && files != dir)
			(void)close(files);
		(void)close(dir);
	}
	free(list_of);
}

int
store_tidy(struct store *s, bool now)
{
	time_t t = time(NULL);
	const struct dirent *e;
	struct stat st;
	DIR *d;
	int fd;

	if (!now && fstatat(s->root, stamp, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtime > t - DAY && st.st_mtime <= t)
		return 0;
	if (disk_mkdir(s->root, place) == -1 && errno != EEXIST)
		return fail("mkdir %s", place);
	(void)unlinkat(s->root, stamp, 0);
	fd = openat(s->root, stamp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno == EEXIST ? 0 : fail("create %s", stamp);
	(void)close(fd);
	d = list(s->root, place);
	while (d != NULL && (e = readdir(d)) != NULL) {
		int64_t since = start_of(e->d_name);

		if (since > 0 && since < t - (KEPT + 1) * (int64_t)DAY)
			empty(dirfd(d), e->d_name, 3);
	}
	if (d != NULL)
		(void)closedir(d);
	tidy_folders(s, t);
	return 0;
}
