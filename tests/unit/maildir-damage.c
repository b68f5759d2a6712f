#include <errno.h>

#include "maildir/index.h"
#include "tests/unit/maildir-home.h"

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

		CHECK(flag(f, seen, i / 6 % 2 ? CHANGE_REMOVE : CHANGE_ADD,
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
	"mailroom-index.log", "mailroom-index.cache" };

enum { FILES = 4, ROOM = 128 * 1024 };

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

static void
cut(const struct home *h, int file, off_t len)
{
	int fd = openat(h->p.dir, files[file], O_WRONLY);

	CHECK(ftruncate(fd, len) == 0);
	(void)close(fd);
}

/* One bit of it is another one, for whoever has it mapped, too. */
static void
bend(const struct home *h, int file, off_t at)
{
	int fd = openat(h->p.dir, files[file], O_RDWR);
	char c = 0;

	CHECK(pread(fd, &c, 1, at) == 1);
	c = (char)(c ^ 1 << at % 8);
	CHECK(pwrite(fd, &c, 1, at) == 1);
	(void)close(fd);
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

static void
put_all(const struct home *h, const struct kept *k)
{
	for (int i = 0; i < FILES; i++)
		put_back(h, k, i);
}

static const char *const base[] = { "", "1.x", "", "3.x", "4.x", "9.x" };

/* What must be so whatever has become of the index: UIDs 1, 3, 4 and 5 are
 * files 1.x, 3.x, 4.x and 9.x, with the flags of their names; what is known of
 * a text is true.  How much was wrong. */
static unsigned
untrue(struct home *h)
{
	struct folder *f = open_folder(h, "INBOX", true);
	unsigned wrong = folder_count(f) != 4;

	for (uint32_t n = 1; n <= folder_count(f); n++) {
		struct message m = { .uid = 0 };
		struct note note;
		char name[40];

		if (folder_get(f, n, &m) == -1 ||
		    folder_wire(f, n, &m) == -1) { /* it says so: again */
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
	}
	folder_close(f);
	return wrong;
}

/* Message 2 goes, 5 comes, flags change; "old" is from before. */
static void
history(struct home *h, struct kept *old)
{
	struct note n = { .id = 11 };
	struct folder *f;
	uint32_t two = 2;

	home_make(h, 4, STORE_NO_HOLD);
	f = open_folder(h, "INBOX", true);
	n.part[NOTE_ENVELOPE] = span("one");
	CHECK(folder_note(f, 1, &n) == 0);
	folder_close(f);
	keep(h, old);
	f = open_folder(h, "INBOX", true);
	CHECK(folder_expunge(f, &two, 1, true, NULL) == 0);
	place_put(&h->p, "cur/9.x:2,F", "text\n");
	CHECK(flag(f, 3, CHANGE_ADD, FLAG_SEEN) == 0);
	folder_close(f);
	CHECK(untrue(h) == 0);
}

static struct kept old, now;

TEST(files_of_an_older_time)
{
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

static const uint32_t uid_of[] = { 0, 1, 3, 4, 5 };

/* Which of the four files are \Answered, by their names. */
static unsigned
answered(const struct home *h)
{
	unsigned which = 0;

	for (uint32_t n = 1; n <= 4; n++) {
		static const char *const with[] = { "R", "FR", "RS", "FRS" };
		char name[40];

		for (int i = 0; i < 4; i++) {
			(void)snprintf(name, sizeof(name), "cur/%s:2,%s",
			    base[uid_of[n]], with[i]);
			if (here(h, name))
				which |= 1U << n;
		}
	}
	return which;
}

/* What a view says is true, or it says that it cannot. */
static unsigned
told_wrong(struct folder *f)
{
	unsigned wrong = 0;

	for (uint32_t n = 1; n <= 4; n++) {
		struct message m;
		struct note note;

		if (folder_get(f, n, &m) == 0 && folder_wire(f, n, &m) == 0)
			wrong += m.uid != uid_of[n] || m.wire != 6 ||
			    (m.flags & FLAG_DELETED) != 0;
		if (folder_noted(f, n, &note))
			wrong += n != 1 || note.id != 11;
	}
	return wrong;
}

/* Of a view whose index was damaged: what it tells, does and is told.  What it
 * does, it does to message n and to no other. */
static unsigned
misled(struct home *h, struct folder *f, uint32_t n)
{
	struct folder_info info;
	struct folder_news news;
	unsigned wrong, which, only = 1U << n;
	uint32_t number;
	int r;

	number = folder_number(f, uid_of[n]);
	r = flag(f, number, CHANGE_ADD, FLAG_ANSWERED);
	which = answered(h);
	wrong = which != (r == 0 ? only : 0) && which != only;
	if (which != 0) {
		(void)flag(f, number, CHANGE_REMOVE, FLAG_ANSWERED);
		wrong += answered(h) != 0 && answered(h) != only;
	}
	wrong += told_wrong(f);
	folder_info(f, &info);
	info.octets = folder_octets(f);
	wrong += info.messages != 4 || info.uidnext < 6 || info.uidnext > 7 ||
	    info.unseen != 3 || info.deleted != 0 || info.octets != 24;
	r = folder_sync(f, true, &news);
	if (r == -1)
		return wrong + (errno != ESTALE && errno != EIO);
	wrong += news.gones != 0 || news.count != 4 || told_wrong(f);
	if (answered(h) != 0)
		wrong += flag(f, n, CHANGE_REMOVE, FLAG_ANSWERED) != 0;
	return wrong;
}

/* harm(h, file, at) to a good index, and perhaps to a view that is open. */
struct damage {
	void (*harm)(const struct home *, int file, off_t at);
	off_t (*next)(off_t at);
	off_t end; /* of "at", where the file is not shorter */
	bool held;
};

static unsigned
damage_one(struct home *h, const struct damage *d, int file, off_t at)
{
	struct folder *f = NULL;
	struct note note;
	unsigned wrong = 0;

	put_all(h, &now);
	if (d->held) {
		f = open_folder(h, "INBOX", true);
		(void)folder_noted(f, 1, &note); /* so that it is mapped */
	}
	d->harm(h, file, at);
	if (f != NULL) {
		wrong = misled(h, f, (uint32_t)at / 3 % 4 + 1);
		folder_close(f);
	}
	wrong += untrue(h);
	if (wrong > 0)
		(void)printf("%s %lld\n", files[file], (long long)at);
	return wrong;
}

static unsigned
damage_all(const struct damage *d)
{
	struct home h;
	unsigned wrong = 0;

	history(&h, &old);
	keep(&h, &now);
	for (int file = 0; file < FILES; file++)
		for (off_t at = 0; at < now.len[file] && at < d->end;
		     at = d->next(at))
			wrong += damage_one(&h, d, file, at);
	home_drop(&h);
	return wrong;
}

static off_t
lengths(off_t at)
{
	return at + (at < 700 ? 13 : 9001);
}

static off_t
thirds(off_t at)
{
	return at + 3;
}

TEST(files_cut_short)
{
	CHECK(damage_all(&(struct damage){ .harm = cut,
		  .next = lengths,
		  .end = ROOM }) == 0);
}

TEST(files_with_a_bit_more_or_less)
{
	CHECK(damage_all(&(struct damage){ .harm = bend,
		  .next = thirds,
		  .end = 2000 }) == 0);
}

/* SIGBUS, or zeros where something was. */
TEST(files_cut_short_under_a_view)
{
	CHECK(damage_all(&(struct damage){ .harm = cut,
		  .next = lengths,
		  .end = ROOM,
		  .held = true }) == 0);
}

TEST(files_with_a_bit_more_or_less_under_a_view)
{
	CHECK(damage_all(&(struct damage){ .harm = bend,
		  .next = thirds,
		  .end = 700,
		  .held = true }) == 0);
}
