#include "maildir/annotations.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/folders.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char of_folder[] = "mailroom-metadata";
static const char of_store[] = ANNOTATIONS_OF_STORE;

enum { FILE_MAX = ANNOTATIONS_MANY * (ANNOTATION_VALUE + 300) };

/* The directory of the file.  They are private: those of a shared folder are
 * with the user's index of it. */
static int
open_dir(struct store *s, const char *folder)
{
	int dir, files;

	if (store_enter(s, folder == NULL ? "INBOX" : folder, &dir, &files) ==
	    -1)
		return -1;
	if (folder != NULL && store_is_shared(s, folder)) {
		(void)close(dir);
		return files == -1 ? fail_as(EACCES, "annotations") : files;
	}
	if (files != -1 && files != dir)
		(void)close(files);
	return dir;
}

static int
read_file(int dir, const char *name, struct buf *b)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char piece[16 * 1024];
	ssize_t n;

	if (fd == -1)
		return errno == ENOENT ? 0 : fail("open %s", name);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(b, piece, (size_t)n);
	(void)close(fd);
	if (n == -1)
		return fail("read %s", name);
	return b->over ? fail_as(E2BIG, "%s is too large", name) : 0;
}

int
annotations_read(struct store *s, const char *folder, struct buf *b)
{
	int dir = open_dir(s, folder), r;

	if (dir == -1)
		return -1;
	r = read_file(dir, folder == NULL ? of_store : of_folder, b);
	(void)close(dir);
	return r;
}

bool
annotations_next(struct span *rest, struct span *entry, struct span *value)
{
	struct span line = span_cut(rest, '\n');
	uint64_t n;

	*entry = span_cut(&line, ' ');
	if (entry->len == 0 || span_number(line, ANNOTATION_VALUE, &n) == -1 ||
	    n >= rest->len || rest->p[n] != '\n')
		return false;
	*value = span_n(rest->p, (size_t)n);
	*rest = span_from(*rest, (size_t)n + 1);
	return true;
}

static void
put(struct buf *b, struct span entry, struct span value)
{
	buf_span(b, entry);
	buf_printf(b, " %zu\n", value.len);
	buf_span(b, value);
	buf_char(b, '\n');
}

/* Old ones that are not set anew, then the new ones.  How many. */
static size_t
merge(struct buf *out, struct span old, const struct annotation *a, size_t n)
{
	struct span entry, value;
	size_t count = 0, i;

	while (annotations_next(&old, &entry, &value)) {
		for (i = 0; i < n && !span_eq(a[i].entry, entry);)
			i++;
		if (i < n)
			continue;
		put(out, entry, value);
		count++;
	}
	for (i = 0; i < n; i++) {
		if (a[i].value.p == NULL)
			continue;
		put(out, a[i].entry, a[i].value);
		count++;
	}
	return count;
}

int
annotations_set(struct store *s, const char *folder, const struct annotation *a,
    size_t n)
{
	const char *name = folder == NULL ? of_store : of_folder;
	int dir = open_dir(s, folder), r = -1;
	struct buf old, new;

	if (dir == -1)
		return -1;
	buf_init(&old, FILE_MAX);
	buf_init(&new, FILE_MAX);
	if (flock(dir, LOCK_EX) == -1)
		(void)fail("lock the folder");
	else if (read_file(dir, name, &old) == 0) {
		if (merge(&new, buf_all(&old), a, n) > ANNOTATIONS_MANY ||
		    new.over)
			(void)fail_as(E2BIG, "too many annotations");
		else
			r = disk_replace(dir, name, buf_all(&new));
	}
	buf_free(&old);
	buf_free(&new);
	(void)close(dir);
	return r;
}
