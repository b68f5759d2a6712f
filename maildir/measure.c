#include "maildir/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/names.h"
#include "message/fail.h"

enum { BLOCK = 64 * 1024 };

int
measure_open(int dir, const char *path)
{
	struct stat st;
	int fd =
	    openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return fail("open %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	return fail_as(EINVAL, "%s is no regular file", path);
}

/* Count LFs without CR: each takes one octet more on the wire. */
static int
count(int dir, const char *path, struct measure *m)
{
	static char block[BLOCK];
	int fd = measure_open(dir, path);
	bool cr = false;
	ssize_t n;

	if (fd == -1)
		return -1;
	m->size = m->wire = 0;
	while ((n = read(fd, block, sizeof(block))) != 0) {
		const char *end = block + (n > 0 ? n : 0), *lf;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		m->size += (uint64_t)n;
		m->wire += (uint64_t)n;
		for (const char *p = block; p < end; p = lf + 1) {
			lf = memchr(p, '\n', (size_t)(end - p));
			if (lf == NULL)
				break;
			m->wire += !(lf > block ? lf[-1] == '\r' : cr);
		}
		cr = end[-1] == '\r';
	}
	(void)close(fd);
	return n == 0 ? 0 : fail("read %s", path);
}

static bool
plausible(uint64_t size, uint64_t wire)
{
	return wire >= size && wire <= size * 2;
}

int
measure(int dir, const char *path, uint64_t wire, struct measure *m)
{
	uint64_t s, w;
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return fail("stat %s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	*m = (struct measure){ .size = (uint64_t)st.st_size,
		.mtime = st.st_mtime,
		.inode = st.st_ino };
	if (name_size(path, 'S', &s) == -1)
		s = m->size;
	if (name_size(path, 'W', &w) == -1)
		w = wire;
	if (s == m->size && w > 0 && plausible(s, w)) {
		m->wire = w;
		return 1;
	}
	if (count(dir, path, m) == 0)
		return 1;
	if (errno != EACCES)
		return -1;
	m->wire = m->size; /* listed, though nobody can read it */
	return 1;
}
