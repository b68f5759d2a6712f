/* New generations of an index: made in memory, put in place of the old one by two
 * renames, the names first.  Between the two, or after a death there, the
 * generation numbers differ and nobody uses either file. */
#include "maildir/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/file.h"

static const char main_tmp[] = INDEX_FILE ".tmp";
static const char names_tmp[] = INDEX_NAMES ".tmp";

enum {
	NAMES_MAX = 0x7fffffff,
	/* A large write is kept in large folios, and who looks at one record in
	 * a map of it has them all. */
	PIECE = 32 * 1024,
};

static int
fresh(int dir, const char *name)
{
	(void)unlinkat(dir, name, 0);
	return openat(dir, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void
start(struct index *ix)
{
	struct timespec t;
	uint64_t generation;

	index_point(ix);
	(void)clock_gettime(CLOCK_REALTIME, &t);
	generation = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	(void)memset(ix->h, 0, sizeof(*ix->h));
	(void)memcpy(ix->h->magic, "mailroom", sizeof(ix->h->magic));
	ix->h->version = INDEX_VERSION;
	ix->h->generation = generation;
	(void)memcpy(ix->names.p, &generation, sizeof(generation));
	ix->h->names_end = INDEX_NAMES_HEAD;
	ix->locked = true;
	index_begin(ix);
}

int
index_new(struct index *ix, size_t records, size_t octets)
{
	*ix = (struct index){ .dir = -1,
		.main.fd = -1,
		.names.fd = -1,
		.writable = true };
	if (region_grow(&ix->main,
		INDEX_HEADER + (records + 1) * sizeof(struct record)) == -1 ||
	    region_grow(&ix->names, INDEX_NAMES_HEAD + octets) == -1)
		return -1;
	start(ix);
	return 0;
}

static int
write_pieces(int fd, const char *p, size_t n)
{
	for (size_t at = 0, piece; at < n; at += piece) {
		piece = n - at < PIECE ? n - at : PIECE;
		if (file_write(fd, span_n(p + at, piece)) == -1)
			return -1;
	}
	return 0;
}

/* Put what a region has into a file, which it is from now on. */
static int
store(struct region *g, int dir, const char *name, size_t used)
{
	int fd = fresh(dir, name);

	if (fd == -1)
		return -1;
	if (write_pieces(fd, g->p, used) == 0) {
		g->fd = fd;
		if (region_map(g, used, true) == 0)
			return 0;
		g->fd = -1;
	}
	(void)close(fd);
	return -1;
}

void
index_publish(struct index *ix)
{
	/* there is always place for one */
	size_t records = ix->h->records == 0 ? 1 : ix->h->records;
	struct stat st;

	if (ix->dir == -1)
		return;
	if (store(&ix->names, ix->dir, names_tmp, ix->h->names_end) == 0 &&
	    store(&ix->main, ix->dir, main_tmp,
		INDEX_HEADER + records * sizeof(struct record)) == 0) {
		index_point(ix);
		if (flock(ix->main.fd, LOCK_EX) == 0 &&
		    fstat(ix->main.fd, &st) == 0 &&
		    renameat(ix->dir, names_tmp, ix->dir, INDEX_NAMES) == 0 &&
		    renameat(ix->dir, main_tmp, ix->dir, INDEX_FILE) == 0) {
			ix->dev = st.st_dev;
			ix->ino = st.st_ino;
			ix->locked = true;
			return;
		}
	}
	(void)unlinkat(ix->dir, main_tmp, 0);
	(void)unlinkat(ix->dir, names_tmp, 0);
	ix->dir = -1;
}

int
index_room(struct index *ix, size_t more)
{
	size_t need =
	    INDEX_HEADER + (ix->h->records + more) * sizeof(struct record);

	if (region_grow(&ix->main, need) == -1)
		return -1;
	index_point(ix);
	return 0;
}

int
index_name(struct index *ix, const char *name, size_t n, uint32_t *at)
{
	size_t end = ix->h->names_end;

	if (end + n + 1 > NAMES_MAX)
		return fail_as(EFBIG, "%s is full", INDEX_NAMES);
	if (region_grow(&ix->names, end + n + 1) == -1)
		return -1;
	(void)memcpy(ix->names.p + end, name, n);
	ix->names.p[end + n] = '\0';
	ix->h->names_end = (uint32_t)(end + n + 1);
	*at = (uint32_t)end;
	return 0;
}

void
index_remove(int dir)
{
	const size_t n = sizeof(INDEX_FILE) - 1;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, INDEX_FILE, n) == 0 &&
		    (e->d_name[n] == '\0' || e->d_name[n] == '.'))
			(void)unlinkat(dir, e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
	else if (fd != -1)
		(void)close(fd);
}
