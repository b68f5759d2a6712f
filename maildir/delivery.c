/* Delivery of one message (maildir(5)), and what a crash leaves of it:
 *
 *	crash after		tmp/	new/	whole	promised
 *	delivery_open, _add	file	-	no	no
 *	delivery_seal		file	-	yes	no
 *	rename in _commit	-	file	yes	no: name may vanish
 *	fsync(new) in _commit	-	file	yes	yes
 *
 * So a reader of new/ never sees part of a message, and what lies in tmp/ for
 * more than 36 hours belongs to nobody.  With linkat in place of renameat2 the
 * third row has the file in both directories: one message, two names. */
#include "maildir/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "message/fail.h"
#include "message/file.h"

enum {
	COPY_SIZE = 64 * 1024,
	TRIES = 16, /* names that may be taken before we call it a fault */
	HOST_LONGEST = 64, /* of our name within a file name */
};

/* Our name as it may stand within a file name: maildir(5) has / and : as
 * octal; the comma would begin S= for a reader. */
static const char *
host(void)
{
	static char clean[HOST_LONGEST + 1];
	char raw[HOST_LONGEST + 1] = "";
	size_t n = 0;

	if (clean[0] != '\0')
		return clean;
	if (gethostname(raw, sizeof(raw) - 1) != 0 || raw[0] == '\0')
		(void)strcpy(raw, "localhost");
	for (const char *p = raw; *p != '\0' && n + 4 < sizeof(clean); p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c >= 0x7f || strchr("/:,", c) != NULL)
			n += (size_t)sprintf(clean + n, "\\%03o", c);
		else
			clean[n++] = *p;
	}
	clean[n] = '\0';
	return clean;
}

/* A name that no other process on this host and no earlier call of this one
 * has made: time, process and a counter. */
void
delivery_name(char base[DELIVERY_NAME])
{
	static unsigned counter;
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	(void)snprintf(base, DELIVERY_NAME, "%lld.M%ldP%ldQ%u.%.*s",
	    (long long)t.tv_sec, t.tv_nsec / 1000, (long)getpid(), ++counter,
	    (int)HOST_LONGEST, host());
}

/* cur is made last: who finds it knows that all three are there. */
static int
make_parts(int dir)
{
	static const char *const part[] = { "tmp", "new", "cur" };
	bool made = false;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if (mkdirat(dir, part[i], 0700) == 0)
			made = true;
		else if (errno != EEXIST)
			return fail("mkdir %s", part[i]);
	}
	return made ? disk_sync(dir, ".") : 0;
}

int
maildir_open(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool made = false;

	if (dir == -1 && errno == ENOENT) {
		made = mkdir(path, 0700) == 0;
		if (!made && errno != EEXIST)
			return fail("mkdir %s", path);
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (dir == -1)
		return fail("open %s", path);
	if (make_parts(dir) == -1 || (made && disk_sync(dir, "..") == -1)) {
		int e = errno;

		(void)close(dir);
		errno = e;
		return -1;
	}
	return dir;
}

int
delivery_open(struct delivery *d, int dir)
{
	char base[DELIVERY_NAME];

	*d = (struct delivery){ .dir = dir, .fd = -1 };
	for (int i = 0; i < TRIES; i++) {
		delivery_name(base);
		(void)snprintf(d->tmp, sizeof(d->tmp), "tmp/%.*s",
		    (int)sizeof(d->tmp) - 5, base);
		d->fd = openat(dir, d->tmp,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (d->fd != -1) {
			disk_share(dir, d->fd);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	(void)fail("create %s", d->tmp);
	d->tmp[0] = '\0';
	return -1;
}

/* Undo everything and pass errno on, so that a failed step ends with
 * "return undo(d)" behind its fail(). */
static int
undo(struct delivery *d)
{
	int e = errno;

	delivery_abort(d);
	errno = e;
	return -1;
}

static void
count(struct delivery *d, const char *p, size_t n)
{
	const char *end = p + n, *lf;

	if (n == 0)
		return;
	d->size += n;
	for (const char *at = p; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL)
			break;
		d->lines++;
		if (lf > p ? lf[-1] == '\r' : d->cr)
			d->crlf++;
	}
	d->cr = end[-1] == '\r';
}

int
delivery_add(struct delivery *d, const void *data, size_t n)
{
	if (file_write(d->fd, span_n(data, n)) == -1) {
		(void)fail("write %s", d->tmp);
		return undo(d);
	}
	count(d, data, n);
	return 0;
}

int
delivery_copy(struct delivery *d, int fd, off_t from)
{
	static char block[COPY_SIZE];

	for (;;) {
		ssize_t r = pread(fd, block, sizeof(block), from);

		if (r == 0)
			return 0;
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1) {
			(void)fail("read the message for %s", d->tmp);
			return undo(d);
		}
		if (delivery_add(d, block, (size_t)r) == -1)
			return -1;
		from += r;
	}
}

int
delivery_seal(struct delivery *d)
{
	uint64_t wire = d->size + d->lines - d->crlf;
	int fd = d->fd;

	if (fsync(fd) == -1) {
		(void)fail("fsync %s", d->tmp);
		return undo(d);
	}
	d->fd = -1;
	if (close(fd) == -1) { /* NFS and quotas tell it here */
		(void)fail("close %s", d->tmp);
		return undo(d);
	}
	(void)snprintf(d->name, sizeof(d->name), "new/%.*s,S=%llu,W=%llu",
	    DELIVERY_NAME - 64, d->tmp + strlen("tmp/"),
	    (unsigned long long)d->size, (unsigned long long)wire);
	return 0;
}

/* Never over an existing file: that would be somebody's mail. */
static int
move(struct delivery *d)
{
	if (renameat2(d->dir, d->tmp, d->dir, d->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(d->dir, d->tmp, d->dir, d->name, 0) == -1)
		return -1;
	(void)unlinkat(d->dir, d->tmp, 0);
	return 0;
}

int
delivery_commit(struct delivery *d)
{
	if (move(d) == -1) {
		(void)fail("rename %s to %s", d->tmp, d->name);
		return undo(d);
	}
	d->tmp[0] = '\0';
	if (disk_sync(d->dir, d->name[0] == 'c' ? "cur" : "new") == -1) {
		int e = errno;

		(void)unlinkat(d->dir, d->name, 0);
		errno = e;
		return -1;
	}
	d->visible = true;
	return 0;
}

void
delivery_abort(struct delivery *d)
{
	if (d->fd != -1)
		(void)close(d->fd);
	d->fd = -1;
	if (d->tmp[0] != '\0')
		(void)unlinkat(d->dir, d->tmp, 0);
	d->tmp[0] = '\0';
}
