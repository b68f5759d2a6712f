/* Since when a mailbox is full stands in its file mailroom-full: the time of
 * the first refusal and of the last one.  It goes with the next message for
 * which there is room; when nobody was refused for two days it no longer says
 * anything. */
#include "smtp-session/room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/quota.h"
#include "message/fail.h"

static const char mark[] = "mailroom-full";

void
room_open(struct room *r, int dir, const char *path)
{
	*r = (struct room){ .root = -1 };
	if (faccessat(dir, "maildirsize", F_OK, 0) == -1)
		return;
	r->store = store_open(path, NULL, 0);
	if (r->store != NULL)
		r->root = fcntl(dir, F_DUPFD_CLOEXEC, 0);
}

/* For how long has it been full? */
static int64_t
full_for(const struct room *r)
{
	int64_t now = time(NULL);
	long long first = 0, last = 0;
	char text[64] = "";
	int fd = openat(r->root, mark,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	char *end;
	int n;

	if (fd == -1)
		return 0;
	if (pread(fd, text, sizeof(text) - 1, 0) > 0) {
		first = strtoll(text, &end, 10);
		last = strtoll(end, NULL, 10);
	}
	if (first <= 0 || first > now || last + 2 * ROOM_DAY < now)
		first = now;
	n = snprintf(text, sizeof(text), "%20lld %20lld\n", first,
	    (long long)now);
	(void)!pwrite(fd, text, (size_t)n, 0);
	(void)close(fd);
	return now - first;
}

int
room_check(struct room *r, uint64_t octets)
{
	struct quota q;

	if (r->store == NULL)
		return 0;
	if (quota_room(r->store, octets, 1) == 0)
		return 0;
	if (full_for(r) >= ROOM_DAY ||
	    (store_quota(r->store, &q) == 0 && q.octets_max > 0 &&
		octets > q.octets_max))
		errno = ROOM_LONG_FULL;
	else
		errno = EDQUOT;
	return -1;
}

void
room_taken(struct room *r, uint64_t octets)
{
	if (r->store == NULL)
		return;
	quota_add(r->store, (int64_t)octets, 1);
	(void)unlinkat(r->root, mark, 0);
}
