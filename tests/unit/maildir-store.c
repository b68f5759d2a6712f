#include "maildir/maildir.h"

#include <errno.h>
#include <poll.h>

#include "message/fail.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

struct home {
	struct place p;
	struct store *s;
};

/* A store with "n" messages 1.x 2.x ... of "text" in new/ of INBOX. */
static void
home_make(struct home *h, int n, unsigned options)
{
	place_make(&h->p);
	for (int i = 1; i <= n; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "new/%d.x", i);
		place_put(&h->p, name, "text\n");
	}
	h->s = store_open(h->p.path, NULL, options);
	if (h->s == NULL) {
		(void)printf("%s\n", fail_text());
		exit(1);
	}
}

static void
home_drop(struct home *h)
{
	store_close(h->s);
	place_drop(&h->p);
}

static struct folder *
open_folder(struct home *h, const char *name, bool write)
{
	struct folder *f = folder_open(h->s, name, write);

	if (f == NULL) {
		(void)printf("%s: %s\n", name, fail_text());
		exit(1);
	}
	return f;
}

static int
flag(struct folder *f, uint32_t number, enum change_mode mode, uint32_t flags)
{
	struct change c = { .mode = mode,
		.flags = flags,
		.unchanged_since = UINT64_MAX };
	uint8_t result = 9;

	return folder_change(f, &number, 1, &c, &result) == -1 ? -1 : result;
}

static struct message
get(struct folder *f, uint32_t number)
{
	struct message m = { .uid = 0 };

	CHECK(folder_get(f, number, &m) == 0);
	return m;
}

static bool
here(const struct home *h, const char *path)
{
	return faccessat(h->p.dir, path, F_OK, 0) == 0;
}

TEST(open_for_reading_and_writing)
{
	struct home h;
	struct folder *f;
	struct folder_info i;

	home_make(&h, 3, 0);
	f = open_folder(&h, "INBOX", false);
	folder_info(f, &i);
	CHECK(i.messages == 3 && i.recent == 3 && i.unseen == 3);
	CHECK(i.uidnext == 4 && i.first_unseen == 1 && i.octets == 18);
	CHECK(here(&h, "new/1.x"));
	CHECK((get(f, 1).flags & (FLAG_NEW | FLAG_RECENT)) ==
	    (FLAG_NEW | FLAG_RECENT));
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(here(&h, "cur/1.x:2,") && !here(&h, "new/1.x"));
	CHECK(get(f, 3).flags == FLAG_RECENT);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(get(f, 3).flags == 0);
	folder_info(f, &i);
	CHECK(i.recent == 0);
	folder_close(f);
	home_drop(&h);
}

TEST(sizes_are_counted_once)
{
	struct home h;
	struct folder *f;
	struct message m;

	home_make(&h, 1, 0);
	place_put(&h.p, "cur/9.y:2,S", "a\nb\r\n\n");
	f = open_folder(&h, "INBOX", false);
	m = get(f, 2);
	CHECK(m.size == 6 && m.wire == 8);
	CHECK(m.date > 1000000 && m.saved > 0);
	folder_close(f);
	home_drop(&h);
}

TEST(numbers_stay)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	uint32_t two[] = { 2, 4 };

	home_make(&h, 5, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	CHECK(folder_expunge(b, two, 2, true) == 0);
	place_put(&h.p, "new/6.x", "text\n");
	/* not told yet */
	CHECK(folder_count(a) == 5 && get(a, 5).uid == 5);
	CHECK(folder_sync(a, false, &n) == 1);
	CHECK(n.gones == 0 && n.count == 6);
	CHECK(get(a, 4).uid == 4 && get(a, 6).uid == 6);
	CHECK(folder_sync(a, true, &n) == 1);
	CHECK(n.gones == 2 && n.gone[0] == 4 && n.gone[1] == 2);
	CHECK(n.gone_uid[0] == 4 && n.gone_uid[1] == 2);
	CHECK(n.count == 4 && get(a, 2).uid == 3 && get(a, 4).uid == 6);
	CHECK(folder_number(a, 3) == 2 && folder_number(a, 4) == 3);
	CHECK(folder_number(a, 99) == 5);
	CHECK(folder_sync(a, true, &n) == 0);
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

TEST(an_expunged_message_can_be_read)
{
	struct home h;
	struct folder *a, *b;
	uint32_t one = 1;
	int fd;

	home_make(&h, 2, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	CHECK(folder_expunge(b, &one, 1, true) == 0);
	fd = folder_read(a, 1);
	CHECK(fd != -1);
	(void)close(fd);
	fd = folder_read(a, 2);
	CHECK(fd != -1);
	(void)close(fd);
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

TEST(changes_of_others_are_news_own_ones_not)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;

	home_make(&h, 3, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	CHECK(flag(a, 1, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/1.x:2,S"));
	CHECK(folder_sync(a, true, &n) == 0);
	CHECK(folder_sync(b, true, &n) == 1 && n.changes == 1);
	CHECK(n.changed[0] == 1 && (get(b, 1).flags & FLAG_SEEN) != 0);
	/* one after the other: neither undoes the other's */
	CHECK(flag(b, 1, CHANGE_ADD, FLAG_FLAGGED) == 0);
	CHECK(flag(a, 1, CHANGE_REMOVE, FLAG_SEEN) == 0);
	CHECK(here(&h, "cur/1.x:2,F"));
	CHECK(folder_sync(a, true, &n) == 1 && n.changes == 1);
	/* a program that knows nothing of us */
	CHECK(renameat(h.p.dir, "cur/2.x:2,", h.p.dir, "cur/2.x:2,RS") == 0);
	CHECK(unlinkat(h.p.dir, "cur/3.x:2,", 0) == 0);
	CHECK(folder_sync(a, true, &n) == 1);
	CHECK(n.changes == 1 && n.changed[0] == 2 && n.gones == 1);
	CHECK(get(a, 2).flags == (FLAG_RECENT | FLAG_SEEN | FLAG_ANSWERED));
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

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
	CHECK(folder_expunge(a, some, 3, true) == 0);
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
	CHECK(folder_expunge(f, &one, 1, false) == 0);
	CHECK(folder_sync(f, true, &n) == 1 && n.gones == 1);
	CHECK(folder_expunge(f, &one, 1, false) == 0); /* not \Deleted */
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
	CHECK(folder_expunge(f, &one, 1, true) == 0);
	CHECK(store_quota(h.s, &q) == 0 && q.octets == 20 && q.messages == 1);
	folder_close(f);
	home_drop(&h);
}

TEST(notes_and_signatures)
{
	struct home h;
	struct folder *f;
	struct note n = { .id = 77, .attachment = true }, m;
	uint8_t sig[SIGNATURE] = { 0 };

	home_make(&h, 2, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(!folder_noted(f, 1, &m));
	n.part[NOTE_ENVELOPE] = span("(envelope)");
	n.part[NOTE_FIELDS] = span_n("", 0);
	CHECK(folder_note(f, 1, &n) == 0);
	n.part[NOTE_ENVELOPE] = span("second");
	CHECK(folder_note(f, 2, &n) == 0);
	CHECK(folder_noted(f, 1, &m) && m.id == 77 && m.attachment);
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "(envelope)");
	CHECK(m.part[NOTE_FIELDS].p != NULL && m.part[NOTE_FIELDS].len == 0);
	CHECK(m.part[NOTE_IDS].p == NULL);
	CHECK((get(f, 1).flags & FLAG_ATTACHMENT) != 0 && get(f, 1).id == 77);
	CHECK(folder_may_hold(f, 1, span("anything")) && !folder_signed(f, 1));
	signature_add(sig, span("the quick brown fox"));
	CHECK(folder_sign(f, 1, sig) == 0 && folder_signed(f, 1));
	CHECK(folder_may_hold(f, 1, span("quick bro")));
	CHECK(!folder_may_hold(f, 1, span("lazy dogs")));
	CHECK(folder_may_hold(f, 1, span("zz")));
	folder_close(f);
	f = open_folder(&h, "INBOX", false);
	CHECK(folder_noted(f, 2, &m));
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "second");
	CHECK(folder_signed(f, 1) && !folder_signed(f, 2));
	folder_close(f);
	home_drop(&h);
}

TEST(notes_of_two_programs)
{
	struct home h;
	struct folder *f, *g;
	struct note a = { .id = 5 }, b = { .attachment = true }, m;

	home_make(&h, 1, 0);
	f = open_folder(&h, "INBOX", true);
	g = open_folder(&h, "INBOX", true);
	a.part[NOTE_ENVELOPE] = span("of one");
	b.part[NOTE_MORE] = span("of the other");
	CHECK(folder_note(f, 1, &a) == 0 && folder_note(g, 1, &b) == 0);
	CHECK(folder_noted(f, 1, &m) && m.id == 5 && m.attachment);
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "of one");
	CHECK_SPAN(m.part[NOTE_MORE], "of the other");
	/* the parts of a note that is mapped may be given back */
	m.part[NOTE_PREVIEW] = span("third");
	CHECK(folder_note(f, 1, &m) == 0 && folder_noted(g, 1, &m));
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "of one");
	CHECK_SPAN(m.part[NOTE_PREVIEW], "third");
	folder_close(f);
	folder_close(g);
	home_drop(&h);
}

TEST(notes_follow)
{
	struct home h;
	struct folder *f, *g;
	struct note n = { .id = 9 }, m;
	uint8_t sig[SIGNATURE] = { 0 };
	struct copied c;
	uint32_t number[] = { 2, 3 };

	home_make(&h, 4, 0);
	f = open_folder(&h, "INBOX", true);
	n.part[NOTE_ENVELOPE] = span("three");
	signature_add(sig, span("words of three"));
	CHECK(folder_note(f, 3, &n) == 0 && folder_sign(f, 3, sig) == 0);
	CHECK(store_create(h.s, "Work") == 0);
	CHECK(folder_copy(f, number, 2, "Work", true, &c) == 0 && c.n == 2);
	copied_free(&c);
	g = open_folder(&h, "Work", true);
	CHECK(!folder_noted(g, 1, &m) && !folder_signed(g, 1));
	CHECK(folder_noted(g, 2, &m) && m.id == 9 && get(g, 2).id == 9);
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "three");
	CHECK(folder_signed(g, 2) && !folder_may_hold(g, 2, span("nothing")));
	folder_close(f);
	folder_close(g);
	home_drop(&h);
}

/* A cache of which most is waste is written anew, and neither notes nor
 * signatures are lost by another generation. */
TEST(notes_carried)
{
	enum { BIG = 100000, TIMES = 30 };
	static char big[BIG];
	struct home h;
	struct folder *f;
	struct note n = { .id = 1 }, m;
	uint8_t sig[SIGNATURE] = { 0 };
	struct stat before, after;

	home_make(&h, 3, 0);
	f = open_folder(&h, "INBOX", true);
	signature_add(sig, span("words of three"));
	CHECK(folder_sign(f, 3, sig) == 0);
	for (int i = 0; i < TIMES; i++) {
		(void)memset(big, 'a' + i % 26, BIG);
		n.part[NOTE_MORE] = span_n(big, BIG);
		CHECK(folder_note(f, 2, &n) == 0);
	}
	CHECK(fstatat(h.p.dir, "mailroom-index.cache", &before, 0) == 0);
	place_put(&h.p, "cur/9.x:2,", "a\n"); /* something to look for */
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(fstatat(h.p.dir, "mailroom-index.cache", &after, 0) == 0);
	CHECK(after.st_size < before.st_size / 10);
	CHECK(folder_noted(f, 2, &m) && m.part[NOTE_MORE].len == BIG);
	CHECK(m.part[NOTE_MORE].p[0] == big[0]);
	CHECK(folder_signed(f, 3) && !folder_may_hold(f, 3, span("nothing")));
	CHECK(!folder_signed(f, 2));
	folder_close(f);
	home_drop(&h);
}

TEST(another_generation)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;

	home_make(&h, 4, 0);
	a = open_folder(&h, "INBOX", true);
	CHECK(unlinkat(h.p.dir, "cur/2.x:2,", 0) == 0);
	CHECK(unlinkat(h.p.dir, "mailroom-index", 0) == 0);
	b = open_folder(&h, "INBOX", true);
	CHECK(flag(b, 2, CHANGE_ADD, FLAG_SEEN) == 0); /* UID 3 */
	CHECK(folder_count(a) == 4 && get(a, 2).uid == 2);
	CHECK(folder_sync(a, false, &n) != -1 && n.gones == 0);
	CHECK(get(a, 3).uid == 3 && (get(a, 3).flags & FLAG_SEEN) != 0);
	CHECK(folder_sync(a, true, &n) == 1 && n.gones == 1);
	CHECK(n.gone[0] == 2 && folder_count(a) == 3);
	CHECK(get(a, 2).uid == 3);
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

TEST(without_index_files)
{
	struct home h;
	struct folder *a;
	struct folder_news n;

	home_make(&h, 3, STORE_NO_INDEX);
	a = open_folder(&h, "INBOX", true);
	CHECK(!here(&h, "mailroom-index"));
	CHECK(flag(a, 1, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(renameat(h.p.dir, "cur/2.x:2,", h.p.dir, "cur/2.x:2,T") == 0);
	place_put(&h.p, "new/9.x", "text\n");
	CHECK(folder_sync(a, true, &n) == 1 && n.changes == 1 && n.count == 4);
	CHECK(get(a, 4).uid == 4 && (get(a, 2).flags & FLAG_DELETED) != 0);
	folder_close(a);
	home_drop(&h);
}

TEST(index_elsewhere)
{
	struct home h;
	struct store *s;
	struct folder *f;
	char path[300];

	home_make(&h, 1, 0);
	(void)snprintf(path, sizeof(path), "%s/elsewhere", h.p.path);
	s = store_open(h.p.path, path, 0);
	CHECK(s != NULL && store_create(s, "Work") == 0);
	f = folder_open(s, "INBOX", true);
	CHECK(f != NULL && folder_count(f) == 1);
	folder_close(f);
	f = folder_open(s, "Work", true);
	CHECK(f != NULL);
	folder_close(f);
	CHECK(here(&h, "elsewhere/INBOX/mailroom-index"));
	CHECK(here(&h, "elsewhere/Work/mailroom-index"));
	CHECK(store_rename(s, "Work", "Play") == 0);
	CHECK(here(&h, "elsewhere/Play/mailroom-index"));
	CHECK(!here(&h, "mailroom-index"));
	store_close(s);
	home_drop(&h);
}

/* Whatever octet of the index is changed, what is told stays true. */
TEST(damage)
{
	static const char *const file[] = { "mailroom-index",
		"mailroom-index.names", "mailroom-index.log" };
	struct home h;
	unsigned wrong = 0;

	home_make(&h, 6, 0);
	folder_close(open_folder(&h, "INBOX", true));
	for (unsigned i = 0; i < 900; i++) {
		struct folder *f = open_folder(&h, "INBOX", true);
		int fd = openat(h.p.dir, file[i % 3], O_RDWR);
		off_t at = (off_t)(i / 3 * 7 % 800);
		uint32_t seen = i % 6 + 1;
		char c = 0;

		CHECK(flag(f, seen, i % 2 ? CHANGE_ADD : CHANGE_REMOVE,
			  FLAG_SEEN) == 0);
		(void)!pread(fd, &c, 1, at);
		c = (char)(c ^ (1 << i % 8));
		(void)!pwrite(fd, &c, 1, at);
		(void)close(fd);
		folder_close(f);
		f = open_folder(&h, "INBOX", true);
		wrong += folder_count(f) != 6;
		for (uint32_t n = 1; n <= folder_count(f); n++) {
			struct message m = get(f, n);
			char name[40];

			(void)snprintf(name, sizeof(name), "cur/%u.x:2,%s", n,
			    (m.flags & FLAG_SEEN) != 0 ? "S" : "");
			wrong += m.uid != n || m.wire != 6 || !here(&h, name);
		}
		folder_close(f);
	}
	CHECK(wrong == 0);
	home_drop(&h);
}

TEST(cut_short_while_open)
{
	struct home h;
	struct folder *f;
	struct folder_news n;
	struct message m;
	int fd;

	home_make(&h, 300, 0);
	f = open_folder(&h, "INBOX", true);
	fd = openat(h.p.dir, "mailroom-index", O_RDWR);
	CHECK(ftruncate(fd, 4096) == 0);
	(void)close(fd);
	CHECK(folder_get(f, 300, &m) == -1); /* and no SIGBUS */
	CHECK(folder_sync(f, true, &n) == -1 && errno == ESTALE);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 300 && get(f, 300).uid == 300);
	folder_close(f);
	home_drop(&h);
}

TEST(waiting)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	struct pollfd p = { .events = POLLIN };

	home_make(&h, 2, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	p.fd = folder_wait(a);
	CHECK(folder_sync(a, true, &n) != -1);
	if (p.fd != -1) {
		CHECK(poll(&p, 1, 0) == 0);
		place_put(&h.p, "new/8.x", "text\n");
		CHECK(poll(&p, 1, 1000) == 1);
		CHECK(folder_sync(a, true, &n) == 1 && n.count == 3);
		CHECK(folder_sync(a, true, &n) == 0);
		CHECK(poll(&p, 1, 0) == 0);
		CHECK(flag(b, 1, CHANGE_ADD, FLAG_SEEN) == 0);
		CHECK(poll(&p, 1, 1000) == 1);
		CHECK(folder_sync(a, true, &n) == 1 && n.changes == 1);
	}
	folder_close(a);
	folder_close(b);
	home_drop(&h);
}

TEST(feed)
{
	struct home h;
	struct feed *f;

	home_make(&h, 1, 0);
	CHECK(store_create(h.s, "A") == 0 && store_create(h.s, "B") == 0);
	f = feed_open(h.s);
	if (f != NULL) {
		const char *name;

		CHECK(feed_add(f, "A") == 0 && feed_add(f, "B") == 0);
		CHECK(feed_add(f, "C") == -1);
		CHECK(feed_next(f) == NULL);
		place_put(&h.p, ".B/new/1.x", "x");
		name = feed_next(f);
		CHECK(name != NULL && strcmp(name, "B") == 0);
		CHECK(feed_next(f) == NULL && feed_next(f) == NULL);
		feed_close(f);
	}
	home_drop(&h);
}

TEST(two_files_of_one_base)
{
	struct home h;
	struct folder *f;
	struct folder_news n;

	home_make(&h, 1, 0);
	place_put(&h.p, "cur/1.x:2,S", "other\n");
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_sync(f, true, &n) != -1);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 2);
	CHECK(get(f, 1).uid == 1 && get(f, 2).uid == 2);
	folder_close(f);
	home_drop(&h);
}
