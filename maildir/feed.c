/* News of many folders: one inotify instance, three watches per folder. */
#include "maildir/folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "maildir/annotations.h"
#include "maildir/maildir.h"
#include "maildir/share.h"
#include "maildir/view.h"
#include "message/fail.h"

struct feed {
	const struct store *store;
	int fd;
	struct one {
		char name[NAME_MAX + 1];
		int wd[3];
		bool news;
	} * one;
	size_t n, room;
	size_t next; /* of feed_next */
	struct top { /* where names of folders are */
		int wd;
		bool above; /* of shared Maildirs */
	} * top;
	size_t tops;
	bool names; /* something happened to these */
	bool all; /* the queue overflowed: anything may have happened */
};

struct feed *
feed_open(struct store *s)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		(void)fail("feed");
		return NULL;
	}
	f->store = s;
	f->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (f->fd != -1)
		return f;
	(void)fail("inotify");
	free(f);
	return NULL;
}

static int
watch(const struct feed *f, int dir, const char *sub, uint32_t mask)
{
	char path[64];
	int wd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d%s", dir, sub);
	wd = inotify_add_watch(f->fd, path, mask | IN_ONLYDIR);
	return wd == -1 ? fail("watch") : wd;
}

/* The directory of INBOX, too: its watch gets more to see. */
static int
watch_names(void *with, int dir, bool above)
{
	struct feed *f = with;
	struct top *p = reallocarray(f->top, f->tops + 1, sizeof(*p));

	if (p == NULL)
		return fail("feed");
	f->top = p;
	p[f->tops] = (struct top){ watch(f, dir, "",
				       IN_CREATE | IN_DELETE | IN_MOVED_FROM |
					   IN_MOVED_TO | IN_MASK_ADD),
		above };
	return p[f->tops++].wd == -1 ? -1 : 0;
}

int
feed_names(struct feed *f)
{
	return watch_names(f, f->store->root, false) == -1 ?
	    -1 :
	    share_dirs(f->store, watch_names, f);
}

int
feed_add(struct feed *f, const char *name)
{
	const uint32_t names =
	    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	int dir, files;
	struct one *o;

	if (f->n == f->room) {
		size_t room = f->room * 2 + 16;

		o = reallocarray(f->one, room, sizeof(*o));
		if (o == NULL)
			return fail("feed");
		f->one = o;
		f->room = room;
	}
	if (store_enter(f->store, name, &dir, &files) == -1)
		return -1;
	o = &f->one[f->n];
	*o = (struct one){ .wd = { -1, -1, -1 } };
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	o->wd[0] = watch(f, dir, "/new", names);
	o->wd[1] = watch(f, dir, "/cur", names);
	if (files != -1)
		o->wd[2] =
		    watch(f, files, "", IN_MODIFY | IN_MOVED_TO | IN_MASK_ADD);
	if (files != -1 && files != dir)
		(void)close(files);
	(void)close(dir);
	if (o->wd[0] == -1 || o->wd[1] == -1)
		return -1;
	f->n++;
	return 0;
}

int
feed_wait(const struct feed *f)
{
	return f->fd;
}

static void
mark(struct feed *f, int wd)
{
	for (size_t i = 0; i < f->n; i++)
		for (int k = 0; k < 3; k++)
			if (f->one[i].wd[k] == wd)
				f->one[i].news = true;
}

/* A folder, the list of those that are subscribed to, or what is noted of
 * all; a shared Maildir. */
static bool
is_name(const struct feed *f, const struct inotify_event *e)
{
	size_t i = 0;

	while (i < f->tops && f->top[i].wd != e->wd)
		i++;
	if (e->len == 0 || i == f->tops)
		return false;
	return f->top[i].above || e->name[0] == '.' ||
	    strcmp(e->name, "subscriptions") == 0 ||
	    strcmp(e->name, ANNOTATIONS_OF_STORE) == 0;
}

static void
drain(struct feed *f)
{
	char room[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;
	int last = -1;

	while ((n = read(f->fd, room, sizeof(room))) > 0)
		for (char *p = room; p < room + n;) {
			const struct inotify_event *e = (void *)p;

			p += sizeof(*e) + e->len;
			if (is_name(f, e))
				f->names = true;
			if ((e->mask & IN_Q_OVERFLOW) != 0)
				f->all = f->names = true;
			else if (e->wd != last)
				mark(f, e->wd);
			last = e->wd;
		}
}

const char *
feed_next(struct feed *f)
{
	if (f->next == 0)
		drain(f);
	if (f->names) {
		f->names = false;
		return "";
	}
	while (f->next < f->n) {
		struct one *o = &f->one[f->next++];

		if (o->news || f->all) {
			o->news = false;
			return o->name;
		}
	}
	f->next = 0;
	f->all = false;
	return NULL;
}

void
feed_close(struct feed *f)
{
	if (f == NULL)
		return;
	(void)close(f->fd);
	free(f->one);
	free(f->top);
	free(f);
}
