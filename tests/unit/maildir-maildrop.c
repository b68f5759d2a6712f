#include "maildir/maildrop.h"

#include <errno.h>

#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static int
open_all(struct maildrop *d, const char *path)
{
	return maildrop_open(d, path) == 0 ? maildrop_look(d) : -1;
}

static const struct maildrop_message *
open_one(struct maildrop *d, const struct place *p)
{
	if (open_all(d, p->path) == -1 || d->messages != 1) {
		CHECK(!"one message");
		exit(1);
	}
	return &d->message[0];
}

static const char *
name(struct maildrop *d, size_t i)
{
	static char path[FLAGS_NAME];

	maildrop_name(d, i, path);
	return path + strlen("cur/");
}

TEST(sizes)
{
	static const struct {
		const char *name, *text;
		uint64_t size, wire;
	} row[] = {
		{ "new/1.a", "a\nb\n", 4, 6 },
		{ "new/1.a", "a\r\nb\n\r", 6, 9 }, /* one more line end */
		{ "new/1.a", "a\nb", 3, 6 },
		{ "cur/1.a,S=3,W=4:2,S", "a\nb", 3, 6 },
		{ "new/1.a", "", 0, 0 },
		{ "new/1.a,S=4,W=6", "a\nb\n", 4, 6 },
		{ "cur/1.a,S=4,W=5:2,S", "a\nb\n", 4, 5 }, /* believed */
		{ "cur/1.a,S=5,W=5:2,S", "a\nb\n", 4, 6 }, /* S is wrong */
		{ "cur/1.a,S=4,W=3:2,S", "a\nb\n", 4, 6 }, /* impossible */
		{ "cur/1.a,S=4,W=9:2,S", "a\nb\n", 4, 6 },
		{ "cur/1.a,W=x:2,S", "a\nb\n", 4, 6 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct place p;
		struct maildrop d;
		const struct maildrop_message *m;

		place_make(&p);
		place_put(&p, row[i].name, row[i].text);
		m = open_one(&d, &p);
		CHECK(m->uid == 1);
		CHECK(m->size == row[i].size && m->wire == row[i].wire);
		CHECK(d.octets == row[i].wire);
		maildrop_close(&d);
		/* the second time from the list */
		m = open_one(&d, &p);
		CHECK(m->size == row[i].size && m->wire == row[i].wire);
		maildrop_close(&d);
		place_drop(&p);
	}
}

TEST(order)
{
	struct place p;
	struct maildrop d;

	place_make(&p);
	place_put(&p, "new/10.M10.a", "");
	place_put(&p, "cur/10.M9.a:2,S", "");
	place_put(&p, "new/9.x", "");
	CHECK(open_all(&d, p.path) == 0 && d.messages == 3);
	CHECK_STR(name(&d, 0), "9.x");
	CHECK_STR(name(&d, 1), "10.M9.a:2,S");
	CHECK(d.message[2].uid == 3 && d.uidnext == 4);
	maildrop_close(&d);
	place_put(&p, "new/1.late", "");
	CHECK(open_all(&d, p.path) == 0 && d.messages == 4);
	CHECK_STR(name(&d, 3), "1.late");
	CHECK(d.message[3].uid == 4);
	maildrop_close(&d);
	place_drop(&p);
}

TEST(renamed_meanwhile)
{
	static const char *const now[] = { "cur/1.a:2,S", "cur/1.a:2,",
		"cur/1.a,U=3:2,DFSabc", "cur/1.a:2,RS" };

	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		struct place p;
		struct maildrop d;
		int fd;

		place_make(&p);
		place_put(&p, "new/1.a", "text");
		(void)open_one(&d, &p);
		CHECK(renameat(p.dir, "new/1.a", p.dir, now[i]) == 0);
		fd = maildrop_read(&d, 0);
		CHECK(fd != -1);
		(void)close(fd);
		CHECK(maildrop_remove(&d, 0) == 0);
		CHECK(faccessat(p.dir, now[i], F_OK, 0) == -1);
		CHECK(maildrop_sync(&d) == 0);
		maildrop_close(&d);
		place_drop(&p);
	}
}

TEST(gone)
{
	struct place p;
	struct maildrop d;

	place_make(&p);
	place_put(&p, "new/1.a", "text");
	(void)open_one(&d, &p);
	CHECK(unlinkat(p.dir, "new/1.a", 0) == 0);
	place_put(&p, "new/1.ab", "another");
	CHECK(maildrop_read(&d, 0) == -1 && errno == ENOENT);
	CHECK(maildrop_remove(&d, 0) == 0);
	CHECK(faccessat(p.dir, "new/1.ab", F_OK, 0) == 0);
	maildrop_close(&d);
	/* one that comes back is another message */
	place_put(&p, "new/1.a", "text");
	CHECK(unlinkat(p.dir, "new/1.ab", 0) == 0);
	CHECK(open_all(&d, p.path) == 0 && d.messages == 1);
	maildrop_close(&d);
	place_drop(&p);
}

TEST(swapped_for_a_link)
{
	struct place p;
	struct maildrop d;

	place_make(&p);
	place_put(&p, "new/1.a", "text");
	(void)open_one(&d, &p);
	CHECK(unlinkat(p.dir, "new/1.a", 0) == 0);
	CHECK(symlinkat("/etc/passwd", p.dir, "new/1.a") == 0);
	CHECK(maildrop_read(&d, 0) == -1);
	CHECK(unlinkat(p.dir, "new/1.a", 0) == 0);
	CHECK(mkfifoat(p.dir, "new/1.a", 0600) == 0);
	CHECK(maildrop_read(&d, 0) == -1);
	maildrop_close(&d);
	place_drop(&p);
}

TEST(one_of_two_with_one_base)
{
	struct place p;
	struct maildrop d;

	place_make(&p);
	place_put(&p, "new/1.a", "x");
	place_put(&p, "cur/1.a:2,S", "x");
	(void)open_one(&d, &p);
	maildrop_close(&d);
	(void)open_one(&d, &p);
	maildrop_close(&d);
	place_drop(&p);
}

TEST(uidl)
{
	struct place p;
	struct maildrop d;

	place_make(&p);
	place_put(&p, "dovecot-uidlist",
	    "3 V7 N9\n1 Pabc :1.a\n2 P :1.b\n3 :1.c\n4 Pabc :1.d\n"
	    "5 P\377 :1.e\n");
	place_put(&p, "cur/1.a:2,", "");
	place_put(&p, "cur/1.b:2,", "");
	place_put(&p, "cur/1.c:2,", "");
	place_put(&p, "cur/1.d:2,", "");
	place_put(&p, "cur/1.e:2,", "");
	CHECK(open_all(&d, p.path) == 0 && d.messages == 5);
	CHECK_STR(d.message[0].uidl, "abc");
	CHECK_STR(d.message[1].uidl, "1.b");
	CHECK(d.message[2].uidl == NULL);
	CHECK(d.message[3].uidl == NULL); /* taken */
	CHECK(d.message[4].uidl == NULL); /* not for POP3 */
	maildrop_close(&d);
	place_drop(&p);
}
