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

/* ---- every file, damaged in every way */

static const char *const files[] = { "mailroom-index", "mailroom-index.names",
	"mailroom-index.log", "mailroom-index.cache", "mailroom-index.tri" };

enum { FILES = 5, ROOM = 128 * 1024 };

/* One time's content of all of them. */
struct kept {
	char octets[FILES][ROOM];
	ssize_t len[FILES]; /* -1: there was none */
};

static void
keep(const struct home *h, struct kept *k)
{
	for (int i = 0; i < FILES; i++) {
		int fd = openat(h->p.dir, files[i], O_RDONLY);

		k->len[i] = fd == -1 ? -1 : read(fd, k->octets[i], ROOM);
		if (fd != -1)
			(void)close(fd);
	}
}

static int
truncateat(const struct home *h, const char *name, off_t len)
{
	int fd = openat(h->p.dir, name, O_WRONLY);
	int r = ftruncate(fd, len);

	(void)close(fd);
	return r;
}

static void
put_back(const struct home *h, const struct kept *k, int i)
{
	int fd;

	(void)unlinkat(h->p.dir, files[i], 0);
	if (k->len[i] == -1)
		return;
	fd = openat(h->p.dir, files[i], O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, k->octets[i], (size_t)k->len[i]) == k->len[i]);
	(void)close(fd);
}

/* What must be so whatever has become of the index: UIDs 1, 3, 4 and 5 are
 * files 1.x, 3.x, 4.x and 9.x, with the flags of their names; what is known of
 * a text is true.  How much was wrong. */
static unsigned
untrue(struct home *h)
{
	static const char *const base[] = { "", "1.x", "", "3.x", "4.x",
		"9.x" };
	struct folder *f = open_folder(h, "INBOX", true);
	unsigned wrong = folder_count(f) != 4;

	for (uint32_t n = 1; n <= folder_count(f); n++) {
		struct message m = { .uid = 0 };
		struct note note;
		char name[40];

		if (folder_get(f, n, &m) == -1) { /* it says so: again */
			folder_close(f);
			f = open_folder(h, "INBOX", true);
			n = 0;
			continue;
		}
		if (m.uid > 5) {
			wrong++;
			continue;
		}
		(void)snprintf(name, sizeof(name), "cur/%s:2,%s%s", base[m.uid],
		    (m.flags & FLAG_FLAGGED) != 0 ? "F" : "",
		    (m.flags & FLAG_SEEN) != 0 ? "S" : "");
		wrong += m.wire != 6 || !here(h, name);
		if (folder_noted(f, n, &note))
			wrong += m.uid != 1 || note.id != 11;
		wrong += !folder_may_hold(f, n, span("some words"));
	}
	folder_close(f);
	return wrong;
}

/* Message 2 goes, 5 comes, flags change; "old" is from before. */
static void
history(struct home *h, struct kept *old)
{
	struct note n = { .id = 11 };
	uint8_t sig[SIGNATURE] = { 0 };
	struct folder *f;
	uint32_t two = 2;

	home_make(h, 4, STORE_NO_HOLD);
	f = open_folder(h, "INBOX", true);
	signature_add(sig, span("some words of all"));
	n.part[NOTE_ENVELOPE] = span("one");
	CHECK(folder_note(f, 1, &n) == 0);
	for (uint32_t i = 1; i <= 4; i++)
		CHECK(folder_sign(f, i, sig) == 0);
	folder_close(f);
	keep(h, old);
	f = open_folder(h, "INBOX", true);
	CHECK(folder_expunge(f, &two, 1, true) == 0);
	place_put(&h->p, "cur/9.x:2,F", "text\n");
	CHECK(flag(f, 3, CHANGE_ADD, FLAG_SEEN) == 0);
	folder_close(f);
	CHECK(untrue(h) == 0);
}

TEST(files_of_an_older_time)
{
	static struct kept old, now;
	struct home h;
	unsigned wrong = 0;

	history(&h, &old);
	keep(&h, &now);
	for (unsigned mask = 1; mask < 1 << FILES; mask++) {
		for (int i = 0; i < FILES; i++)
			put_back(&h, mask >> i & 1 ? &old : &now, i);
		wrong += untrue(&h);
	}
	CHECK(wrong == 0);
	home_drop(&h);
}

TEST(files_cut_short)
{
	static struct kept old, now;
	struct home h;
	unsigned wrong = 0;

	history(&h, &old);
	keep(&h, &now);
	for (int file = 0; file < FILES; file++)
		for (ssize_t len = 0; len < now.len[file];
		     len += len < 700 ? 13 : 9001) {
			for (int i = 0; i < FILES; i++)
				put_back(&h, &now, i);
			CHECK(truncateat(&h, files[file], len) == 0);
			wrong += untrue(&h);
		}
	CHECK(wrong == 0);
	home_drop(&h);
}

TEST(files_with_a_bit_more_or_less)
{
	static struct kept old, now;
	struct home h;
	unsigned wrong = 0;

	history(&h, &old);
	keep(&h, &now);
	for (int file = 0; file < FILES; file++)
		for (ssize_t at = 0; at < now.len[file] && at < 2000; at += 3) {
			char *p = &now.octets[file][at];

			*p = (char)(*p ^ 1 << at % 8);
			for (int i = 0; i < FILES; i++)
				put_back(&h, &now, i);
			*p = (char)(*p ^ 1 << at % 8);
			wrong += untrue(&h);
		}
	CHECK(wrong == 0);
	home_drop(&h);
}

/* The same while views are open: SIGBUS, or zeros where something was. */
TEST(files_cut_short_under_a_view)
{
	static struct kept old, now;
	struct home h;
	unsigned wrong = 0;

	history(&h, &old);
	keep(&h, &now);
	for (int file = 0; file < FILES; file++) {
		struct folder *f;
		struct message m;
		struct note note;

		for (int i = 0; i < FILES; i++)
			put_back(&h, &now, i);
		f = open_folder(&h, "INBOX", true);
		(void)folder_noted(f, 1, &note);
		(void)folder_signed(f, 1);
		CHECK(truncateat(&h, files[file], 0) == 0);
		for (uint32_t n = 1; n <= 4; n++) {
			(void)folder_get(f, n, &m);
			if (folder_noted(f, n, &note))
				wrong += n != 1 || note.id != 11;
			wrong += !folder_may_hold(f, n, span("some words"));
		}
		(void)flag(f, 1, CHANGE_ADD, FLAG_FLAGGED);
		(void)flag(f, 1, CHANGE_REMOVE, FLAG_FLAGGED);
		folder_close(f);
		wrong += untrue(&h);
	}
	CHECK(wrong == 0);
	home_drop(&h);
}
