#include "maildir/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "maildir/mix.h"
#include "message/fail.h"

static const char magic[8] = "mailroom";

enum {
	LOCK_WAIT = 30, /* seconds */
	CHECKED = offsetof(struct header, check), /* octets */
};

/* Of the record and the name it stands for, which must lie within "names". */
static uint16_t
checksum(const struct index *ix, const struct record *r)
{
	struct name_at file = r->file;
	uint64_t word[8], h = 0;

	/* For each message of each SEARCH: four that need not wait for each
	 * other, and no field of a copy is changed before it is read. */
	file.spare = 0;
	(void)memcpy(word, r, sizeof(*r));
	(void)memcpy(word, &file, sizeof(*word));
	for (size_t i = 0; i < 4; i++)
		word[i] = mix_word(mix_word(i, word[i]), word[4 + i]);
	for (size_t i = 0; i < 4; i++)
		h = mix_word(h, word[i]);
	h ^= mix(r->file.base, ix->names.p + r->file.at, r->file.base) * 3;
	return (uint16_t)(h >> 32 ^ h >> 13 ^ h);
}

void
index_seal(const struct index *ix, struct record *r)
{
	r->file.spare = checksum(ix, r);
}

/* While a writer is at it.  (sched_yield is no call of a sandboxed session.) */
static void
pause_short(void)
{
	struct timespec t = { 0, 1000 };

	(void)nanosleep(&t, NULL);
}

/* Does its name lie within "names", and end there? */
static bool
named(const struct index *ix, const struct record *r)
{
	size_t end = (size_t)r->file.at + r->file.base;

	return r->file.at > 0 && r->file.base > 0 && end < ix->names.mapped &&
	    (ix->names.p[end] == '\0' ||
		((r->flags & REC_VERBATIM) != 0 && ix->names.p[end] == ':'));
}

bool
index_get(const struct index *ix, size_t i, struct record *out)
{
	for (int try = 0; try < 100; try++) { /* a writer may be at it */
		(void)memcpy(out, &ix->r[i], sizeof(*out));
		if (out->uid != 0 && named(ix, out) &&
		    out->file.spare == checksum(ix, out))
			return true;
		if (ix->locked || (try > 2 && ix->h->dirty == 0))
			break; /* nobody is */
		pause_short();
	}
	return false;
}

static uint64_t
boot_id(void)
{
	static uint64_t id;
	char text[64];
	int fd;
	ssize_t n;

	if (id != 0)
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? 0 : read(fd, text, sizeof(text));
	if (fd != -1)
		(void)close(fd);
	id = n > 0 ? mix((size_t)n, text, (size_t)n) : 1;
	return id;
}

void
index_start(void)
{
	(void)boot_id();
}

uint64_t
index_modseq(const struct index *ix)
{
	struct timespec t;
	uint64_t now;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	now = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
	return now > ix->h->modseq ? now : ix->h->modseq + 1;
}

/* ---- opening */

/* A file of ours: regular, of this user, with one name.  ENOENT otherwise, so
 * that it is made anew. */
static int
open_file(int dir, const char *name, bool *writable, struct stat *st)
{
	int fd = -1;

	if (*writable)
		fd = openat(dir, name,
		    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && (!*writable || errno == EACCES || errno == EROFS)) {
		*writable = false;
		fd = openat(dir, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    st->st_uid == geteuid() && st->st_nlink == 1)
		return fd;
	(void)close(fd);
	errno = ENOENT;
	return -1;
}

int
index_follow(struct index *ix)
{
	struct stat st;
	size_t need =
	    INDEX_HEADER + (size_t)ix->h->records * sizeof(struct record);

	if (ix->dir == -1)
		return 0;
	if (need > ix->main.mapped) {
		if (fstat(ix->main.fd, &st) == -1 || (size_t)st.st_size < need)
			return fail_as(EIO, "%s is cut short", INDEX_FILE);
		if (region_map(&ix->main, (size_t)st.st_size, ix->writable) ==
		    -1)
			return -1;
		index_point(ix);
	}
	if (ix->h->names_end > ix->names.mapped) {
		if (fstat(ix->names.fd, &st) == -1 ||
		    (size_t)st.st_size < ix->h->names_end)
			return fail_as(EIO, "%s is cut short", INDEX_NAMES);
		return region_map(&ix->names, (size_t)st.st_size, ix->writable);
	}
	return 0;
}

static bool
at_rest(const struct header *h)
{
	return h->version == INDEX_VERSION && h->dirty == 0 &&
	    h->boot == boot_id() && h->check == mix(CHECKED, h, CHECKED);
}

/* O_NOATIME is for the owner of a file alone: no fstat is needed to see whose
 * it is.  What is no file cannot be read from so. */
bool
index_peek(int dir, const char *path, struct header *h)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_NOATIME |
		    O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS };
	char name[NAME_MAX + sizeof(INDEX_FILE) + 2];
	ssize_t n;
	int fd;

	(void)snprintf(name, sizeof(name), "%s/%s", path, INDEX_FILE);
	fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
	if (fd == -1)
		return false;
	n = pread(fd, h, sizeof(*h), 0);
	(void)close(fd);
	return n == sizeof(*h) && h->version == INDEX_VERSION &&
	    memcmp(h->magic, magic, sizeof(magic)) == 0 && at_rest(h);
}

bool
index_sound(const struct index *ix)
{
	struct header h;

	for (int try = 0; try < 3; try++) {
		(void)memcpy(&h, ix->h, sizeof(h));
		if (at_rest(&h))
			return true;
		pause_short();
	}
	return false;
}

static bool
usable(struct index *ix)
{
	uint64_t generation = 0;

	if (ix->h == NULL || ix->names.p == NULL ||
	    ix->main.mapped < INDEX_HEADER + sizeof(struct record) ||
	    ix->names.mapped < INDEX_NAMES_HEAD ||
	    memcmp(ix->h->magic, magic, sizeof(magic)) != 0 ||
	    ix->h->version != INDEX_VERSION)
		return false;
	(void)memcpy(&generation, ix->names.p, sizeof(generation));
	return generation == ix->h->generation && index_follow(ix) == 0;
}

int
index_open(struct index *ix, int dir)
{
	struct stat st, names;

	*ix = (struct index){ .dir = dir,
		.main.fd = -1,
		.names.fd = -1,
		.writable = true };
	if (dir == -1)
		return 0;
	ix->main.fd = open_file(dir, INDEX_FILE, &ix->writable, &st);
	if (ix->main.fd == -1)
		return errno == ENOENT || errno == ELOOP ?
		    0 :
		    fail("open %s", INDEX_FILE);
	ix->dev = st.st_dev;
	ix->ino = st.st_ino;
	ix->names.fd = open_file(dir, INDEX_NAMES, &ix->writable, &names);
	if (ix->names.fd == -1 || st.st_size < INDEX_HEADER ||
	    names.st_size < INDEX_NAMES_HEAD)
		return 0;
	if (region_map(&ix->main, (size_t)st.st_size, ix->writable) == -1 ||
	    region_map(&ix->names, (size_t)names.st_size, ix->writable) == -1)
		return -1;
	index_point(ix);
	return usable(ix) ? 1 : 0;
}

void
index_close(struct index *ix)
{
	region_close(&ix->main);
	region_close(&ix->names);
	ix->h = NULL;
	ix->r = NULL;
	ix->locked = false;
}

bool
index_replaced(const struct index *ix)
{
	struct stat st;

	if (ix->dir == -1)
		return false;
	return fstatat(ix->dir, INDEX_FILE, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ino != ix->ino || st.st_dev != ix->dev;
}

void
index_unlock(struct index *ix)
{
	if (ix->locked && ix->main.fd != -1)
		while (flock(ix->main.fd, LOCK_UN) == -1 && errno == EINTR)
			continue;
	ix->locked = false;
}

/* An empty file to lock, so that of two processes that find no index one
 * makes it.  Where it cannot be, the index is in memory. */
static void
make_file(struct index *ix)
{
	int fd = openat(ix->dir, INDEX_FILE,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_nlink == 1) {
		ix->main.fd = fd;
		ix->dev = st.st_dev;
		ix->ino = st.st_ino;
		ix->writable = true;
		return;
	}
	if (fd != -1)
		(void)close(fd);
	if ((fd == -1 && errno != ELOOP && errno != EACCES) ||
	    unlinkat(ix->dir, INDEX_FILE, 0) == -1)
		ix->dir = -1;
}

/* Not for ever: a holder that is stopped must not stop everybody. */
static int
take(int fd)
{
	long us = 50;

	for (long waited = 0; flock(fd, LOCK_EX | LOCK_NB) == -1;
	     waited += us) {
		struct timespec t = { 0, us * 1000 };

		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail("lock %s", INDEX_FILE);
		if (waited > LOCK_WAIT * 1000000L)
			return fail_as(EAGAIN, "%s is locked", INDEX_FILE);
		(void)nanosleep(&t, NULL);
		if (us < 4000)
			us *= 2;
	}
	return 0;
}

int
index_lock(struct index *ix)
{
	while (ix->dir != -1 && ix->main.fd == -1)
		make_file(ix);
	if (ix->dir != -1) {
		if (take(ix->main.fd) == -1)
			return -1;
		ix->locked = true;
		if (index_replaced(ix)) {
			index_unlock(ix);
			return 2;
		}
	}
	ix->locked = true;
	return ix->h != NULL && (ix->dir == -1 || usable(ix));
}

void
index_begin(struct index *ix)
{
	ix->h->dirty = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
index_end(struct index *ix)
{
	struct header h = *ix->h;

	h.dirty = 0;
	h.boot = boot_id();
	ix->h->boot = h.boot;
	ix->h->check = mix(CHECKED, &h, CHECKED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ix->h->dirty = 0;
}
