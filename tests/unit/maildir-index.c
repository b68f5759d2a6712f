#include "maildir/index.h"

#include <errno.h>

#include "tests/unit/maildir-home.h"

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

TEST(notes)
{
	struct home h;
	struct folder *f;
	struct note n = { .id = 77, .attachment = true }, m;

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
	folder_close(f);
	f = open_folder(&h, "INBOX", false);
	CHECK(folder_noted(f, 2, &m));
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "second");
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
	struct copied c;
	uint32_t number[] = { 2, 3 };

	home_make(&h, 4, 0);
	f = open_folder(&h, "INBOX", true);
	n.part[NOTE_ENVELOPE] = span("three");
	CHECK(folder_note(f, 3, &n) == 0);
	CHECK(store_create(h.s, "Work") == 0);
	CHECK(folder_copy(f, number, 2, "Work", true, &c) == 0 && c.n == 2);
	copied_free(&c);
	g = open_folder(&h, "Work", true);
	CHECK(!folder_noted(g, 1, &m));
	CHECK(folder_noted(g, 2, &m) && m.id == 9 && get(g, 2).id == 9);
	CHECK_SPAN(m.part[NOTE_ENVELOPE], "three");
	folder_close(f);
	folder_close(g);
	home_drop(&h);
}

/* A cache of which most is waste is written anew, and no notes are lost by
 * another generation. */
TEST(notes_carried)
{
	enum { BIG = 100000, TIMES = 30 };
	static char big[BIG];
	struct home h;
	struct folder *f;
	struct note n = { .id = 1 }, m;
	struct stat before, after;

	home_make(&h, 3, 0);
	f = open_folder(&h, "INBOX", true);
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
	folder_close(f);
	home_drop(&h);
}

/* What is learnt later stands beside what is known, and does not repeat it. */
TEST(notes_add_up)
{
	enum { BIG = 100000 };
	static char big[BIG];
	struct home h;
	struct folder *f;
	struct stat st;
	struct note m;

	home_make(&h, 2, 0);
	f = open_folder(&h, "INBOX", true);
	(void)memset(big, 'e', BIG);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < NOTES; i++) {
			struct note n = { .id = 7 };

			n.part[i] = i == NOTE_ENVELOPE ?
			    span_n(big, BIG) :
			    span_n("12345", (size_t)i);
			CHECK(folder_note(f, 1, &n) == 0);
		}
	CHECK(fstatat(h.p.dir, "mailroom-index.cache", &st, 0) == 0);
	CHECK(st.st_size < 3 * BIG);
	CHECK(folder_noted(f, 1, &m) && m.id == 7 && !m.attachment);
	CHECK(m.part[NOTE_ENVELOPE].len == BIG);
	CHECK(memcmp(m.part[NOTE_ENVELOPE].p, big, BIG) == 0);
	for (size_t i = NOTE_ENVELOPE + 1; i < NOTES; i++)
		CHECK(m.part[i].len == i);
	folder_close(f);
	home_drop(&h);
}

/* What a crash left beside the index of a folder goes with it. */
TEST(index_files_go_with_their_folder)
{
	char path[300], left[340];
	struct place p = { .dir = -1 };
	struct store *s;
	int fd;

	place_make(&p);
	(void)snprintf(path, sizeof(path), "%s/index-files", p.path);
	s = store_open(p.path, path, STORE_NO_HOLD);
	CHECK(s != NULL && store_create(s, "Work") == 0);
	folder_close(folder_open(s, "Work", true));
	(void)snprintf(left, sizeof(left), "%s/Work/mailroom-index", path);
	CHECK(access(left, F_OK) == 0);
	(void)snprintf(left, sizeof(left), "%s/Work/mailroom-index.words.new",
	    path);
	fd = open(left, O_WRONLY | O_CREAT, 0600);
	CHECK(fd != -1 && close(fd) == 0);
	CHECK(store_remove(s, "Work") == 0);
	(void)snprintf(left, sizeof(left), "%s/Work", path);
	CHECK(access(left, F_OK) == -1 && errno == ENOENT);
	store_close(s);
	place_drop(&p);
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
