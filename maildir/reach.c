/* Reading messages wherever they are now, and waiting for news. */
#include "maildir/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/hold.h"
#include "maildir/maildir.h"
#include "maildir/measure.h"
#include "message/fail.h"

enum { ROUNDS = 8 };

int
view_reach(struct folder *f, uint32_t uid, char path[FLAGS_NAME],
    int (*act)(int dir, const char *path))
{
	for (int round = 0; round < ROUNDS; round++) {
		struct record r;
		ptrdiff_t i = view_current(f, uid);
		int done;

		if (i == -1 || !index_get(&f->ix, (size_t)i, &r) ||
		    (r.flags & (REC_DEAD | REC_LATE)) == REC_DEAD)
			break;
		file_path(&f->ix, &r, path);
		done = act(f->dir, path);
		if (done != -1 || errno != ENOENT)
			return done;
		f->distrust = true;
		if (sync_disk(f) == -1)
			return -1;
	}
	return fail_as(ENOENT, "message %u of %s is gone", uid, f->name);
}

int
folder_read(struct folder *f, uint32_t number)
{
	char path[FLAGS_NAME];
	struct record r;
	int fd;

	if (view_record(f, number, &r) == -1)
		return -1;
	fd = view_reach(f, r.uid, path, measure_open);
	if (fd != -1 || errno != ENOENT)
		return fd;
	return hold_open(f, index_text(f->at, &r), r.file.base);
}

/* Events beside those of new/ and cur/: the journal was written, the list was
 * changed by Dovecot. */
int
folder_wait(struct folder *f)
{
	if (f->watch != NULL)
		return f->watch->fd;
	f->watch = calloc(1, sizeof(*f->watch));
	if (f->watch == NULL)
		return -1;
	if (watch_open(f->watch, f->dir) == -1 || f->watch->fd == -1)
		return -1;
	if (f->files != -1)
		watch_beside(f->watch, f->files);
	return f->watch->fd;
}
