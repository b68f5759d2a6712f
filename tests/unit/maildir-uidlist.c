#include "maildir/uidlist.h"

#include <time.h>

#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static const char file[] = "dovecot-uidlist";

static void
read_list(struct uidlist *l, const struct place *p, const char *text)
{
	place_put(p, file, text);
	CHECK(uidlist_read(l, p->dir) == 0);
}

/* Lock, add the names, commit. */
static void
add(const struct place *p, const char *const *names, size_t n)
{
	struct uidlist l;
	struct dotlock lock;

	CHECK(uidlist_read(&l, p->dir) == 0);
	CHECK(uidlist_lock(&l, &lock) == 0);
	for (size_t i = 0; i < n; i++)
		CHECK(uidlist_add(&l, names[i], NULL) == 0);
	CHECK(uidlist_commit(&l, p->dir) == 0);
	dotlock_drop(&lock);
	uidlist_free(&l);
	CHECK(faccessat(p->dir, "dovecot-uidlist.lock", F_OK, 0) == -1);
}

TEST(as_dovecot_writes_it)
{
	struct place p;
	struct uidlist l;
	const char *v;

	place_make(&p);
	read_list(&l, &p,
	    "3 V1795219426 N9 Ga85e5611e2df006bc820000083ecc375 X1\n"
	    "2 :1795219426.M268000P8388Q1.vm,S=1322,W=1349\n"
	    "5 W1349 P0f3a S7 :b c\n"
	    "6 P :c\n");
	CHECK(!l.rewrite);
	CHECK(l.uidvalidity == 1795219426 && l.uidnext == 9);
	CHECK_STR(l.header, "Ga85e5611e2df006bc820000083ecc375 X1");
	CHECK(l.entries == 3 && l.entry[1].uid == 5);
	CHECK_STR(uidlist_name(&l, 1), "b c");
	CHECK(uidlist_field(&l, 1, 'W', &v) == 4 && strncmp(v, "1349", 4) == 0);
	CHECK(uidlist_field(&l, 1, 'S', &v) == 1);
	CHECK(uidlist_field(&l, 1, 'G', &v) == -1);
	CHECK(uidlist_field(&l, 0, 'W', &v) == -1);
	CHECK(uidlist_field(&l, 2, 'P', &v) == 0);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(uidnext_behind_the_last_line)
{
	struct place p;
	struct uidlist l;

	place_make(&p);
	read_list(&l, &p, "3 V7 N1\n4 :a\n");
	CHECK(l.uidnext == 5 && !l.rewrite);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(version_1)
{
	struct place p;
	struct uidlist l;

	place_make(&p);
	read_list(&l, &p, "1 1234 7\n2 a\n5 b:2,S\n");
	CHECK(l.rewrite && l.uidvalidity == 1234 && l.uidnext == 7);
	CHECK(l.entries == 2);
	CHECK_STR(uidlist_name(&l, 1), "b");
	uidlist_free(&l);
	place_drop(&p);
}

/* Bad lines are left out, good ones keep their UIDs. */
TEST(garbage)
{
	static const char *const bad[] = { "garbage", "", "0 :x", "2 :again",
		"1 :back", "9", "9 ", "9 :", "9 :a/b", "9 W1 x", ":9", "-9 :x",
		"4294967295 :x", "99999999999999999999 :x", "9x :y" };
	struct place p;

	place_make(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uidlist l;
		char text[200];

		(void)snprintf(text, sizeof(text),
		    "3 V7 N30\n2 :a\n%s\n20 :b\n", bad[i]);
		read_list(&l, &p, text);
		CHECK(l.rewrite && l.uidvalidity == 7 && l.uidnext == 30);
		CHECK(l.entries == 2 && l.entry[1].uid == 20);
		uidlist_free(&l);
	}
	place_drop(&p);
}

TEST(no_good_header)
{
	static const char *const bad[] = { "", "\n", "3\n", "3 N4\n",
		"3 V0 N4\n", "2 V1 N1\n", "3 V99999999999 N4\n", "garbage\n",
		"3 V7 N4" };
	struct place p;

	place_make(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uidlist l;

		read_list(&l, &p, bad[i]);
		CHECK(l.rewrite && l.uidvalidity == 0 && l.entries == 0);
		uidlist_free(&l);
	}
	place_drop(&p);
}

/* Half a line is no line, but its UID stays unused. */
TEST(torn)
{
	static const char *const names[] = { "b" };
	struct place p;
	struct uidlist l;

	place_make(&p);
	read_list(&l, &p, "3 V7 N3 Gx\n2 :a\n3 :torn.na");
	CHECK(l.rewrite && l.entries == 1 && l.uidnext == 4);
	uidlist_free(&l);
	add(&p, names, 1);
	CHECK_STR(place_get(&p, file), "3 V7 N5 Gx\n2 :a\n4 :b\n");
	place_drop(&p);
}

TEST(append)
{
	static const char *const names[] = { "b,S=1:2,FS", "c" };
	struct place p;
	struct stat before, after;

	place_make(&p);
	place_put(&p, file, "3 V7 N3 Gx\n2 :a\n");
	CHECK(fstatat(p.dir, file, &before, 0) == 0);
	add(&p, names, 2);
	CHECK(fstatat(p.dir, file, &after, 0) == 0);
	CHECK(before.st_ino == after.st_ino);
	CHECK_STR(place_get(&p, file), "3 V7 N3 Gx\n2 :a\n3 :b,S=1\n4 :c\n");
	place_drop(&p);
}

TEST(from_nothing)
{
	static const char *const names[] = { "a", "b" };
	struct place p;
	struct uidlist l;

	place_make(&p);
	add(&p, names, 2);
	CHECK(uidlist_read(&l, p.dir) == 0);
	CHECK(!l.rewrite && l.entries == 2 && l.uidnext == 3);
	CHECK((time_t)l.uidvalidity >= time(NULL) - 60);
	CHECK(l.header[0] == 'G' && strlen(l.header) == 33);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(prune)
{
	struct place p;
	struct uidlist l;
	struct dotlock lock;

	place_make(&p);
	read_list(&l, &p, "3 V7 N9 Gx\n1 :a\n2 W5 :b\n3 :c\n4 :d\n");
	CHECK(uidlist_lock(&l, &lock) == 0);
	l.prune = true;
	l.entry[1].found = 1;
	l.entry[2].found = UIDLIST_KEEP;
	CHECK(uidlist_commit(&l, p.dir) == 0);
	dotlock_drop(&lock);
	CHECK_STR(place_get(&p, file), "3 V7 N9 Gx\n2 W5 :b\n3 :c\n");
	uidlist_free(&l);
	place_drop(&p);
}

TEST(no_uid_left)
{
	static const char *const names[] = { "c" };
	struct place p;
	struct uidlist l;

	place_make(&p);
	place_put(&p, file, "3 V7 N2 Gx\n3 :a\n4294967294 :b\n");
	add(&p, names, 1);
	CHECK(uidlist_read(&l, p.dir) == 0);
	CHECK(l.uidvalidity > 7 && l.entries == 3 && l.uidnext == 4);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(read_again_under_the_lock)
{
	struct place p;
	struct uidlist l;
	struct dotlock lock;

	place_make(&p);
	read_list(&l, &p, "3 V7 N3 Gx\n2 :a\n");
	place_put(&p, file, "3 V7 N3 Gx\n2 :a\n3 :b\n");
	CHECK(uidlist_lock(&l, &lock) == 1);
	CHECK(l.entries == 2 && l.uidnext == 4);
	dotlock_drop(&lock);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(match)
{
	struct place p;
	struct uidlist l;
	struct scan s;

	place_make(&p);
	place_put(&p, "cur/a:2,S", "");
	place_put(&p, "new/b,U=7", ""); /* was b before */
	place_put(&p, "cur/c,S=1", ""); /* two of one stem */
	place_put(&p, "cur/c,S=2:2,", "");
	place_put(&p, "cur/d", "");
	read_list(&l, &p, "3 V7 N9\n1 :a\n2 :b\n3 :c,S=1\n4 :e\n");
	CHECK(scan_run(&s, p.dir) == 0 && s.names == 5 && s.exact);
	CHECK(uidlist_match(&l, &s) == 0);
	for (size_t i = 0; i < s.names; i++) {
		const char *name = scan_text(&s, i);
		unsigned uid = s.name[i].entry;

		CHECK(uid ==
		    (strcmp(name, "a:2,S") == 0	       ? 1 :
			    strcmp(name, "b,U=7") == 0 ? 2 :
			    strcmp(name, "c,S=1") == 0 ? 3 :
							 0));
	}
	CHECK(l.entry[3].found == 0);
	scan_free(&s);
	uidlist_free(&l);
	place_drop(&p);
}

TEST(uidvalidity)
{
	struct place p;
	uint32_t a = 0, b = 0, now = (uint32_t)time(NULL);

	place_make(&p);
	CHECK(uidvalidity_next(p.dir, &a) == 0 && a >= now);
	CHECK(uidvalidity_next(p.dir, &b) == 0 && b > a);
	/* Dovecot's file name alone, with a value of the future */
	place_put(&p, "dovecot-uidvalidity.f0000000", "");
	CHECK(uidvalidity_next(p.dir, &a) == 0 && a == 0xf0000001);
	CHECK(uidvalidity_keep(p.dir, a) == 0);
	CHECK_STR(place_get(&p, "dovecot-uidvalidity"), "f0000001");
	CHECK(faccessat(p.dir, "dovecot-uidvalidity.f0000001", F_OK, 0) == 0);
	place_drop(&p);
}

/* Numbers as long as they can be, of a message each. */
TEST(long_uidls_of_courier)
{
	enum { LINES = 2000 };
	static char text[LINES * 64];
	struct place p;
	struct uidls u;
	char name[16];
	int n = sprintf(text, "/2 1 1\n");

	place_make(&p);
	for (int i = 0; i < LINES; i++)
		n += sprintf(text + n, "%d 1 18446744073709551615:%s\n", i,
		    "18446744073709551615");
	place_put(&p, "courierpop3dsizelist", text);
	CHECK(uidls_read(&u, p.dir) == 0);
	for (int i = 0; i < LINES; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		CHECK_STR(uidls_field(&u, name),
		    "PUID18446744073709551615-18446744073709551615");
	}
	uidls_free(&u);
	place_drop(&p);
}
