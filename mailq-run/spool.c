/* Writing an entry: tmp/ID is filled and made durable, then renamed into
 * new/, then the directory is made durable.  Only the last of these is the
 * promise to keep the message.  See spool(5) for what a stop in between
 * leaves. */
#include "mailq-run/spool.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "mailq-run/envelope.h"
#include "message/fail.h"
#include "message/file.h"
#include "session/log.h"

static const char *const directories[] = {
	"tmp",
	"new",
	"due",
	"hold",
	"log",
	"bad",
};

/* Make what is missing below the spool. */
static int
furnish(int spool)
{
	bool made = false;

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories);
	     i++) {
		if (mkdirat(spool, directories[i], 0700) == 0)
			made = true;
		else if (errno != EEXIST)
			return fail("mkdir %s", directories[i]);
	}
	return made ? file_sync_names(spool, ".") : 0;
}

int
spool_open(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && mkdir(path, 0700) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return fail("open %s", path);
	if (fstat(fd, &st) == -1)
		(void)fail("stat %s", path);
	else if (st.st_uid != geteuid())
		(void)fail_as(EPERM, "%s belongs to user %u, not to us (%u)",
		    path, st.st_uid, geteuid());
	else if (furnish(fd) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

bool
spool_id_ok(struct span id)
{
	if (id.len == 0 || id.len >= SPOOL_ID || id.p[0] == '-')
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

/* Create tmp/ID; a generated id that is taken is made anew. */
static int
create(struct spool_draft *d, const char *id)
{
	char name[SPOOL_ID + 8];

	for (int again = 0;; again++) {
		if (id[0] != '\0')
			(void)strlcpy(d->id, id, sizeof(d->id));
		else
			log_id_new(d->id);
		(void)snprintf(name, sizeof(name), "tmp/%s", d->id);
		d->fd = openat(d->spool, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (d->fd != -1)
			return 0;
		if (errno != EEXIST || id[0] != '\0' || again == 10)
			return fail("create %s", name);
	}
}

int
spool_begin(struct spool_draft *d, int spool, const struct spool_envelope *e)
{
	struct spool_envelope named = *e;
	struct buf head;
	int r;

	*d = (struct spool_draft){ .spool = spool, .fd = -1 };
	if (e->id[0] != '\0' && !spool_id_ok(span(e->id)))
		return fail_as(EINVAL, "\"%s\" is no spool id", e->id);
	if (create(d, e->id) == -1)
		return -1;
	(void)strlcpy(named.id, d->id, sizeof(named.id));
	buf_init(&head, SPOOL_HEAD);
	r = spool_envelope_put(&head, &named);
	if (r == 0)
		r = spool_add(d, head.p, head.len);
	buf_free(&head);
	if (r == -1)
		spool_abort(d);
	return r;
}

int
spool_add(struct spool_draft *d, const void *p, size_t len)
{
	return file_write(d->fd, span_n(p, len)) == -1 ?
	    fail("write tmp/%s", d->id) :
	    0;
}

int
spool_copy(struct spool_draft *d, int fd, off_t from)
{
	char block[65536];

	for (;;) {
		ssize_t n = pread(fd, block, sizeof(block), from);

		if (n == 0)
			return 0;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("read the message");
		if (spool_add(d, block, (size_t)n) == -1)
			return -1;
		from += n;
	}
}

int
spool_seal(struct spool_draft *d)
{
	return fsync(d->fd) == 0 ? 0 : fail("fsync tmp/%s", d->id);
}

static void
draft_name(const struct spool_draft *d, bool visible, char *name, size_t size)
{
	const char *dir = d->held ? "hold" : "new";

	(void)snprintf(name, size, "%s/%s", visible ? dir : "tmp", d->id);
}

int
spool_commit(struct spool_draft *d)
{
	char from[SPOOL_ID + 8], to[SPOOL_ID + 8];
	int e;

	draft_name(d, false, from, sizeof(from));
	draft_name(d, true, to, sizeof(to));
	if (renameat2(d->spool, from, d->spool, to, RENAME_NOREPLACE) == -1) {
		(void)fail("rename %s to %s", from, to);
		spool_abort(d);
		return -1;
	}
	d->visible = true;
	if (file_sync_names(d->spool, d->held ? "hold" : "new") == -1) {
		e = errno;
		(void)unlinkat(d->spool, to, 0);
		(void)close(d->fd);
		d->fd = -1;
		errno = e;
		return -1;
	}
	(void)close(d->fd);
	d->fd = -1;
	return 0;
}

void
spool_abort(struct spool_draft *d)
{
	char name[SPOOL_ID + 8];
	int e = errno;

	if (d->fd == -1)
		return;
	draft_name(d, false, name, sizeof(name));
	(void)unlinkat(d->spool, name, 0);
	(void)close(d->fd);
	d->fd = -1;
	errno = e;
}

static void
kick(const char *run, char octet)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int s, n;

	n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/kick", run);
	if (n < 0 || (size_t)n >= sizeof(to.sun_path))
		return;
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s == -1)
		return;
	(void)sendto(s, &octet, 1, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, sizeof(to));
	(void)close(s);
}

void
spool_kick(const char *run)
{
	kick(run, SPOOL_KICK_NEW);
}

void
spool_kick_all(const char *run)
{
	kick(run, SPOOL_KICK_ALL);
}
