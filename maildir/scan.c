/* A listing of new/ and cur/ that other writers cannot confuse.
 *
 * Both directories are watched before the first entry is read.  So a name
 * without an event was there, or not there, all the time, and readdir told
 * the truth about it; for any other name its last event does (watch.c).
 *
 * Without inotify (NFS, or too many watchers) the listing is repeated until
 * the times of both directories stood still meanwhile; that listing is as
 * good.  If they never do, all names seen on the way count, and "exact" is
 * false. */
#include "maildir/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/digits.h"
#include "maildir/watch.h"
#include "message/fail.h"

enum {
	CUR = WATCH_CUR,
	NEW = WATCH_NEW,
	TRIES = 6,
	FIRST_ROOM = 64,
	AHEAD = 8,
	ENTRY = 40, /* octets of a directory for a name, at least */
	TEXT_FIRST = 16 << 20,
	KEPT = 32 << 20,
	UNSETTLED_MS = 20, /* a clock tick of the file system, at most */
};

static const char *const part[] = { "cur", "new" };

static bool
acceptable(const char *name)
{
	size_t n = 0;

	if (name[0] == '.' || name[0] == ':')
		return false;
	for (; name[n] != '\0'; n++)
		if ((unsigned char)name[n] < ' ' || name[n] == 0x7f)
			return false;
	return n > 0 && n <= NAME_MAX;
}

static int
add_name(struct scan *s, const char *name, bool in_new, bool sure)
{
	void *p = s->name;
	uint32_t at = 0;

	if (watch_grow(&p, &s->names_room, s->names, 1, sizeof(*s->name)) == -1)
		return -1;
	s->name = p;
	if (watch_text(&s->text, &s->text_len, &s->text_room, name, &at) == -1)
		return -1;
	s->name[s->names++] =
	    (struct scan_name){ .file = { .at = at,
				    .base = (uint16_t)name_base(name) },
		    .time = name_time(name),
		    .in_new = in_new,
		    .sure = sure };
	return 0;
}

/* Room for what a directory of that size may have, at once. */
static int
make_room(struct scan *s, int dir)
{
	void *name = s->name, *text = s->text;
	struct stat st;
	size_t n;

	if (fstat(dir, &st) == -1 || st.st_size > TEXT_FIRST)
		return 0;
	n = (size_t)st.st_size;
	if (watch_grow(&name, &s->names_room, s->names, n / ENTRY,
		sizeof(*s->name)) == -1)
		return -1;
	s->name = name;
	if (watch_grow(&text, &s->text_room, s->text_len, n, 1) == -1)
		return -1;
	s->text = text;
	return 0;
}

static int
list(struct scan *s, struct watch *w, int which)
{
	static char room[128 * 1024]
	    __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t n;

	if (lseek(w->dir[which], 0, SEEK_SET) == -1 ||
	    make_room(s, w->dir[which]) == -1)
		return fail("read %s", part[which]);
	while ((n = getdents64(w->dir[which], room, sizeof(room))) > 0) {
		for (char *p = room; p < room + n;) {
			const struct dirent64 *e = (void *)p;

			p += e->d_reclen;
			if ((e->d_type == DT_REG || e->d_type == DT_UNKNOWN) &&
			    acceptable(e->d_name) &&
			    add_name(s, e->d_name, which == NEW,
				e->d_type == DT_REG) == -1)
				return -1;
		}
		if (watch_drain(w) == -1)
			return -1;
	}
	return n == 0 ? 0 : fail("read %s", part[which]);
}

/* The watched names override the listed ones. */
static int
apply(struct scan *s, struct watch *w)
{
	size_t kept = 0;

	if (w->events == 0)
		return 0;
	for (size_t i = 0; i < s->names; i++) {
		struct watch_event *e =
		    watch_find(w, scan_text(s, i), s->name[i].in_new);

		if (e != NULL) {
			if (!e->here || e->listed)
				continue;
			e->listed = true;
		}
		s->name[kept++] = s->name[i];
	}
	s->names = kept;
	for (size_t i = 0; i < w->events; i++) {
		const struct watch_event *e = &w->event[i];

		if (e->here && !e->listed && acceptable(w->text + e->at) &&
		    add_name(s, w->text + e->at, e->in_new, false) == -1)
			return -1;
	}
	return 0;
}

/* One watched listing.  1: done; 0: the queue overflowed; -1. */
static int
watched(struct scan *s, struct watch *w)
{
	if (list(s, w, NEW) == -1 || list(s, w, CUR) == -1 ||
	    watch_settle(w) == -1)
		return -1;
	if (w->lost)
		return 0;
	return apply(s, w) == -1 ? -1 : 1;
}

static bool
same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

unsigned
scan_settled(const struct scan_stamp stamp[2])
{
	unsigned old = 0;
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (int i = CUR; i <= NEW; i++) {
		const struct timespec *t = &stamp[i].ctime;
		long long ms = (now.tv_sec - t->tv_sec) * 1000LL +
		    (now.tv_nsec - t->tv_nsec) / 1000000;

		if (ms >= UNSETTLED_MS)
			old |= 1U << i;
	}
	return old;
}

int
scan_stamps(int dir, struct scan_stamp stamp[2])
{
	for (int i = CUR; i <= NEW; i++) {
		struct stat st;

		if (fstatat(dir, part[i], &st, AT_SYMLINK_NOFOLLOW) == -1)
			return fail("stat %s", part[i]);
		stamp[i] = (struct scan_stamp){ st.st_mtim, st.st_ctim };
	}
	return 0;
}

static int
by_name(const void *a, const void *b, void *text)
{
	const struct scan_name *x = a, *y = b;
	int r = strcmp((char *)text + x->file.at, (char *)text + y->file.at);

	return r != 0 ? r : x->in_new - y->in_new;
}

/* One listing that nobody watches: exact when the times stood still. */
static int
once(struct scan *s, struct watch *w, int dir)
{
	struct scan_stamp after[2];

	if (scan_stamps(dir, s->stamp) == -1)
		return -1;
	s->settled = scan_settled(s->stamp);
	if (list(s, w, NEW) == -1 || list(s, w, CUR) == -1 ||
	    scan_stamps(dir, after) == -1)
		return -1;
	s->exact = s->settled == SCAN_BOTH;
	for (int i = CUR; i <= NEW; i++)
		if (!same(&s->stamp[i].mtime, &after[i].mtime) ||
		    !same(&s->stamp[i].ctime, &after[i].ctime))
			s->exact = false;
	return 0;
}

/* Listings until one is exact and tells all; without one, all together. */
static int
unwatched(struct scan *s, struct watch *w, int dir)
{
	struct timespec pause = { 0, (UNSETTLED_MS + 2) * 1000000L };
	size_t kept = 0;

	for (int try = 0; try < TRIES; try++) {
		size_t first = s->names;

		if (try > 0)
			(void)nanosleep(&pause, NULL);
		if (once(s, w, dir) == -1)
			return -1;
		if (!s->exact)
			continue;
		for (size_t i = first; i < s->names; i++)
			s->name[kept++] = s->name[i];
		s->names = kept;
		return 0;
	}
	if (s->names > 0)
		qsort_r(s->name, s->names, sizeof(*s->name), by_name, s->text);
	for (size_t i = 0; i < s->names; i++)
		if (i == 0 ||
		    by_name(&s->name[i], &s->name[kept - 1], s->text) != 0)
			s->name[kept++] = s->name[i];
	s->names = kept;
	return 0;
}

int
scan_order(const struct scan *s, size_t a, size_t b)
{
	const struct scan_name *x = &s->name[a], *y = &s->name[b];

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(scan_text(s, a), scan_text(s, b));
}

static int
by_text(const void *a, const void *b, void *scan)
{
	const struct digits *x = a, *y = b;

	return scan_order(scan, x->at, y->at);
}

/* Names and text as the keys say, out of which they are read at random: so some
 * are fetched ahead.  Octets of text. */
static size_t
gather(const struct scan *s, const struct digits *key, struct scan_name *name,
    char *text)
{
	size_t end = 0;

	for (size_t i = 0; i < s->names; i++) {
		const char *p = s->text + key[i].more;
		size_t n;

		if (i + AHEAD < s->names) {
			__builtin_prefetch(s->text + key[i + AHEAD].more);
			__builtin_prefetch(&s->name[key[i + AHEAD].at]);
		}
		n = strlen(p) + 1;
		name[i] = s->name[key[i].at];
		name[i].file.at = (uint32_t)end;
		(void)memcpy(text + end, p, n);
		end += n;
	}
	return end;
}

static void
sort(const struct scan *s, struct digits *key, struct digits *room)
{
	size_t n = s->names;

	for (size_t i = 0; i < n; i++)
		key[i] = (struct digits){ s->name[i].time, (uint32_t)i,
			s->name[i].file.at };
	digits_sort(key, room, n);
	for (size_t i = 0, e; i < n; i = e) {
		for (e = i + 1; e < n && key[e].key == key[i].key;)
			e++;
		if (e - i > 1)
			qsort_r(key + i, e - i, sizeof(*key), by_text,
			    (void *)(uintptr_t)s);
	}
}

/* Directories are read in an order that is as good as random.  In the order of
 * delivery names, files and, later, records are near each other in memory, too,
 * which is half of the time of all that follows. */
static int
order(struct scan *s)
{
	struct digits *key = malloc((s->names + 1) * sizeof(*key));
	struct scan_name *name = malloc((s->names + 1) * sizeof(*name));
	char *text = malloc(s->text_len + 1);

	if (key == NULL || name == NULL || text == NULL) {
		free(key);
		free(name);
		free(text);
		return fail("scan");
	}
	sort(s, key, (void *)name); /* which is not filled yet */
	s->text_room = s->text_len + 1;
	s->text_len = gather(s, key, name, text);
	free(key);
	free(s->name);
	free(s->text);
	s->name = name;
	s->names_room = s->names + 1;
	s->text = text;
	return 0;
}

_Static_assert(sizeof(struct digits) <= sizeof(struct scan_name), "room");

/* As watched(); the last attempt does without a watch. */
static int
attempt(struct scan *s, int dir, bool last)
{
	struct watch w;
	int r = watch_open(&w, dir);

	s->names = s->text_len = 0;
	if (r == 0)
		r = scan_stamps(dir, s->stamp);
	if (r == 0 && (last || w.fd == -1))
		r = unwatched(s, &w, dir) == -1 ? -1 : 1;
	else if (r == 0) {
		s->exact = true;
		s->settled = scan_settled(s->stamp);
		r = watched(s, &w);
	}
	watch_close(&w);
	return r;
}

int
scan_run(struct scan *s, int dir)
{
	int r = 0;

	/* A page that is given back and comes again is zeroed: with all of them
	 * that takes as long as the names do. */
	(void)mallopt(M_MMAP_THRESHOLD, KEPT);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT);
	*s = (struct scan){ .names_room = FIRST_ROOM };
	s->name = calloc(FIRST_ROOM, sizeof(*s->name));
	if (s->name == NULL)
		return fail("scan");
	for (int try = 1; r == 0; try++)
		r = attempt(s, dir, try == TRIES);
	return r == 1 ? order(s) : -1;
}

int
scan_new(struct scan *s, struct watch *w)
{
	*s = (struct scan){ .names = 0 };
	return list(s, w, NEW) == -1 ? -1 : watch_settle(w);
}

int
scan_add(struct scan *s, const char *name, bool in_new)
{
	return acceptable(name) ? add_name(s, name, in_new, false) : 0;
}

/* The element of "now" that is message i of "s"; -1. */
static ptrdiff_t
now_at(const struct names *now, const struct scan *s, size_t i)
{
	size_t at = 0;
	ptrdiff_t k = names_find(now, scan_text(s, i));

	return k != -1 ? k : names_like(now, scan_text(s, i), &at);
}

int
scan_again(struct scan *s, int dir)
{
	struct names table = { .slot = NULL };
	struct scan now;
	int r = scan_run(&now, dir);

	if (r == 0)
		r = names_index(&table, now.text, now.name, sizeof(*now.name),
		    now.names);
	for (size_t i = 0; i < s->names && r == 0; i++) {
		struct scan_name *n = &s->name[i];
		ptrdiff_t k = now_at(&table, s, i);
		uint32_t at = n->file.at;

		if (k == -1) {
			n->gone = n->gone || now.exact;
			continue;
		}
		if (strcmp(scan_text(s, i), scan_text(&now, (size_t)k)) != 0)
			r = watch_text(&s->text, &s->text_len, &s->text_room,
			    scan_text(&now, (size_t)k), &at);
		n->file.at = at;
		n->file.base = (uint16_t)name_base(s->text + at);
		n->in_new = now.name[k].in_new;
		n->gone = false;
	}
	names_free(&table);
	scan_free(&now);
	return r;
}

void
scan_path(const struct scan *s, size_t i, char path[SCAN_PATH])
{
	(void)snprintf(path, SCAN_PATH, "%s/%s",
	    part[s->name[i].in_new ? NEW : CUR], scan_text(s, i));
}

void
scan_free(struct scan *s)
{
	free(s->name);
	free(s->text);
	*s = (struct scan){ .name = NULL };
}
