#include "maildir/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/file.h"

/* statfs(2): what is on other machines, or may be. */
static const uint32_t remote[] = {
	0x6969, /* NFS */
	0x517b, /* SMB */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB 2 */
	0x00c36400, /* Ceph */
	0x5346414f, /* AFS */
	0x73757245, /* Coda */
	0x01021997, /* 9P */
	0x65735546, /* FUSE */
	0x7461636f, /* OCFS 2 */
	0x01161970, /* GFS 2 */
	0x0bd00bd0, /* Lustre */
	0x47504653, /* GPFS */
	0x19830326, /* BeeGFS */
	0x786f4256, /* VirtualBox */
};

bool
disk_is_local(int dir)
{
	struct statfs fs;

	if (fstatfs(dir, &fs) == -1)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return false;
	return true;
}

int
disk_sync(int dir, const char *sub)
{
	int e, r, fd = openat(dir, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 && errno == EACCES)
		return syncfs(dir) == 0 ? 0 : fail("sync %s", sub);
	if (fd == -1)
		return fail("open %s", sub);
	r = fsync(fd);
	if (r == -1 && errno == EINVAL)
		r = syncfs(fd);
	e = errno;
	(void)close(fd);
	errno = e;
	return r == 0 ? 0 : fail("fsync %s", sub);
}

static int
write_all(int fd, struct span s)
{
	return file_write(fd, s) == -1 ? -1 : fdatasync(fd);
}

int
disk_append(int dir, const char *name, struct span s)
{
	int e, r,
	    fd =
		openat(dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return fail("open %s", name);
	r = fstat(fd, &st);
	if (r == 0 && (r = write_all(fd, s)) == -1) {
		e = errno;
		(void)!ftruncate(fd, st.st_size);
		errno = e;
	}
	e = errno;
	if (close(fd) == -1 && r == 0)
		return fail("close %s", name);
	errno = e;
	return r == 0 ? 0 : fail("append to %s", name);
}

int
disk_replace(int dir, const char *name, struct span s)
{
	char tmp[128];
	int e, r, fd;

	(void)snprintf(tmp, sizeof(tmp), "%.100s.tmp", name);
	if (unlinkat(dir, tmp, 0) == -1 && errno != ENOENT)
		return fail("remove %s", tmp);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return fail("create %s", tmp);
	disk_share(dir, fd);
	r = write_all(fd, s);
	e = errno;
	if (close(fd) == -1 && r == 0) {
		r = -1;
		e = errno;
	}
	errno = e;
	if (r == 0 && renameat(dir, tmp, dir, name) == 0)
		return disk_sync(dir, ".");
	e = errno;
	(void)unlinkat(dir, tmp, 0);
	errno = e;
	return fail("write %s", tmp);
}

/* Those bits that the directory gives; 0: it is no shared one. */
static mode_t
shared_bits(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && (st.st_mode & S_ISGID) != 0 ?
	    st.st_mode & 077 :
	    0;
}

int
disk_mkdir(int dir, const char *name)
{
	mode_t bits;

	if (mkdirat(dir, name, 0700) == -1)
		return -1;
	bits = shared_bits(dir);
	if (bits != 0)
		(void)!fchmodat(dir, name, S_ISGID | 0700 | bits, 0);
	return 0;
}

void
disk_share(int dir, int fd)
{
	mode_t bits = shared_bits(dir) & 066;

	if (bits != 0)
		(void)!fchmod(fd, 0600 | bits);
}
