#include "maildir/change.h"

#include <errno.h>

#include "tests/unit/maildir-home.h"

TEST(change_of_a_file_that_was_just_renamed)
{
	struct home h;
	struct folder *a;

	home_make(&h, 1, 0);
	a = open_folder(&h, "INBOX", true);
	CHECK(renameat(h.p.dir, "cur/1.x:2,", h.p.dir, "cur/1.x:2,Rk") == 0);
	CHECK(flag(a, 1, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/1.x:2,RSk"));
	CHECK(unlinkat(h.p.dir, "cur/1.x:2,RSk", 0) == 0);
	CHECK(flag(a, 1, CHANGE_REMOVE, FLAG_SEEN) == 2);
	folder_close(a);
	home_drop(&h);
}

/* A name that another program gave since this view looked last. */
TEST(keyword_of_another)
{
	struct home h;
	struct folder *a, *b;
	struct message m;

	home_make(&h, 1, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	CHECK(folder_keywords(a)[5] == NULL);
	CHECK(folder_keyword(b, "later", true) == 5);
	CHECK(folder_change(b, &(uint32_t){ 1 }, 1,
		  &(struct change){ .mode = CHANGE_ADD,
		      .keywords = 1 << 5,
		      .unchanged_since = UINT64_MAX },
		  NULL) == 0);
	m = get(a, 1);
	CHECK(m.keywords == 1 << 5);
	CHECK_STR(folder_keywords(a)[5], "later");
	CHECK(folder_keyword(a, "LATER", false) == 5);
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

/* Each file has its own lines, whatever the other one ends with. */
TEST(keywords_without_an_end)
{
	struct home h;
	struct folder *f;
	const char *const *name;

	home_make(&h, 0, 0);
	place_put(&h.p, "dovecot-keywords", "0 first\n1 second");
	place_put(&h.p, "mailroom-keywords", "26 third");
	f = open_folder(&h, "INBOX", true);
	name = folder_keywords(f);
	CHECK(name[1] != NULL && strcmp(name[1], "second") == 0);
	CHECK(name[26] != NULL && strcmp(name[26], "third") == 0);
	folder_close(f);
	home_drop(&h);
}

TEST(unknown_letters_stay)
{
	struct home h;
	struct folder *a;

	home_make(&h, 0, 0);
	place_put(&h.p, "cur/1.x:2,FSXabcdefghijklmnop", "x");
	place_put(&h.p, "cur/2.x:2,SFa", "x"); /* not in order */
	place_put(&h.p, "cur/3.x", "x");
	place_put(&h.p, "cur/4.x:1,old", "x");
	a = open_folder(&h, "INBOX", true);
	CHECK(folder_count(a) == 4);
	CHECK(get(a, 1).keywords == 0xffff);
	CHECK(flag(a, 1, CHANGE_ADD, FLAG_ANSWERED) == 0);
	CHECK(here(&h, "cur/1.x:2,FRSXabcdefghijklmnop"));
	CHECK(get(a, 2).flags == (FLAG_SEEN | FLAG_FLAGGED));
	CHECK(flag(a, 2, CHANGE_REMOVE, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/2.x:2,Fa"));
	CHECK(flag(a, 3, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/3.x:2,S"));
	CHECK(flag(a, 4, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/4.x:2,S"));
	folder_close(a);
	home_drop(&h);
}

TEST(keywords)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	struct change c = { .mode = CHANGE_ADD, .unchanged_since = UINT64_MAX };
	uint8_t result;
	uint32_t one = 1;
	char name[20];

	home_make(&h, 2, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	(void)folder_keywords(b);
	CHECK(folder_keyword(a, "work", false) == -1 && errno == ENOENT);
	CHECK(folder_keyword(a, "work", true) == 5); /* behind the five */
	CHECK(folder_keyword(a, "WORK", true) == 5);
	CHECK_STR(folder_keywords(a)[0], "$Forwarded");
	CHECK(folder_keyword(a, "no good", true) == -1 && errno == EINVAL);
	c.keywords = 1 << 5;
	CHECK(folder_change(a, &one, 1, &c, &result) == 0 && result == 0);
	CHECK(here(&h, "cur/1.x:2,f"));
	CHECK(folder_sync(b, true, &n) == 1 && n.keywords && n.changes == 1);
	CHECK_STR(folder_keywords(b)[5], "work");
	for (int i = 6; i < KEYWORDS; i++) {
		(void)snprintf(name, sizeof(name), "k%d", i);
		CHECK(folder_keyword(a, name, true) == i);
	}
	CHECK(folder_keyword(a, "more", true) == -1 && errno == ENOSPC);
	c.keywords = (uint64_t)1 << 63;
	CHECK(folder_change(a, &one, 1, &c, &result) == 0 && result == 0);
	CHECK(get(a, 1).keywords == ((uint64_t)1 << 63 | 1 << 5));
	folder_close(a);
	folder_close(b);
	a = open_folder(&h, "INBOX", false);
	CHECK(get(a, 1).keywords == ((uint64_t)1 << 63 | 1 << 5));
	folder_close(a);
	home_drop(&h);
}

TEST(unchanged_since)
{
	struct home h;
	struct folder *a;
	struct change c = { .mode = CHANGE_ADD, .flags = FLAG_SEEN };
	uint32_t both[] = { 1, 2 };
	uint8_t result[2];

	home_make(&h, 2, 0);
	a = open_folder(&h, "INBOX", true);
	c.unchanged_since = get(a, 1).modseq;
	CHECK(flag(a, 2, CHANGE_ADD, FLAG_DRAFT) == 0);
	CHECK(get(a, 2).modseq > c.unchanged_since);
	CHECK(folder_change(a, both, 2, &c, result) == 0);
	CHECK(result[0] == 0 && result[1] == 1);
	folder_close(a);
	home_drop(&h);
}

TEST(vanished)
{
	struct home h;
	struct folder *a;
	struct folder_info i, later;
	struct folder_news news;
	const uint32_t *r;
	uint32_t some[] = { 2, 3, 5 };
	size_t n;

	home_make(&h, 6, 0);
	a = open_folder(&h, "INBOX", true);
	folder_info(a, &i);
	CHECK(folder_expunge(a, some, 3, true, NULL) == 0);
	CHECK(folder_sync(a, true, &news) == 1 && news.gones == 3);
	folder_info(a, &later);
	CHECK(later.modseq > i.modseq);
	CHECK(folder_vanished(a, i.modseq, &r, &n) == 0 && n == 2);
	CHECK(n == 2 && r[0] == 2 && r[1] == 3 && r[2] == 5 && r[3] == 5);
	CHECK(folder_vanished(a, later.modseq, &r, &n) == 0 && n == 0);
	/* without the log: everything that is not there */
	CHECK(unlinkat(h.p.dir, "mailroom-index.log", 0) == 0);
	CHECK(folder_vanished(a, i.modseq, &r, &n) == 0 && n == 2);
	CHECK(folder_vanished(a, 1, &r, &n) == 0 && n == 2);
	folder_close(a);
	home_drop(&h);
}

TEST(copy_and_move)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	struct copied c;
	struct message m;
	uint32_t two[] = { 1, 2 };

	home_make(&h, 3, 0);
	CHECK(store_create(h.s, "Work") == 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "Work", true);
	CHECK(folder_keyword(b, "other", true) == 5);
	CHECK(folder_keyword(a, "mine", true) == 5);
	{
		struct change ch = { .mode = CHANGE_ADD,
			.flags = FLAG_FLAGGED,
			.keywords = 1 << 5,
			.unchanged_since = UINT64_MAX };
		uint8_t result[2];

		CHECK(folder_change(a, two, 2, &ch, result) == 0);
	}
	CHECK(folder_copy(a, two, 2, "Nowhere", false, &c) == -1);
	CHECK(errno == ENOENT);
	copied_free(&c);
	CHECK(folder_copy(a, two, 2, "Work", false, &c) == 0);
	CHECK(c.n == 2 && c.from[1] == 2 && c.to[1] == 2);
	copied_free(&c);
	CHECK(folder_sync(b, true, &n) == 1 && n.count == 2);
	m = get(b, 2);
	CHECK((m.flags & FLAG_FLAGGED) != 0 && m.keywords == 1 << 6);
	CHECK(m.date == get(a, 2).date && m.size == 5);
	CHECK_STR(folder_keywords(b)[6], "mine");
	CHECK(folder_copy(a, two, 2, "Work", true, &c) == 0 && c.n == 2);
	CHECK(c.to[0] == 3);
	copied_free(&c);
	CHECK(folder_sync(a, true, &n) == 1 && n.gones == 2 && n.count == 1);
	CHECK(folder_sync(b, true, &n) == 1 && n.count == 4);
	/* within one folder */
	two[0] = 1;
	CHECK(folder_copy(a, two, 1, "INBOX", true, &c) == 0 && c.n == 1);
	CHECK(c.from[0] == 3 && c.to[0] == 4);
	copied_free(&c);
	CHECK(folder_sync(a, true, &n) == 1 && n.count == 1);
	CHECK(get(a, 1).uid == 4);
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

TEST(append)
{
	struct home h;
	struct folder *f;
	struct copied c;
	struct append *a;
	const char *words[] = { "$Junk" };
	struct message m;
	struct folder_news n;

	home_make(&h, 1, 0);
	CHECK(append_new(h.s, "Nowhere") == NULL && errno == ENOENT);
	f = open_folder(&h, "INBOX", true);
	a = append_new(h.s, "INBOX");
	CHECK(append_begin(a, FLAG_DRAFT, words, 1, 1234567890) == 0);
	CHECK(append_add(a, span("Subject: x\r\n")) == 0);
	CHECK(append_add(a, span("\r\nx\n")) == 0);
	CHECK(append_begin(a, 0, NULL, 0, 0) == 0);
	CHECK(append_add(a, span("y")) == 0);
	CHECK(folder_sync(f, true, &n) == 0); /* not before the commit */
	CHECK(append_commit(a, &c) == 0 && c.n == 2);
	CHECK(c.to[0] == 2 && c.to[1] == 3);
	append_free(a);
	copied_free(&c);
	CHECK(folder_sync(f, true, &n) == 1 && n.count == 3);
	m = get(f, 2);
	CHECK(m.date == 1234567890 && (m.flags & FLAG_DRAFT) != 0);
	CHECK(m.size == 16 && m.wire == 17);
	CHECK_STR(folder_keywords(f)[2], "$Junk");
	CHECK(m.keywords == 1 << 2);
	/* abandoned */
	a = append_new(h.s, "INBOX");
	CHECK(append_begin(a, 0, NULL, 0, 0) == 0);
	append_free(a);
	CHECK(folder_sync(f, true, &n) == 0);
	folder_close(f);
	home_drop(&h);
}

TEST(undelete)
{
	struct home h;
	struct folder *f;
	struct held *held;
	struct folder_news n;
	uint32_t one = 1;
	int fd;

	home_make(&h, 2, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(flag(f, 1, CHANGE_ADD, FLAG_DELETED | FLAG_SEEN) == 0);
	CHECK(folder_expunge(f, &one, 1, false, NULL) == 0);
	CHECK(folder_sync(f, true, &n) == 1 && n.gones == 1);
	CHECK(folder_expunge(f, &one, 1, false, NULL) == 0); /* not \Deleted */
	CHECK(folder_sync(f, true, &n) == 0);
	CHECK(store_held(h.s, "INBOX", &held) == 1);
	CHECK(held[0].size == 5);
	fd = store_read_held(h.s, &held[0]);
	CHECK(fd != -1);
	(void)close(fd);
	CHECK(store_unhold(h.s, &held[0]) == 0);
	CHECK(store_unhold(h.s, &held[0]) == -1);
	free(held);
	CHECK(folder_sync(f, true, &n) == 1 && n.count == 2);
	CHECK(get(f, 2).uid == 3 && (get(f, 2).flags & FLAG_SEEN) != 0);
	CHECK((get(f, 2).flags & FLAG_DELETED) == 0);
	CHECK(store_held(h.s, "INBOX", &held) == 0);
	free(held);
	folder_close(f);
	home_drop(&h);
}

TEST(tidy)
{
	struct home h;
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

	home_make(&h, 0, 0);
	place_put(&h.p, "tmp/young", "x");
	place_put(&h.p, "tmp/changed", "x");
	CHECK(utimensat(h.p.dir, "tmp/changed", old, 0) == 0);
	CHECK(mkdirat(h.p.dir, "expunged", 0700) == 0);
	CHECK(mkdirat(h.p.dir, "expunged/20200101", 0700) == 0);
	CHECK(mkdirat(h.p.dir, "expunged/20200101/INBOX", 0700) == 0);
	place_put(&h.p, "expunged/20200101/INBOX/1.x:2,S", "x");
	CHECK(mkdirat(h.p.dir, "expunged/29990101", 0700) == 0);
	CHECK(store_tidy(h.s, true) == 0);
	CHECK(!here(&h, "expunged/20200101") && here(&h, "expunged/29990101"));
	CHECK(here(&h, "tmp/young") && here(&h, "tmp/changed"));
	home_drop(&h);
}

TEST(folders)
{
	struct home h;
	struct folder_name *l;
	struct folder_info i, j;

	home_make(&h, 1, 0);
	CHECK(store_create(h.s, "Work") == 0);
	CHECK(store_create(h.s, "Work") == -1 && errno == EEXIST);
	CHECK(store_create(h.s, "Work.2026.a") == 0);
	CHECK(store_create(h.s, "a/b") == -1 && errno == EINVAL);
	CHECK(store_create(h.s, ".a") == -1 && store_create(h.s, "a.") == -1);
	CHECK(store_create(h.s, "a..b") == -1 && store_create(h.s, "") == -1);
	CHECK(store_subscribe(h.s, "Work", true) == 0);
	CHECK(store_subscribe(h.s, "Gone.away", true) == 0);
	CHECK(store_list(h.s, &l) == 4);
	CHECK_STR(l[0].name, "INBOX");
	CHECK_STR(l[1].name, "Gone.away");
	CHECK(!l[1].exists && l[1].subscribed);
	CHECK_STR(l[2].name, "Work");
	CHECK(l[2].exists && l[2].subscribed);
	CHECK_STR(l[3].name, "Work.2026.a");
	free(l);
	CHECK(store_subscribe(h.s, "Gone.away", false) == 0);
	CHECK(store_status(h.s, "Work", &i) == 0 && i.messages == 0);
	CHECK(store_remove(h.s, "Work") == 0);
	CHECK(store_remove(h.s, "Work") == -1 && errno == ENOENT);
	CHECK(store_remove(h.s, "INBOX") == -1 && errno == EPERM);
	CHECK(store_create(h.s, "Work") == 0);
	CHECK(store_status(h.s, "Work", &j) == 0);
	CHECK(j.uidvalidity > i.uidvalidity);
	CHECK(store_rename(h.s, "Work", "Play") == 0);
	CHECK(here(&h, ".Play/cur") && here(&h, ".Play.2026.a/cur"));
	CHECK(store_status(h.s, "Play", &i) == 0);
	CHECK(j.uidvalidity == i.uidvalidity);
	CHECK(store_rename(h.s, "Play", "Play.b") == -1 && errno == EINVAL);
	CHECK(store_rename(h.s, "No", "Yes") == -1 && errno == ENOENT);
	CHECK(store_rename(h.s, "INBOX", "Old") == 0);
	CHECK(store_status(h.s, "Old", &i) == 0 && i.messages == 1);
	CHECK(store_status(h.s, "INBOX", &i) == 0 && i.messages == 0);
	home_drop(&h);
}

TEST(quota)
{
	struct home h;
	struct folder *f;
	struct quota q;
	struct append *a;
	struct copied c;
	uint32_t one = 1;

	home_make(&h, 0, 0);
	CHECK(store_quota(h.s, &q) == 0 && q.octets_max == 0);
	place_put(&h.p, "maildirsize", "100S,3C\n          20            1\n");
	CHECK(store_quota(h.s, &q) == 0);
	CHECK(q.octets == 20 && q.messages == 1 && q.octets_max == 100);
	a = append_new(h.s, "INBOX");
	CHECK(append_begin(a, 0, NULL, 0, 0) == 0);
	CHECK(append_add(a, span("0123456789")) == 0);
	CHECK(append_commit(a, &c) == 0);
	append_free(a);
	copied_free(&c);
	CHECK(store_quota(h.s, &q) == 0 && q.octets == 30 && q.messages == 2);
	a = append_new(h.s, "INBOX");
	for (int i = 0; i < 8; i++) {
		if (i == 0)
			CHECK(append_begin(a, 0, NULL, 0, 0) == 0);
		CHECK(append_add(a, span("0123456789")) == 0);
	}
	CHECK(append_commit(a, &c) == -1 && errno == EDQUOT);
	append_free(a);
	copied_free(&c);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 1);
	CHECK(folder_expunge(f, &one, 1, true, NULL) == 0);
	CHECK(store_quota(h.s, &q) == 0 && q.octets == 20 && q.messages == 1);
	folder_close(f);
	home_drop(&h);
}
