#include "message/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "message/fail.h"

int
file_write(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		s = span_from(s, (size_t)n);
	}
	return 0;
}

ssize_t
file_read(int fd, void *p, size_t n, off_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r =
		    pread(fd, (char *)p + done, n - done, at + (off_t)done);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int
file_sync_names(int dir, const char *sub)
{
	int fd = openat(dir, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd == -1)
		return fail("open %s", sub);
	r = fsync(fd);
	if (r == -1)
		(void)fail("fsync %s", sub);
	(void)close(fd);
	return r;
}
