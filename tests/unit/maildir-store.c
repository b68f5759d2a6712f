#include "maildir/maildir.h"

#include <errno.h>
#include <poll.h>

#include "tests/unit/maildir-home.h"

TEST(open_for_reading_and_writing)
{
	struct home h;
	struct folder *f;
	struct folder_info i;

	home_make(&h, 3, 0);
	f = open_folder(&h, "INBOX", false);
	folder_info(f, &i);
	CHECK(i.messages == 3 && i.recent == 3 && i.unseen == 3);
	CHECK(i.uidnext == 4 && i.first_unseen == 1 && i.octets == 0);
	CHECK(folder_octets(f) == 18);
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

TEST(numbers_stay)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	uint32_t two[] = { 2, 4 };

	home_make(&h, 5, 0);
	a = open_folder(&h, "INBOX", true);
	b = open_folder(&h, "INBOX", true);
	CHECK(folder_expunge(b, two, 2, true, NULL) == 0);
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
	CHECK(folder_expunge(b, &one, 1, true, NULL) == 0);
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

/* What the other sessions of a folder hear when one removes or renames it. */
TEST(removed_by_another)
{
	static const char *const how[] = { "remove", "again", "rename", "rm" };
	struct folder_news n;
	struct home h;

	for (int i = 0; i < 4; i++) {
		struct folder *f;
		struct store *s;

		home_make(&h, 1, 0);
		s = store_open(h.p.path, NULL, 0);
		CHECK(s != NULL && store_create(h.s, "Work") == 0);
		place_put(&h.p, ".Work/cur/1.x:2,", "text\n");
		f = open_folder(&h, "Work", true);
		CHECK(folder_sync(f, true, &n) == 0 && n.count == 1);
		if (strcmp(how[i], "rename") == 0) {
			CHECK(store_rename(s, "Work", "Play") == 0);
			CHECK(folder_sync(f, true, &n) == 0 && n.count == 1);
			CHECK(flag(f, 1, CHANGE_ADD, FLAG_SEEN) == 0);
			CHECK(here(&h, ".Play/cur/1.x:2,S"));
		} else if (strcmp(how[i], "rm") == 0) {
			char path[400];

			(void)snprintf(path, sizeof(path), "%s/.Work",
			    h.p.path);
			CHECK(nftw(path, place_rm, 16, FTW_DEPTH) == 0);
		} else
			CHECK(store_remove(s, "Work") == 0);
		if (strcmp(how[i], "again") == 0)
			CHECK(store_create(s, "Work") == 0);
		if (strcmp(how[i], "rename") != 0)
			CHECK(
			    folder_sync(f, true, &n) == -1 && errno == ESTALE);
		folder_close(f);
		store_close(s);
		home_drop(&h);
	}
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

TEST(waiting_for_another_folder)
{
	struct home h;
	struct folder *a, *b;
	struct folder_news n;
	struct pollfd p = { .events = POLLIN };

	home_make(&h, 1, 0);
	CHECK(store_create(h.s, "A") == 0);
	a = open_folder(&h, "INBOX", true);
	CHECK(folder_wait(a) != -1);
	folder_close(a);
	b = open_folder(&h, "A", true);
	p.fd = folder_wait(b);
	CHECK(folder_sync(b, true, &n) != -1);
	place_put(&h.p, "no message", "text\n");
	CHECK(poll(&p, 1, 0) == 0);
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

/* A list of which only the beginning was read is not written back. */
TEST(too_many_subscriptions)
{
	enum { LINES = 70000, LINE = 17 };
	static char text[LINES * LINE + 1];
	struct home h;
	struct stat before, after;

	home_make(&h, 0, 0);
	for (int i = 0; i < LINES; i++)
		(void)sprintf(text + i * LINE, "folder.no.%06d\n", i);
	place_put(&h.p, "subscriptions", text);
	CHECK(fstatat(h.p.dir, "subscriptions", &before, 0) == 0);
	CHECK(store_subscribe(h.s, "Another", true) == -1);
	CHECK(fstatat(h.p.dir, "subscriptions", &after, 0) == 0);
	CHECK(before.st_size == after.st_size);
	home_drop(&h);
}
