/* MAY HOLD ROOT: called by the monitor. */
#include "smtp-session/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"

enum { LOCK_TRIES = 2000 }; /* of a millisecond: a holder may be stopped */

static int
lock(int fd, const char *path)
{
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail("lock %s", path);
		if (i == LOCK_TRIES)
			return fail_as(EAGAIN, "%s stays locked", path);
		(void)usleep(1000);
	}
	return 0;
}

int
table_open(const char *run, const char *name, int flags)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", run, name);
	flags |= O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	fd = open(path, flags, 0600);
	if (fd == -1 && errno == ENOENT && (flags & O_CREAT) != 0 &&
	    mkdir(run, 0700) == 0 && chmod(run, 0755) == 0)
		fd = open(path, flags, 0600);
	if (fd == -1)
		return fail("%s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
		(void)fail_as(EPERM, "%s: not a file of ours alone", path);
	else if (lock(fd, path) == 0)
		return fd;
	(void)close(fd);
	return -1;
}
