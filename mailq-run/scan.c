/* Finding entries without opening them: readdir, and in due/ one stat each.
 * The mtime is the time of the next try, so what is not due costs no more
 * than that. */
#include "mailq-run/scan.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/place.h"
#include "mailq-run/sts.h"
#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"

enum {
	DAY = 24 * 3600,
	DRAFT_DEAD = 36 * 3600, /* seconds until a draft has no writer */
};

int
scan_open(struct scan *s, int spool, unsigned places, time_t now)
{
	*s = (struct scan){ .spool = spool, .places = places, .now = now };
	return 0;
}

static DIR *
open_dir(int at, const char *name)
{
	DIR *dir;
	int fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL)
		(void)close(fd);
	return dir;
}

/* Open the next directory.  1; 0: none left; -1. */
static int
next_dir(struct scan *s)
{
	char name[16];

	if ((s->places & SPOOL_NEW) != 0) {
		s->places &= ~(unsigned)SPOOL_NEW;
		s->place = SPOOL_NEW;
		s->dir = open_dir(s->spool, "new");
		return s->dir != NULL ? 1 : fail("open new");
	}
	while ((s->places & SPOOL_DUE) != 0) {
		if (s->hash == PLACE_HASH) {
			s->places &= ~(unsigned)SPOOL_DUE;
			break;
		}
		if (s->parts > 1 && s->hash % s->parts != s->part) {
			s->hash++;
			continue;
		}
		s->place = SPOOL_DUE;
		(void)snprintf(name, sizeof(name), "due/%02x", s->hash++);
		s->dir = open_dir(s->spool, name);
		if (s->dir != NULL)
			return 1;
		if (errno != ENOENT)
			return fail("open %s", name);
	}
	if ((s->places & SPOOL_HELD) == 0)
		return 0;
	s->places &= ~(unsigned)SPOOL_HELD;
	s->place = SPOOL_HELD;
	s->dir = open_dir(s->spool, "hold");
	return s->dir != NULL ? 1 : fail("open hold");
}

/* A name that is no id, or lies in the wrong directory of due/. */
static void
set_aside(struct scan *s, const char *name)
{
	char from[PLACE_PATH], to[PLACE_PATH];

	s->strange++;
	if (s->place == SPOOL_DUE) {
		(void)snprintf(from, sizeof(from), "due/%02x/%.200s",
		    s->hash - 1, name);
		(void)snprintf(to, sizeof(to), "bad/%.200s", name);
		if (renameat2(s->spool, from, s->spool, to, RENAME_NOREPLACE) ==
		    -1)
			return;
	} else if (place_quarantine(s->spool, s->place, name) == -1) {
		return;
	}
	log_line(LOG_WARNING, "spool strange=%s moved=bad", name);
}

/* Is this name one to give out?  Fills n->next. */
static bool
wanted(struct scan *s, const char *name, struct scan_name *n)
{
	struct stat st;

	if (s->place == SPOOL_NEW)
		return true;
	if (fstatat(dirfd(s->dir), name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	n->next = st.st_mtime;
	if (s->place == SPOOL_HELD || st.st_mtime <= s->now)
		return true;
	if (s->earliest == 0 || st.st_mtime < s->earliest)
		s->earliest = st.st_mtime;
	return false;
}

int
scan_next(struct scan *s, struct scan_name *n)
{
	const struct dirent *d;
	int r;

	for (;;) {
		if (s->dir == NULL && (r = next_dir(s)) != 1)
			return r;
		d = readdir(s->dir);
		if (d == NULL) {
			(void)closedir(s->dir);
			s->dir = NULL;
			continue;
		}
		if (d->d_name[0] == '.')
			continue;
		*n = (struct scan_name){ .place = s->place };
		if (!spool_id_ok(span(d->d_name)) ||
		    (s->place == SPOOL_DUE &&
			place_hash(d->d_name) != s->hash - 1)) {
			set_aside(s, d->d_name);
			continue;
		}
		s->seen++;
		if (!wanted(s, d->d_name, n))
			continue;
		(void)strlcpy(n->id, d->d_name, sizeof(n->id));
		return 1;
	}
}

void
scan_close(struct scan *s)
{
	if (s->dir != NULL)
		(void)closedir(s->dir);
	s->dir = NULL;
}

/* ---- tidying */

static bool
entry_exists(int spool, const char *id)
{
	/* due/ twice: it may come out of hold/ while we look. */
	static const enum spool_place places[] = { SPOOL_NEW, SPOOL_DUE,
		SPOOL_HELD, SPOOL_DUE };
	char path[PLACE_PATH];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (faccessat(spool, place_path(path, places[i], id), F_OK,
			AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	(void)snprintf(path, sizeof(path), "bad/%.200s", id);
	return faccessat(spool, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A draft "PARENT-N" may be a report whose last step is still to come. */
static bool
may_be_wanted(int spool, const char *name)
{
	char parent[SPOOL_ID];
	const char *dash = strrchr(name, '-');

	if (dash == NULL || (size_t)(dash - name) >= sizeof(parent))
		return false;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(dash - name),
	    name);
	return entry_exists(spool, parent);
}

static void
tidy_drafts(int spool, time_t now)
{
	const struct dirent *d;
	struct stat st;
	DIR *dir;

	dir = open_dir(spool, "tmp");
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < now - DRAFT_DEAD &&
		    !may_be_wanted(spool, d->d_name))
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

static void
tidy_logs(int spool)
{
	const struct dirent *d;
	char name[16];
	DIR *dir;

	for (unsigned i = 0; i < PLACE_HASH; i++) {
		(void)snprintf(name, sizeof(name), "log/%02x", i);
		dir = open_dir(spool, name);
		while (dir != NULL && (d = readdir(dir)) != NULL)
			if (d->d_name[0] != '.' &&
			    !entry_exists(spool, d->d_name))
				(void)unlinkat(dirfd(dir), d->d_name, 0);
		if (dir != NULL)
			(void)closedir(dir);
	}
}

/* Policies that are over: reading one removes it then. */
static void
tidy_policies(int spool, time_t now)
{
	DIR *dir = open_dir(spool, "sts");
	const struct dirent *d;
	struct sts s;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' && strlen(d->d_name) <= DOMAIN_MAX)
			(void)sts_load(&s, spool, d->d_name, now);
	if (dir != NULL)
		(void)closedir(dir);
}

/* Is it a day since the last time?  The file's time is that of this clock,
 * which may be ahead of the system's (for tests). */
static bool
is_new_day(int spool, time_t now)
{
	const struct timespec t[2] = { { .tv_sec = now }, { .tv_sec = now } };
	struct stat st;
	bool yes;
	int fd;

	fd = openat(spool, "tidied",
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	/* Empty it is but made, unless it has been stamped. */
	yes = fstat(fd, &st) == -1 || st.st_size == 0 ||
	    st.st_mtime <= now - DAY || st.st_mtime > now;
	if (yes && (write(fd, "\n", 1) != 1 || futimens(fd, t) == -1))
		yes = false;
	(void)close(fd);
	return yes;
}

void
scan_tidy(int spool, time_t now, bool deep)
{
	tidy_drafts(spool, now);
	if (!is_new_day(spool, now) && !deep)
		return;
	tidy_logs(spool);
	tidy_policies(spool, now);
}
