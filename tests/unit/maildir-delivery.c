#include "maildir/delivery.h"

#include <dirent.h>
#include <errno.h>

#include "maildir/names.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static int
entries(const struct place *p, const char *sub)
{
	char path[300];
	DIR *d;
	int n = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", p->path, sub);
	d = opendir(path);
	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n - 2;
}

TEST(name)
{
	struct place p;
	struct delivery d;
	uint64_t s = 0, w = 0;

	place_make(&p);
	CHECK(delivery_open(&d, p.dir) == 0);
	CHECK(entries(&p, "tmp") == 1);
	CHECK(delivery_add(&d, "a\r", 2) == 0);
	CHECK(delivery_add(&d, "\nb\n\n", 4) == 0);
	CHECK(delivery_add(&d, "", 0) == 0);
	CHECK(delivery_seal(&d) == 0 && !d.visible);
	CHECK(entries(&p, "new") == 0);
	CHECK(delivery_commit(&d) == 0 && d.visible);
	CHECK(entries(&p, "new") == 1 && entries(&p, "tmp") == 0);
	CHECK(name_size(d.name, 'S', &s) == 0 && s == 6);
	CHECK(name_size(d.name, 'W', &w) == 0 && w == 8);
	CHECK(strncmp(d.name, "new/", 4) == 0);
	CHECK_STR(place_get(&p, d.name), "a\r\nb\n\n");
	delivery_abort(&d); /* has nothing to take back any more */
	CHECK(entries(&p, "new") == 1);
	place_drop(&p);
}

TEST(names_differ)
{
	struct place p;
	struct delivery d[20];

	place_make(&p);
	for (size_t i = 0; i < 20; i++)
		CHECK(delivery_open(&d[i], p.dir) == 0);
	CHECK(entries(&p, "tmp") == 20);
	for (size_t i = 0; i < 20; i++)
		delivery_abort(&d[i]);
	CHECK(entries(&p, "tmp") == 0);
	place_drop(&p);
}

TEST(copy)
{
	enum { BIG = 200000 };
	static char text[BIG];
	uint64_t lf = 0, crlf = 0;
	struct place p;
	struct delivery d;
	int fd;

	place_make(&p);
	for (size_t i = 0; i < BIG; i++)
		text[i] = "ab\r\nc\r\r\n\n"[i % 9];
	fd = openat(p.dir, "in", O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, text, BIG) == BIG);
	CHECK(delivery_open(&d, p.dir) == 0);
	CHECK(delivery_copy(&d, fd, 2) == 0);
	CHECK(d.size == BIG - 2);
	for (size_t i = 2; i < BIG; i++) {
		lf += text[i] == '\n';
		crlf += text[i] == '\n' && i > 2 && text[i - 1] == '\r';
	}
	CHECK(d.lines == lf && d.crlf == crlf);
	delivery_abort(&d);
	(void)close(fd);
	place_drop(&p);
}

TEST(never_over_a_file)
{
	struct place p;
	struct delivery d;

	place_make(&p);
	CHECK(delivery_open(&d, p.dir) == 0);
	CHECK(delivery_add(&d, "x", 1) == 0);
	CHECK(delivery_seal(&d) == 0);
	place_put(&p, d.name, "somebody's mail");
	CHECK(delivery_commit(&d) == -1 && errno == EEXIST);
	CHECK(!d.visible);
	CHECK_STR(place_get(&p, d.name), "somebody's mail");
	CHECK(entries(&p, "tmp") == 0);
	place_drop(&p);
}

TEST(nothing_left_after_a_failure)
{
	struct place p;
	struct delivery d;

	place_make(&p);
	CHECK(delivery_open(&d, p.dir) == 0);
	(void)close(d.fd);
	CHECK(delivery_add(&d, "x", 1) == -1 && errno == EBADF);
	CHECK(entries(&p, "tmp") == 0);
	place_drop(&p);
}

TEST(open)
{
	struct place p;
	char path[300];
	int dir;

	place_make(&p);
	(void)snprintf(path, sizeof(path), "%s/Maildir", p.path);
	dir = maildir_open(path);
	CHECK(dir != -1);
	(void)close(dir);
	/* what a crash between the mkdirs leaves is mended */
	CHECK(unlinkat(p.dir, "Maildir/cur", AT_REMOVEDIR) == 0);
	dir = maildir_open(path);
	CHECK(dir != -1 && faccessat(p.dir, "Maildir/cur", W_OK, 0) == 0);
	(void)close(dir);
	(void)snprintf(path, sizeof(path), "%s/none/Maildir", p.path);
	CHECK(maildir_open(path) == -1 && errno == ENOENT);
	place_put(&p, "file", "");
	(void)snprintf(path, sizeof(path), "%s/file", p.path);
	CHECK(maildir_open(path) == -1 && errno == ENOTDIR);
	place_drop(&p);
}
