#include "maildir/terms.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "maildir/maildir.h"
#include "maildir/search.h"
#include "maildir/terms-part.h"
#include "message/fail.h"
#include "message/fold.h"
#include "message/haystack.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

/* What the words and fields beside an index answer is what a scan finds. */

enum { MOST = 400, LETTER = 4000, NEEDLES = 60 };

#define LONG /* longer than what is kept in one piece */   \
	"0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789ABCDEFghijklmnopqrstuvwxyz0123456789abcdef"

static const char words_file[] = "mailroom-index.words";
static const char fields_file[] = "mailroom-index.fields";

static struct place place;
static struct store *store;
static struct folder *folder;
static char letter[MOST][LETTER]; /* that of UID i + 1; "": expunged */
static uint32_t letters;
static uint32_t state;

static uint32_t
any(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return below == 0 ? 0 : (state >> 8) % below;
}

static void
put_letter(char text[LETTER])
{
	static const char *const words[] = { "able", "acid", "Übermut", "naïve",
		"МОСКВА", "日本語の文", "ﬁn-de-siècle", "a", "e-mail",
		"x@y.example", "\xe9t\xe9", "100%",
		"\xe2\x80\x9cquoted\xe2\x80\x9d", LONG };
	const unsigned kinds = sizeof(words) / sizeof(*words);
	size_t n = 0;

	n += (size_t)snprintf(text, LETTER,
	    "From: %s <p%u@x.example>\nTo: %s, b%u@x.example\n%sSubject: "
	    "%s %s%u\nX-Id: <%u.%u@x.example>\n\n",
	    words[any(2)], any(9), words[any(4)], any(9),
	    any(3) == 0 ? "Cc: team@x.example\n" : "", words[any(kinds)],
	    words[any(kinds)], any(50), letters, any(1000));
	for (uint32_t k = any(30); k > 0; k--)
		n += (size_t)snprintf(text + n, LETTER - n, "%s%s",
		    words[any(kinds)], any(6) == 0 ? "\n" : " ");
}

static void
come(uint32_t many)
{
	for (; many > 0 && letters < MOST; many--) {
		char name[40];

		put_letter(letter[letters]);
		(void)snprintf(name, sizeof(name), "new/%u.x",
		    1000000 + letters);
		place_put(&place, name, letter[letters++]);
	}
}

/* With many words in the header. */
static void
come_wordy(uint32_t many)
{
	for (; many > 0; many--) {
		char *text = letter[letters], name[40];
		int n = snprintf(text, LETTER, "X-Words:");

		while (n < LETTER - 20)
			n += snprintf(text + n, LETTER - (size_t)n, " w%d%u", n,
			    letters);
		(void)snprintf(text + n, 20, "\n\nable\n");
		(void)snprintf(name, sizeof(name), "new/%u.x",
		    1000000 + letters);
		place_put(&place, name, letter[letters++]);
	}
}

static void
open_folder(void)
{
	folder = store == NULL ? NULL : folder_open(store, "INBOX", true);
	if (folder == NULL) {
		(void)printf("%s\n", fail_text());
		exit(1);
	}
}

static void
begin(void)
{
	place_make(&place);
	state = 5;
	letters = 0;
	store = store_open(place.path, NULL, 0);
	come(100);
	open_folder();
}

static void
end(void)
{
	folder_close(folder);
	store_close(store);
	place_drop(&place);
}

static bool
scan(const char *text, const struct search_key *k)
{
	struct haystack h;
	bool hit;

	haystack_init(&h);
	hit = text[0] != '\0' && haystack_fill(&h, span(text)) == 0;
	if (hit && k->kind == SEARCH_HEADER) {
		struct span rest = span_n(h.text.p, h.body), line;

		hit = false;
		while (rest.len > 0 && !hit) {
			line = span_cut(&rest, '\0');
			hit = span_starts(line, "subject: ") &&
			    memmem(line.p + 9, line.len - 9, k->text.p,
				k->text.len) != NULL;
		}
	} else if (hit)
		hit = haystack_has(&h, k->text, k->kind == SEARCH_BODY);
	haystack_free(&h);
	return hit;
}

/* Does the search find what is there? */
static bool
agrees(struct search_key *k)
{
	static uint32_t number[MOST];
	struct search *s = search_new(folder, k);
	ptrdiff_t n = search_run(s, NULL, number), at = 0;
	bool good = n >= 0;

	for (uint32_t i = 0; i < folder_count(folder) && good; i++) {
		struct message m;
		bool hit = at < n && number[at] == i + 1;

		good = folder_get(folder, i + 1, &m) == 0 &&
		    scan(letter[m.uid - 1], k) == hit;
		at += hit;
	}
	search_free(s);
	return good;
}

/* Some octets of some text. */
static void
pick(struct buf *needle)
{
	uint32_t i = any(letters), longest = any(4) == 0 ? 90 : 8;
	struct haystack h;
	size_t n = any(longest) + 1, at;

	haystack_init(&h);
	(void)haystack_fill(&h, span(letter[i]));
	at = h.text.len > n ? any((uint32_t)(h.text.len - n)) : 0;
	buf_reset(needle);
	if (h.text.len > n)
		buf_span(needle,
		    span_n(h.text.p + at, strnlen(h.text.p + at, n)));
	if (needle->len == 0)
		buf_str(needle, "nowhere");
	haystack_free(&h);
}

static int
wrong(int many)
{
	static const enum search_kind kinds[] = { SEARCH_TEXT, SEARCH_BODY,
		SEARCH_HEADER };
	struct buf needle;
	int n = 0;

	buf_init(&needle, 1000);
	for (; many > 0; many--) {
		struct search_key k = { .kind = kinds[any(3)],
			.field = span("Subject") };

		pick(&needle);
		k.text = buf_all(&needle);
		n += !agrees(&k);
	}
	buf_free(&needle);
	return n;
}

static off_t
octets(const char *name)
{
	struct stat st;

	return fstatat(place.dir, name, &st, 0) == 0 ? st.st_size : 0;
}

TEST(answers_are_those_of_a_scan)
{
	begin();
	CHECK(wrong(NEEDLES) == 0);
	for (int round = 0; round < 12; round++) {
		folder_close(folder);
		come(any(20) + 1);
		open_folder();
		CHECK(wrong(NEEDLES / 4) == 0);
	}
	CHECK(octets(words_file) > 0 && octets(fields_file) > 0);
	end();
}

/* No message is read for what the words know. */
TEST(words_know_without_a_look)
{
	static const char *const known[] = { "able", "bl", "a", "рмут",
		"москва", "cdef0123456789ab", "u\xcc\x88" };
	bool good = true;

	begin();
	CHECK(wrong(4) == 0);
	for (uint32_t i = 0; i < letters; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "cur/%u.x:2,", 1000000 + i);
		place_put(&place, name, "Subject: another\n\nother\n");
	}
	CHECK(unlinkat(place.dir, "mailroom-index.text", 0) == 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct search_key k = { .kind = SEARCH_BODY,
			.text = span(known[i]) };

		good = good && agrees(&k);
	}
	CHECK(good);
	end();
}

/* Messages that come one by one do not make a part of the file each, and those
 * that go leave nothing for ever. */
TEST(parts_are_few)
{
	struct search_key k = { .kind = SEARCH_BODY, .text = span("able") };
	uint32_t gone[250];
	off_t at_once;

	begin();
	for (int i = 0; i < 200; i++) {
		folder_close(folder);
		come(1);
		open_folder();
		CHECK(agrees(&k));
	}
	at_once = octets(words_file);
	CHECK(unlinkat(place.dir, words_file, 0) == 0 && agrees(&k));
	CHECK(octets(words_file) > 0 &&
	    at_once < octets(words_file) * 4 + (2 << 20));
	for (uint32_t i = 0; i < 250; i++) {
		gone[i] = i + 1;
		letter[i][0] = '\0';
	}
	CHECK(folder_expunge(folder, gone, 250, true, NULL) == 0);
	folder_close(folder);
	come(10);
	open_folder();
	CHECK(wrong(NEEDLES / 4) == 0);
	end();
}

/* Octets that were lost hide nothing, and are made anew. */
static void
damage(const char *name)
{
	int fd, made = 0;

	CHECK(wrong(4) == 0);
	for (int i = 0; i < 150; i++) {
		uint32_t size = (uint32_t)octets(name);
		uint32_t at = any(i % 3 == 0 && size > 400 ? 400 : size);
		unsigned char c = 0;

		if (size == 0) { /* given up at the last search */
			CHECK(wrong(9) == 0);
			made++;
			continue;
		}
		fd = openat(place.dir, name, O_RDWR);
		CHECK(pread(fd, &c, 1, (off_t)at) == 1);
		c ^= (unsigned char)(1u << any(8));
		CHECK(pwrite(fd, &c, 1, (off_t)at) == 1);
		(void)close(fd);
		CHECK(wrong(2) == 0);
	}
	CHECK(made > 0);
	for (off_t cut = octets(name); cut > 0; cut = cut * 2 / 3) {
		fd = openat(place.dir, name, O_RDWR);
		CHECK(fd == -1 || ftruncate(fd, cut) == 0);
		(void)close(fd);
		CHECK(wrong(2) == 0);
	}
}

TEST(words_are_damaged)
{
	begin();
	damage(words_file);
	end();
}

TEST(fields_are_damaged)
{
	begin();
	damage(fields_file);
	end();
}

/* The head of the first part; where its blocks begin. */
static off_t
first_part(struct part_head *h)
{
	const off_t at = 16;
	int fd = openat(place.dir, words_file, O_RDONLY);

	CHECK(pread(fd, h, sizeof(*h), at) == (ssize_t)sizeof(*h));
	(void)close(fd);
	return at + (off_t)part_before(h->size);
}

static void
bend(const char *name, off_t at)
{
	int fd = openat(place.dir, name, O_RDWR);
	char c = 0;

	CHECK(pread(fd, &c, 1, at) == 1);
	c ^= 8;
	CHECK(pwrite(fd, &c, 1, at) == 1);
	(void)close(fd);
}

static bool
has_body(const char *word)
{
	struct search_key k = { .kind = SEARCH_BODY, .text = span(word) };

	return agrees(&k);
}

/* Damage that is seen only when a part is taken in: the file is given up, and
 * the next search makes it anew. */
TEST(part_is_damaged_where_nobody_looked)
{
	struct part_head h;
	off_t blocks, middle;

	begin();
	folder_close(folder);
	come_wordy(4);
	open_folder();
	CHECK(has_body("able"));
	blocks = first_part(&h);
	middle = (h.table[0].index + TERMS_BLOCK - 1) / TERMS_BLOCK *
	    TERMS_BLOCK; /* of what a search in bodies does not need */
	CHECK(middle + TERMS_BLOCK <= h.table[1].index);
	bend(words_file, blocks + middle);
	folder_close(folder);
	come(90);
	open_folder();
	CHECK(has_body("able") && octets(words_file) == 0);
	CHECK(has_body("able") && octets(words_file) > blocks);
	CHECK(wrong(NEEDLES / 4) == 0);
	end();
}

/* Who has the lock for ever, or took the file away, keeps nobody waiting. */
TEST(somebody_holds_the_file)
{
	int fd;

	begin();
	fd = openat(place.dir, words_file, O_RDWR | O_CREAT, 0600);
	CHECK(fd != -1 && flock(fd, LOCK_EX) == 0);
	(void)alarm(60);
	CHECK(has_body("able") && octets(words_file) == 0);
	(void)close(fd);
	CHECK(has_body("able") && octets(words_file) > 0);
	(void)alarm(0);
	end();
}

/* A message with too many words has no place there, nor have they. */
TEST(words_of_too_many)
{
	enum { WORDS = 70000 };
	struct search_key k = { .kind = SEARCH_BODY, .text = span("word7") };
	struct search *s;
	struct buf b;

	begin();
	buf_init(&b, WORDS * 10);
	buf_str(&b, "Subject: x\n\n");
	for (unsigned i = 0; i < WORDS; i++)
		buf_printf(&b, "word%u\n", i);
	place_put(&place, "new/9999999999.y", b.p);
	folder_close(folder);
	open_folder();
	s = search_new(folder, &k);
	CHECK(search_run(s, NULL, NULL) == 1);
	search_free(s);
	CHECK(octets(words_file) > 0 && octets(words_file) < 100000);
	buf_free(&b);
	end();
}

/* Another UIDVALIDITY: other messages have these UIDs. */
TEST(another_uidvalidity)
{
	begin();
	CHECK(wrong(NEEDLES / 4) == 0);
	folder_close(folder);
	store_close(store);
	CHECK(unlinkat(place.dir, "dovecot-uidlist", 0) == 0);
	for (uint32_t i = 0; i < 30; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "cur/%u.x:2,", 1000000 + i);
		CHECK(unlinkat(place.dir, name, 0) == 0);
	}
	memmove(letter[0], letter[30], (size_t)(letters - 30) * LETTER);
	letters -= 30;
	store = store_open(place.path, NULL, 0);
	open_folder();
	CHECK(folder_count(folder) == letters);
	CHECK(wrong(NEEDLES / 2) == 0);
	end();
}
