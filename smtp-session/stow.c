#include "smtp-session/stow.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/file.h"
#include "smtp-session/limits.h"

enum { BLOCK = 65536 };

void
stow_close(struct stow *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	*s = (struct stow){ .fd = -1 };
}

int
stow_open(struct stow *s)
{
	if (s->on_disk)
		stow_close(s);
	s->size = 0;
	if (s->fd == -1)
		s->fd = memfd_create("message", MFD_CLOEXEC);
	else if (ftruncate(s->fd, 0) == -1 || lseek(s->fd, 0, SEEK_SET) == -1)
		return fail("empty the memory file");
	return s->fd == -1 ? fail("memory file") : 0;
}

static int
put(struct stow *s, const char *p, size_t len)
{
	if (file_write(s->fd, span_n(p, len)) == -1)
		return fail("write the message");
	s->size += len;
	return 0;
}

int
stow_copy(struct stow *s, struct deliver *d, int fd, off_t from)
{
	char block[BLOCK];
	ssize_t n;

	while ((n = pread(fd, block, sizeof(block), from)) > 0) {
		if (stow_write(s, d, block, (size_t)n) == -1)
			return -1;
		from += n;
	}
	return n == -1 ? fail("read the message") : 0;
}

static int
move_to_disk(struct stow *s, struct deliver *d)
{
	struct stow file = { .fd = deliver_file(d), .on_disk = true };

	if (file.fd == -1) {
		errno = d->error;
		return fail_as(errno, "%s", d->why.p);
	}
	if (stow_copy(&file, d, s->fd, 0) == -1) {
		stow_close(&file);
		return -1;
	}
	stow_close(s);
	*s = file;
	return 0;
}

int
stow_write(struct stow *s, struct deliver *d, const void *p, size_t len)
{
	if (!s->on_disk && s->size + len > SMTP_MEMORY &&
	    move_to_disk(s, d) == -1)
		return -1;
	return put(s, p, len);
}
