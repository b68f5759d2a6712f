/* What happens to the names of new/ and cur/ while somebody looks. */
#ifndef MAILDIR_WATCH_H
#define MAILDIR_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WATCH_CUR, WATCH_NEW };

/* The last that was seen of one name. */
struct watch_event {
	uint32_t at; /* the name, in "text" of the watch */
	bool in_new;
	bool here; /* it came; else it went */
	bool listed; /* for the listing */
};

struct watch {
	int fd; /* inotify, readable when something happened; -1: none */
	int wd[2], beside; /* of the watches; -1: none */
	int dir[2]; /* cur/ and new/ */
	bool lost; /* the queue overflowed or a directory went away */
	uint32_t from[2]; /* cookie of a "from" without its "to", or 0: one
			   * per directory, since a rename locks it */
	struct watch_event *event;
	size_t events, events_room;
	char *text;
	size_t text_len, text_room;
	uint32_t *slot; /* hash of events, open addressing, index + 1 */
	size_t slots;
};

/* Open both directories of the folder and watch them.  Without inotify, when its
 * user has no watches left, or on a file system that other machines share (NFS),
 * fd is -1 and the rest works.
 * 0; -1: errno, fail_text().  watch_close in either case. */
int watch_open(struct watch *, int dir);
void watch_close(struct watch *);

/* Be readable, too, when something is written in that directory or moved there,
 * which is no event. */
void watch_beside(struct watch *, int dir);

/* Take what is queued into "event", without waiting.  0; -1. */
int watch_drain(struct watch *);
/* The same, until no rename is seen by half.  0; -1. */
int watch_settle(struct watch *);
/* Wait until no rename is at work within either directory. */
void watch_barrier(const struct watch *);
/* Forget the events. */
void watch_reset(struct watch *);

/* As if it had been seen, before anything that was.  0; -1. */
int watch_assume(struct watch *, const char *name, bool in_new, bool here);

/* The event of that name; NULL. */
struct watch_event *watch_find(const struct watch *, const char *name,
    bool in_new);

/* An array that grows: room for "more" behind "used" elements.  0; -1. */
int watch_grow(void **p, size_t *room, size_t used, size_t more, size_t size);
/* Add a name to a text of such.  0 and *at; -1. */
int watch_text(char **text, size_t *len, size_t *room, const char *s,
    uint32_t *at);

#endif
