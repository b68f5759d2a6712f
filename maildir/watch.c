/* One inotify instance on cur/ and new/.
 *
 * The kernel queues an event for each name that comes or goes while it holds
 * the lock of the directory, so the last event of a name tells what is true.
 * One gap is left: a rename queues "from" and then "to", and we may read the
 * queue between the two.  A "from" without its "to" makes us enter the lock of
 * both directories (any getdents does), which the rename holds until the "to"
 * is queued; if it is not there then, the file has left for elsewhere. */
#include "maildir/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "message/fail.h"

enum {
	CUR = WATCH_CUR,
	NEW = WATCH_NEW,
	TEXT_MAX = 1 << 30,
};

static const char *const part[] = { "cur", "new" };

/* Room for "more" behind "used" elements. */
int
watch_grow(void **p, size_t *room, size_t used, size_t more, size_t size)
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
		return fail("watch");
	*p = q;
	*room = want;
	return 0;
}

int
watch_text(char **text, size_t *len, size_t *room, const char *s, uint32_t *at)
{
	size_t n = strlen(s) + 1;
	void *p = *text;

	if (*len + n > TEXT_MAX)
		return fail_as(EFBIG, "watch: too many names");
	if (watch_grow(&p, room, *len, n, 1) == -1)
		return -1;
	*text = p;
	*at = (uint32_t)*len;
	(void)memcpy(*text + *len, s, n);
	*len += n;
	return 0;
}

/* The kernel takes ten milliseconds and more to close an instance, but none
 * to end its watches: so one is kept for the next watch. */
static int spare = -1;

static void
retire(struct watch *w)
{
	if (spare != -1) {
		(void)close(w->fd);
		return;
	}
	for (int i = CUR; i <= NEW; i++)
		(void)inotify_rm_watch(w->fd, w->wd[i]);
	if (w->beside != -1)
		(void)inotify_rm_watch(w->fd, w->beside);
	spare = w->fd;
}

/* An instance without watches and events; -1. */
static int
instance(void)
{
	char room[4096];
	int fd = spare;

	if (fd == -1)
		return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	spare = -1;
	while (read(fd, room, sizeof(room)) > 0)
		continue;
	return fd;
}

void
watch_close(struct watch *w)
{
	for (int i = CUR; i <= NEW; i++)
		if (w->dir[i] != -1)
			(void)close(w->dir[i]);
	if (w->fd != -1)
		retire(w);
	free(w->event);
	free(w->text);
	free(w->slot);
}

static int
add(const struct watch *w, int dir, uint32_t events)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	return inotify_add_watch(w->fd, path, events | IN_ONLYDIR);
}

/* The directories, and the watches on them where the system gives any. */
int
watch_open(struct watch *w, int dir)
{
	*w = (struct watch){ .fd = -1, .beside = -1, .dir = { -1, -1 } };
	for (int i = CUR; i <= NEW; i++) {
		w->dir[i] = openat(dir, part[i],
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (w->dir[i] == -1)
			return fail("open %s", part[i]);
	}
	w->fd = disk_is_local(dir) ? instance() : -1;
	for (int i = CUR; i <= NEW && w->fd != -1; i++) {
		w->wd[i] = add(w, w->dir[i],
		    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
		if (w->wd[i] == -1) {
			(void)close(w->fd);
			w->fd = -1;
		}
	}
	return 0;
}

void
watch_beside(struct watch *w, int dir)
{
	if (w->fd != -1)
		w->beside = add(w, dir, IN_MODIFY | IN_MOVED_TO);
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
		const struct watch_event *e;

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
		return fail("watch");
	free(w->slot);
	w->slot = p;
	w->slots = n;
	for (size_t i = 0; i < w->events; i++)
		*find(w, w->text + w->event[i].at, w->event[i].in_new) =
		    (uint32_t)i + 1;
	return 0;
}

/* The event of that name, made when there was none; NULL. */
static struct watch_event *
event(struct watch *w, const char *name, bool in_new, bool *made)
{
	void *p = w->event;
	uint32_t *slot, at = 0;

	if ((w->events + 1) * 2 > w->slots && more_slots(w) == -1)
		return NULL;
	slot = find(w, name, in_new);
	*made = *slot == 0;
	if (!*made)
		return &w->event[*slot - 1];
	if (watch_grow(&p, &w->events_room, w->events, 1, sizeof(*w->event)) ==
	    -1)
		return NULL;
	w->event = p;
	if (watch_text(&w->text, &w->text_len, &w->text_room, name, &at) == -1)
		return NULL;
	w->event[w->events] =
	    (struct watch_event){ .at = at, .in_new = in_new };
	*slot = (uint32_t)++w->events;
	return &w->event[w->events - 1];
}

static int
note(struct watch *w, const struct inotify_event *in)
{
	bool made;
	struct watch_event *e = event(w, in->name, in->wd == w->wd[NEW], &made);

	if (e == NULL)
		return -1;
	e->here = (in->mask & (IN_CREATE | IN_MOVED_TO)) != 0;
	return 0;
}

int
watch_assume(struct watch *w, const char *name, bool in_new, bool here)
{
	bool made;
	struct watch_event *e = event(w, name, in_new, &made);

	if (e == NULL)
		return -1;
	if (made)
		e->here = here;
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

int
watch_drain(struct watch *w)
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
			bool ours = e->wd == w->wd[CUR] || e->wd == w->wd[NEW];

			p += sizeof(*e) + e->len;
			if ((e->mask & IN_Q_OVERFLOW) != 0 ||
			    (ours && (e->mask & IN_IGNORED) != 0))
				w->lost = true;
			if (e->len == 0 || !ours)
				continue;
			pair(w, e);
			if (note(w, e) == -1)
				return -1;
		}
	}
	return 0;
}

void
watch_barrier(const struct watch *w)
{
	char room[1024];

	for (int i = CUR; i <= NEW; i++) {
		(void)lseek(w->dir[i], 0, SEEK_SET);
		(void)getdents64(w->dir[i], room, sizeof(room));
	}
}

int
watch_settle(struct watch *w)
{
	if (watch_drain(w) == -1)
		return -1;
	while (w->from[CUR] != 0 || w->from[NEW] != 0) {
		uint32_t cur = w->from[CUR], new = w->from[NEW];

		watch_barrier(w);
		if (watch_drain(w) == -1)
			return -1;
		if (w->from[CUR] == cur)
			w->from[CUR] = 0;
		if (w->from[NEW] == new)
			w->from[NEW] = 0;
	}
	return 0;
}

void
watch_reset(struct watch *w)
{
	w->events = w->text_len = 0;
	if (w->slot != NULL)
		(void)memset(w->slot, 0, w->slots * sizeof(*w->slot));
}

struct watch_event *
watch_find(const struct watch *w, const char *name, bool in_new)
{
	uint32_t i = w->events == 0 ? 0 : *find(w, name, in_new);

	return i == 0 ? NULL : &w->event[i - 1];
}
