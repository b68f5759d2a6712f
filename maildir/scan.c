/* A listing of new/ and cur/ that other writers cannot confuse.
 *
 * inotify watches stand on both directories before the first entry is read,
 * and the kernel queues an event for each name that comes or goes while it
 * holds the lock of the directory.  So a name without an event was there, or
 * not there, all the time, and readdir told the truth about it; for any other
 * name its last event does.
 *
 * One gap is left: a rename queues "from" and then "to", and we may read the
 * queue between the two.  A "from" without its "to" makes us enter the lock of
 * both directories (any getdents does), which the rename holds until the "to"
 * is queued; if it is not there then, the file has left for elsewhere.
 *
 * Without inotify (NFS, or too many watchers) the listing is repeated until
 * the times of both directories stood still meanwhile; all names seen on the
 * way count, and "exact" tells whether that ever happened. */
#include "maildir/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"

enum {
	CUR,
	NEW,
	TRIES = 6,
	UNSETTLED_MS = 20, /* a clock tick of the file system, at most */
	TEXT_MAX = 1 << 30,
};

static const char *const part[] = { "cur", "new" };

/* What became of one name while we watched. */
struct event {
	uint32_t at; /* name in "text" of the watch */
	bool in_new;
	bool here; /* after its last event */
	bool listed;
};

struct watch {
	int fd; /* -1: none */
	int wd[2];
	int dir[2];
	bool lost; /* the queue overflowed */
	uint32_t from[2]; /* cookie of a "from" without its "to", or 0: one
			   * per directory, since a rename locks it */
	struct event *event;
	size_t events, events_room;
	char *text;
	size_t text_len, text_room;
	uint32_t *slot; /* hash of events, open addressing, index + 1 */
	size_t slots;
};

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

/* Room for "more" behind "used" elements. */
static int
grow(void **p, size_t *room, size_t used, size_t more, size_t size)
{
	size_t want = used + more;
	void *q;

	if (want <= *room)
		return 0;
	if (want < *room * 2)
		want = *room * 2;
	if (want < 64)
		want = 64;
	q = reallocarray(*p, want, size);
	if (q == NULL)
		return fail("scan");
	*p = q;
	*room = want;
	return 0;
}

static int
add_text(char **text, size_t *len, size_t *room, const char *s, uint32_t *at)
{
	size_t n = strlen(s) + 1;
	void *p = *text;

	if (*len + n > TEXT_MAX)
		return fail_as(EFBIG, "scan: too many names");
	if (grow(&p, room, *len, n, 1) == -1)
		return -1;
	*text = p;
	*at = (uint32_t)*len;
	(void)memcpy(*text + *len, s, n);
	*len += n;
	return 0;
}

static int
add_name(struct scan *s, const char *name, bool in_new, bool sure)
{
	void *p = s->name;
	uint32_t at = 0;

	if (grow(&p, &s->names_room, s->names, 1, sizeof(*s->name)) == -1)
		return -1;
	s->name = p;
	if (add_text(&s->text, &s->text_len, &s->text_room, name, &at) == -1)
		return -1;
	s->name[s->names++] = (struct scan_name){
		.file = { .at = at, .base = (uint16_t)name_base(name) },
		.in_new = in_new, .sure = sure };
	return 0;
}

static void
watch_close(struct watch *w)
{
	for (int i = CUR; i <= NEW; i++)
		if (w->dir[i] != -1)
			(void)close(w->dir[i]);
	if (w->fd != -1)
		(void)close(w->fd);
	free(w->event);
	free(w->text);
	free(w->slot);
}

/* The directories, and the watches on them where the system gives any. */
static int
watch_open(struct watch *w, int dir)
{
	*w = (struct watch){ .fd = -1, .dir = { -1, -1 } };
	for (int i = CUR; i <= NEW; i++) {
		w->dir[i] = openat(dir, part[i], O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC | O_NOFOLLOW);
		if (w->dir[i] == -1)
			return fail("open %s", part[i]);
	}
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (int i = CUR; i <= NEW && w->fd != -1; i++) {
		char path[40];

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d",
		    w->dir[i]);
		w->wd[i] = inotify_add_watch(w->fd, path, IN_CREATE |
		    IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
		if (w->wd[i] == -1) {
			(void)close(w->fd);
			w->fd = -1;
		}
	}
	return 0;
}

static size_t
hash(const char *name, bool in_new)
{
	uint64_t h = in_new ? 0x9e3779b97f4a7c15 : 0xcbf29ce484222325;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	return (size_t)(h ^ h >> 29);
}

/* The event of that name, or the slot where it would be. */
static uint32_t *
find(const struct watch *w, const char *name, bool in_new)
{
	size_t i = hash(name, in_new) & (w->slots - 1);

	for (;; i = (i + 1) & (w->slots - 1)) {
		const struct event *e;

		if (w->slot[i] == 0)
			return &w->slot[i];
		e = &w->event[w->slot[i] - 1];
		if (e->in_new == in_new && strcmp(w->text + e->at, name) == 0)
			return &w->slot[i];
	}
}

static int
more_slots(struct watch *w)
{
	size_t n = w->slots == 0 ? 256 : w->slots * 2;
	uint32_t *p = calloc(n, sizeof(*p));

	if (p == NULL)
		return fail("scan");
	free(w->slot);
	w->slot = p;
	w->slots = n;
	for (size_t i = 0; i < w->events; i++)
		*find(w, w->text + w->event[i].at, w->event[i].in_new) =
		    (uint32_t)i + 1;
	return 0;
}

static int
note(struct watch *w, const struct inotify_event *in)
{
	bool in_new = in->wd == w->wd[NEW];
	void *p = w->event;
	uint32_t *slot;
	struct event *e;

	if ((w->events + 1) * 2 > w->slots && more_slots(w) == -1)
		return -1;
	slot = find(w, in->name, in_new);
	if (*slot == 0) {
		uint32_t at = 0;

		if (grow(&p, &w->events_room, w->events, 1, sizeof(*e)) == -1)
			return -1;
		w->event = p;
		if (add_text(&w->text, &w->text_len, &w->text_room, in->name,
			&at) == -1)
			return -1;
		w->event[w->events] = (struct event){ .at = at,
			.in_new = in_new };
		*slot = (uint32_t)++w->events;
	}
	e = &w->event[*slot - 1];
	e->here = (in->mask & (IN_CREATE | IN_MOVED_TO)) != 0;
	return 0;
}

static void
pair(struct watch *w, const struct inotify_event *e)
{
	if ((e->mask & IN_MOVED_FROM) != 0)
		w->from[e->wd == w->wd[NEW] ? NEW : CUR] = e->cookie;
	for (int i = CUR; i <= NEW; i++)
		if ((e->mask & IN_MOVED_TO) != 0 && e->cookie == w->from[i])
			w->from[i] = 0;
}

/* Take what is queued. */
static int
drain(struct watch *w)
{
	char room[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (w->fd != -1 && (n = read(w->fd, room, sizeof(room))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : fail("inotify");
		for (char *p = room; p < room + n;) {
			const struct inotify_event *e = (void *)p;

			p += sizeof(*e) + e->len;
			if ((e->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0)
				w->lost = true;
			if (e->len == 0)
				continue;
			pair(w, e);
			if (note(w, e) == -1)
				return -1;
		}
	}
	return 0;
}

/* Wait until no rename is at work within either directory. */
static void
barrier(const struct watch *w)
{
	char room[1024];

	for (int i = CUR; i <= NEW; i++) {
		(void)lseek(w->dir[i], 0, SEEK_SET);
		(void)getdents64(w->dir[i], room, sizeof(room));
	}
}

static int
list(struct scan *s, struct watch *w, int which)
{
	static char room[128 * 1024]
	    __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t n;

	if (lseek(w->dir[which], 0, SEEK_SET) == -1)
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
		if (drain(w) == -1)
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
		uint32_t e = *find(w, scan_text(s, i), s->name[i].in_new);

		if (e != 0) {
			if (!w->event[e - 1].here || w->event[e - 1].listed)
				continue;
			w->event[e - 1].listed = true;
		}
		s->name[kept++] = s->name[i];
	}
	s->names = kept;
	for (size_t i = 0; i < w->events; i++) {
		const struct event *e = &w->event[i];

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
	if (list(s, w, NEW) == -1 || list(s, w, CUR) == -1 || drain(w) == -1)
		return -1;
	while (w->from[CUR] != 0 || w->from[NEW] != 0) {
		uint32_t cur = w->from[CUR], new = w->from[NEW];

		barrier(w);
		if (drain(w) == -1)
			return -1;
		if (w->from[CUR] == cur)
			w->from[CUR] = 0;
		if (w->from[NEW] == new)
			w->from[NEW] = 0;
	}
	if (w->lost)
		return 0;
	return apply(s, w) == -1 ? -1 : 1;
}

static bool
same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Older than the clock tick in which a change could still hide? */
static bool
settled(const struct scan_stamp stamp[2])
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (int i = CUR; i <= NEW; i++) {
		const struct timespec *t = &stamp[i].ctime;
		long long ms = (now.tv_sec - t->tv_sec) * 1000LL +
		    (now.tv_nsec - t->tv_nsec) / 1000000;

		if (ms < UNSETTLED_MS)
			return false;
	}
	return true;
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
	s->settled = settled(s->stamp);
	if (list(s, w, NEW) == -1 || list(s, w, CUR) == -1 ||
	    scan_stamps(dir, after) == -1)
		return -1;
	s->exact = s->settled;
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
		if (i == 0 || by_name(&s->name[i], &s->name[kept - 1],
			s->text) != 0)
			s->name[kept++] = s->name[i];
	s->names = kept;
	return 0;
}

int
scan_run(struct scan *s, int dir)
{
	int done = 0;

	*s = (struct scan){ .name = NULL };
	for (int try = 0; try < TRIES && done == 0; try++) {
		struct watch w;

		s->names = s->text_len = 0;
		done = watch_open(&w, dir);
		if (done == 0)
			done = scan_stamps(dir, s->stamp);
		if (done == 0 && w.fd != -1 && try < TRIES - 1) {
			s->exact = true;
			s->settled = settled(s->stamp);
			done = watched(s, &w);
		} else if (done == 0)
			done = unwatched(s, &w, dir) == -1 ? -1 : 1;
		watch_close(&w);
	}
	return done == 1 ? 0 : -1;
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
			r = add_text(&s->text, &s->text_len, &s->text_room,
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
