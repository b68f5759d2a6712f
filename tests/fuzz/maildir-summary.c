/* The summary: of any header it is whole, and any file of that name is read
 * without harm. */
#include "maildir/summary.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "tests/fuzz/fuzz.h"

static struct store *store;
static int dir = -1;

static void
start(void)
{
	char path[] = "/dev/shm/mailroom-fuzz-XXXXXX";
	int fd;

	if (mkdtemp(path) == NULL)
		abort();
	store = store_open(path, NULL, 0);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	fd = openat(dir, "cur/1.x:2,", O_WRONLY | O_CREAT, 0600);
	if (store == NULL || fd == -1 || write(fd, "From: a\n\nx\n", 11) != 11)
		abort();
	(void)close(fd);
}

/* Behind a head that is right, or as it is. */
static void
put_file(const uint8_t *data, size_t len, uint32_t uidvalidity)
{
	int fd = openat(dir, "mailroom-index.sort",
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);
	const uint32_t head[] = { uidvalidity, 3 };

	if (fd == -1 ||
	    (len % 2 == 0 &&
		(write(fd, "mailsort", 8) != 8 ||
		    write(fd, head, sizeof(head)) != sizeof(head))) ||
	    write(fd, data, len) != (ssize_t)len)
		abort();
	(void)close(fd);
}

static void
whole(const struct summary_entry *e)
{
	PROMISE(e->size >= sizeof(*e) + e->references * 8u);
	for (int i = 0; i < SUMMARY_TEXTS; i++)
		PROMISE((size_t)e->text[i].at + e->text[i].len <= e->size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = exact(data, len);
	const struct summary_entry *e;
	struct folder_info info;
	struct folder *f;
	struct summary *s;
	int64_t when;
	struct buf b;

	if (store == NULL)
		start();
	buf_init(&b, 1 << 20);
	if (summary_make(&b, 1, span_n(copy, len)) == 0)
		whole((const void *)b.p);
	buf_free(&b);
	f = folder_open(store, "INBOX", false);
	PROMISE(f != NULL);
	folder_info(f, &info);
	put_file(data, len, info.uidvalidity);
	s = summary_open(f);
	if (s != NULL)
		(void)summary_sent(s, 1, &when);
	e = s == NULL ? NULL : summary_get(s, 1);
	PROMISE(e != NULL && e->uid == 1);
	whole(e);
	summary_close(s);
	folder_close(f);
	free(copy);
	return 0;
}
