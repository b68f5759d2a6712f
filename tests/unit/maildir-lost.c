/* The index is taken away, grows, or is only to be read, while a view that has
 * not been synced since is asked. */
#include "maildir/view.h"
#include "tests/unit/maildir-home.h"

enum { MANY = 200 };

/* So many that nobody has asked for the dates of, in a view that may write. */
static struct folder *
some(struct home *h, unsigned options)
{
	char name[40];

	home_make(h, 0, options);
	for (int i = 1; i <= MANY; i++) {
		(void)snprintf(name, sizeof(name), "cur/%d.x:2,", i);
		place_put(&h->p, name, "text\n");
	}
	return open_folder(h, "INBOX", true);
}

static void
take_away(const struct home *h)
{
	CHECK(unlinkat(h->p.dir, "mailroom-index", 0) == 0);
}

TEST(before_the_dates_were_asked_for)
{
	struct home h;
	struct folder *f = some(&h, 0);

	take_away(&h);
	CHECK(get(f, MANY).size == 5 && get(f, MANY).uid == MANY);
	CHECK(!f->ix.locked);
	folder_close(f);
	home_drop(&h);
}

TEST(before_the_names_followed)
{
	const struct change flagged = { .mode = CHANGE_ADD,
		.flags = FLAG_FLAGGED,
		.unchanged_since = UINT64_MAX };
	struct home h;
	struct folder *f = some(&h, STORE_LATE);
	uint32_t number[MANY];

	for (uint32_t i = 0; i < MANY; i++)
		number[i] = i + 1;
	CHECK(folder_change(f, number, MANY, &flagged, NULL) == 0);
	CHECK(folder_is_late(f));
	take_away(&h);
	CHECK(folder_late(f) == 0);
	CHECK(!f->ix.locked && get(f, MANY).uid == MANY);
	folder_close(f);
	home_drop(&h);
}

/* As a full table of files would have it, too. */
TEST(and_none_can_be_made)
{
	struct home h;
	struct folder *f = some(&h, 0);
	struct folder_info info;
	struct folder_news news;

	CHECK(get(f, 1).size == 5);
	take_away(&h);
	CHECK(renameat(h.p.dir, "dovecot-uidlist", h.p.dir, "away") == 0);
	CHECK(mkdirat(h.p.dir, "dovecot-uidlist", 0700) == 0);
	CHECK(folder_sync(f, true, &news) == -1);
	CHECK(get(f, MANY).uid == MANY);
	folder_info(f, &info);
	CHECK(info.messages == MANY && !f->ix.locked);
	CHECK(unlinkat(h.p.dir, "dovecot-uidlist", AT_REMOVEDIR) == 0);
	CHECK(renameat(h.p.dir, "away", h.p.dir, "dovecot-uidlist") == 0);
	CHECK(unlinkat(h.p.dir, "cur/1.x:2,", 0) == 0);
	CHECK(folder_sync(f, true, &news) == 1 && news.gones == 1);
	CHECK(get(f, 1).uid == 2);
	folder_close(f);
	home_drop(&h);
}

/* What others have added is not mapped before the next sync. */
TEST(what_was_added_meanwhile_has_not_vanished)
{
	enum { MORE = 3000 };
	struct home h;
	struct folder *f = some(&h, 0), *other;
	const uint32_t *range;
	char name[40];
	size_t n;

	for (int i = 1; i <= MORE; i++) {
		(void)snprintf(name, sizeof(name), "cur/%d.y:2,", i);
		place_put(&h.p, name, "text\n");
	}
	other = open_folder(&h, "INBOX", true);
	CHECK(folder_count(other) == MANY + MORE);
	CHECK(folder_vanished(f, 1, &range, &n) == 0 && n == 0);
	folder_close(other);
	folder_close(f);
	home_drop(&h);
}

/* Nothing can be kept, so it is looked at each time. */
TEST(only_to_be_read)
{
	struct home h;
	struct folder *f = some(&h, 0), *to;
	struct copied done;

	CHECK(store_create(h.s, "Work") == 0);
	f->ix.writable = false;
	CHECK(folder_octets(f) == (uint64_t)MANY * 6);
	CHECK(folder_copy(f, &(uint32_t){ 7 }, 1, "Work", false, &done) == 0);
	copied_free(&done);
	folder_close(f);
	to = open_folder(&h, "Work", false);
	CHECK(get(to, 1).size == 5 && get(to, 1).wire == 6);
	folder_close(to);
	home_drop(&h);
}
