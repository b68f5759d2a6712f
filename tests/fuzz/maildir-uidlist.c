#include "maildir/uidlist.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static const char file[] = "dovecot-uidlist";

/* A directory of its own, in memory where there is such a place. */
static int
place(void)
{
	static int dir = -1;
	char path[] = "/dev/shm/mailroom-fuzz-XXXXXX";

	if (dir == -1 && mkdtemp(path) != NULL)
		dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dir == -1)
		abort();
	return dir;
}

static void
sound(const struct uidlist *l)
{
	for (size_t i = 0; i < l->entries; i++) {
		const char *name = uidlist_name(l, i), *v;

		PROMISE(l->entry[i].uid > 0);
		PROMISE(i == 0 || l->entry[i].uid > l->entry[i - 1].uid);
		PROMISE(l->entry[i].uid < l->uidnext);
		PROMISE(*name != '\0' && strpbrk(name, "/\n:") == NULL);
		(void)uidlist_field(l, i, 'P', &v);
	}
}

/* Whatever the file holds: what is read is in order, and what is written then
 * reads the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int dir = place(), fd;
	struct uidlist a, b;

	fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	PROMISE(fd != -1 && write(fd, data, len) == (ssize_t)len);
	(void)close(fd);
	PROMISE(uidlist_read(&a, dir) == 0);
	sound(&a);
	PROMISE(uidlist_add(&a, "fuzz.new,S=1:2,S", "W1") == 0);
	a.rewrite = true;
	PROMISE(uidlist_commit(&a, dir) == 0);
	sound(&a);
	PROMISE(uidlist_read(&b, dir) == 0);
	sound(&b);
	PROMISE(!b.rewrite && b.uidvalidity == a.uidvalidity);
	PROMISE(b.uidnext == a.uidnext && b.entries == a.entries);
	for (size_t i = 0; i < a.entries; i++)
		PROMISE(a.entry[i].uid == b.entry[i].uid &&
		    strcmp(uidlist_name(&a, i), uidlist_name(&b, i)) == 0);
	uidlist_free(&a);
	uidlist_free(&b);
	return 0;
}
