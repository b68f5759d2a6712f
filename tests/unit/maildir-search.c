#include "maildir/search.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "maildir/maildir.h"
#include "message/fail.h"
#include "message/fold.h"
#include "message/haystack.h"
#include "tests/unit/maildir-home.h"
#include "tests/unit/test.h"

enum { MANY = 120 };

static struct home home;
static struct folder *folder;
static struct buf text[MANY]; /* of each message */
static uint64_t state = 7;

static uint32_t
any(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

static const char *
word(void)
{
	static const char *const words[] = { "Report", "meeting", "Grüße",
		"МОСКВА", "offer", "0x1f", "a", "to be",
		"=?utf-8?b?w4k=?=", "<b>bold</b>", "Straße", "ﬁn", "100%",
		"x@y.example" };

	return words[any(sizeof(words) / sizeof(*words))];
}

static void
make_message(struct buf *b)
{
	static const char *const heads[] = {
		"Content-Type: text/plain; charset=utf-8\n\n",
		"Content-Type: text/html; charset=utf-8\n\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n",
		"\n",
	};

	buf_printf(b, "From: %s <%u@example.org>\n", word(), any(30));
	buf_printf(b, "To: %s %s <t%u@example.org>, other\n", word(), word(),
	    any(30));
	if (any(3) == 0)
		buf_printf(b, "Cc: c%u@example.org\n", any(9));
	buf_printf(b, "Subject: %s %s\n", word(), word());
	buf_printf(b, "Date: %u Nov 2026 23:30:00 -0500\n", any(28) + 1);
	buf_printf(b, "X-Other: %s %u\n", word(), any(50));
	buf_str(b, heads[any(4)]);
	for (uint32_t n = any(12); n > 0; n--)
		buf_printf(b, "%s %u\n", word(), any(1000));
}

static void
open_all(void)
{
	place_make(&home.p);
	for (int i = 0; i < MANY; i++) {
		char name[40];

		buf_init(&text[i], 100000);
		make_message(&text[i]);
		(void)snprintf(name, sizeof(name), "new/%d.x", i + 1);
		place_put(&home.p, name, text[i].p);
	}
	home_open(&home, 0);
	folder = open_folder(&home, "INBOX", true);
	if (folder_count(folder) != MANY)
		exit(1);
}

static void
close_all(void)
{
	folder_close(folder);
	for (int i = 0; i < MANY; i++)
		buf_free(&text[i]);
	home_drop(&home);
}

/* Hits as a bit per message. */
static void
hits(struct search_key *k, bool hit[MANY])
{
	uint32_t number[MANY];
	struct search *s = search_new(folder, k);
	ptrdiff_t n = search_run(s, NULL, number);

	memset(hit, 0, MANY * sizeof(*hit));
	CHECK(n >= 0);
	for (ptrdiff_t i = 0; i < n; i++)
		hit[number[i] - 1] = true;
	search_free(s);
}

/* The same by looking at everything. */
static void
scan(enum search_kind kind, const char *field, struct span needle,
    bool hit[MANY])
{
	struct haystack h;

	haystack_init(&h);
	for (int i = 0; i < MANY; i++) {
		struct span rest, line;

		hit[i] = haystack_fill(&h, buf_all(&text[i])) == 0 &&
		    haystack_has(&h, needle, kind == SEARCH_BODY);
		if (kind != SEARCH_HEADER)
			continue;
		hit[i] = false;
		rest = span_n(h.text.p, h.body);
		while (rest.len > 0) {
			line = span_cut(&rest, '\0');
			if (!span_starts(line, field))
				continue;
			line = span_from(line, strlen(field) + 2);
			hit[i] = needle.len == 0 ||
			    memmem(line.p, line.len, needle.p, needle.len) !=
				NULL;
		}
	}
	haystack_free(&h);
}

/* Of 1 to 9 octets from the folded text of some message. */
static void
pick_needle(struct buf *b)
{
	struct haystack h;
	size_t at, n;

	buf_reset(b);
	haystack_init(&h);
	(void)haystack_fill(&h, buf_all(&text[any(MANY)]));
	n = any(9) + 1;
	at = any((uint32_t)(h.text.len - n));
	buf_add(b, h.text.p + at, n);
	n = span_find(buf_all(b), '\0');
	buf_cut(b, n);
	if (b->len == 0 || any(10) == 0)
		buf_str(b, "nowhere");
	haystack_free(&h);
}

/* Whatever is looked for, from files or from what was kept: what a scan finds. */
TEST(same_as_a_scan)
{
	static const char *const fields[] = { "from", "to", "cc", "subject",
		"x-other" };
	bool wanted[MANY], got[MANY];
	struct buf needle;

	open_all();
	buf_init(&needle, 1000);
	for (int round = 0; round < 400; round++) {
		struct search_key k = { .kind = SEARCH_HEADER +
			    (enum search_kind)any(4) };

		if (k.kind == SEARCH_PEOPLE)
			k.kind = SEARCH_HEADER;
		pick_needle(&needle);
		k.field = span(fields[any(5)]);
		k.text = buf_all(&needle);
		scan(k.kind, k.field.p, k.text, wanted);
		hits(&k, got);
		CHECK(memcmp(wanted, got, sizeof(got)) == 0);
		if (round == 200) { /* all from what was kept */
			folder_close(folder);
			folder = folder_open(home.s, "INBOX", true);
		}
	}
	buf_free(&needle);
	close_all();
}

static const char kept[] = "mailroom-index.text";

static off_t
kept_octets(void)
{
	struct stat st;

	return fstatat(home.p.dir, kept, &st, 0) == 0 ? st.st_size : -1;
}

/* The same as a scan, for some texts. */
static int
wrong_hits(int rounds)
{
	bool wanted[MANY], got[MANY];
	struct search_key k = { .kind = SEARCH_TEXT };
	struct buf needle;
	int wrong = 0;

	buf_init(&needle, 1000);
	for (int i = 0; i < rounds; i++) {
		k.kind = any(2) == 0 ? SEARCH_TEXT : SEARCH_BODY;
		pick_needle(&needle);
		k.text = buf_all(&needle);
		scan(k.kind, "", k.text, wanted);
		/* which know too much */
		(void)unlinkat(home.p.dir, "mailroom-index.words", 0);
		hits(&k, got);
		wrong += memcmp(wanted, got, sizeof(got)) != 0;
	}
	buf_free(&needle);
	return wrong;
}

/* A file that is not the one that was read any more is not looked into. */
TEST(texts_are_kept)
{
	struct search_key k = { .kind = SEARCH_TEXT, .text = span("e") };
	bool got[MANY];
	off_t octets;
	char name[40];

	open_all();
	hits(&k, got);
	octets = kept_octets();
	CHECK(octets > MANY * 24);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "cur/%d.x:2,", i + 1);
		CHECK(faccessat(home.p.dir, name, F_OK, 0) == 0);
		place_put(&home.p, name, "Subject: another\n\n");
	}
	CHECK(wrong_hits(20) == 0 && kept_octets() == octets);
	close_all();
}

/* Octets that were lost are read again. */
TEST(texts_are_damaged)
{
	struct search_key k = { .kind = SEARCH_TEXT, .text = span("e") };
	bool got[MANY];
	off_t octets;
	int fd;

	open_all();
	hits(&k, got);
	octets = kept_octets();
	fd = openat(home.p.dir, kept, O_RDWR);
	for (int i = 0; i < 40; i++) {
		unsigned char was = 0, now;
		off_t at = (off_t)any((uint32_t)octets);

		CHECK(pread(fd, &was, 1, at) == 1);
		now = was ^ (unsigned char)(1u << any(8));
		CHECK(pwrite(fd, &now, 1, at) == 1);
		CHECK(wrong_hits(1) == 0);
	}
	CHECK(kept_octets() > octets);
	CHECK(ftruncate(fd, octets / 2) == 0 && wrong_hits(5) == 0);
	CHECK(ftruncate(fd, 3) == 0 && wrong_hits(5) == 0);
	(void)close(fd);
	CHECK(unlinkat(home.p.dir, kept, 0) == 0 && wrong_hits(5) == 0);
	CHECK(kept_octets() > 0);
	close_all();
}

/* Of large messages that are expunged, the texts do not stay for ever. */
TEST(texts_are_given_back)
{
	enum { LARGE = 90, OCTETS = 30000 };
	struct search_key k = { .kind = SEARCH_TEXT, .text = span("zz") };
	static char letter[OCTETS + 1];
	uint32_t gone[LARGE];
	bool got[MANY];
	off_t octets;

	open_all();
	memset(letter, 'z', OCTETS);
	memcpy(letter, "Subject: x\n\n", strlen("Subject: x\n\n"));
	folder_close(folder);
	for (int i = 0; i < LARGE; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "cur/%d.x:2,", i + 1);
		place_put(&home.p, name, letter);
		gone[i] = (uint32_t)i + 1;
	}
	folder = folder_open(home.s, "INBOX", true);
	hits(&k, got);
	octets = kept_octets();
	CHECK(got[0] && octets > (off_t)LARGE * OCTETS);
	CHECK(folder_expunge(folder, gone, LARGE, true, NULL) == 0);
	folder_close(folder);
	place_put(&home.p, "new/9999999999.y", "Subject: y\n\n");
	folder = folder_open(home.s, "INBOX", true);
	CHECK(folder_count(folder) == MANY - LARGE + 1);
	hits(&k, got);
	CHECK(kept_octets() > 0 && kept_octets() < octets / 2);
	octets = kept_octets();
	hits(&k, got);
	CHECK(kept_octets() == octets); /* all of them are there */
	close_all();
}

TEST(trees)
{
	struct search_key text_key = { .kind = SEARCH_TEXT,
		.text = span("moscow") };
	struct search_key flags = { .kind = SEARCH_FLAGS,
		.flags = FLAG_FLAGGED };
	struct search_key both = { .kind = SEARCH_AND, .child = &text_key };
	struct search_key not = { .kind = SEARCH_NOT, .child = &both };
	bool got[MANY];

	open_all();
	text_key.next = &flags;
	hits(&both, got);
	CHECK(both.child == &flags && flags.next == &text_key);
	/* Nobody has the flag, so no text was read. */
	CHECK(!got[0] && kept_octets() == -1);
	hits(&not, got);
	CHECK(got[0] && got[MANY - 1]);
	both.kind = SEARCH_OR;
	hits(&both, got);
	CHECK(!got[0] && kept_octets() > 0);
	close_all();
}

#ifndef MAILROOM_SANITIZE
static void
take_all_memory(void)
{
	const struct rlimit none = { 0, 0 };
	void *volatile p;

	CHECK(setrlimit(RLIMIT_AS, &none) == 0);
	for (size_t n = 1 << 20; n >= 16; n /= 2)
		do
			p = malloc(n);
		while (p != NULL);
}

/* Exit status of a search for which there is no memory: 0 when it says so. */
static int
without_memory(struct search_key *k)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		struct search *s = search_new(folder, k);

		take_all_memory();
		_exit(
		    search_run(s, NULL, NULL) == -1 && errno == ENOMEM ? 0 : 1);
	}
	CHECK(child != -1 && waitpid(child, &status, 0) == child);
	return status;
}

/* What cannot be looked into is not what does not match. */
TEST(no_memory)
{
	struct search_key text_key = { .kind = SEARCH_TEXT,
		.text = span("report") };
	struct search_key from = { .kind = SEARCH_HEADER,
		.field = span("From"),
		.text = span("report") };
	struct search_key other = { .kind = SEARCH_HEADER,
		.field = span("X-Other"),
		.text = span("report") };
	struct search_key day = { .kind = SEARCH_SENT, .high = INT64_MAX };

	open_all();
	CHECK(without_memory(&text_key) == 0);
	CHECK(without_memory(&from) == 0);
	CHECK(without_memory(&other) == 0);
	CHECK(without_memory(&day) == 0);
	close_all();
}
#endif

TEST(numbers)
{
	static const uint32_t range[] = { 2, 3, 7, 7 };
	struct search_key k = { .kind = SEARCH_NUMBERS,
		.range = range,
		.ranges = 2 };
	struct search_key day = { .kind = SEARCH_SENT };
	struct search_key size = { .kind = SEARCH_SIZE,
		.low = 0,
		.high = INT64_MAX };
	bool got[MANY];
	int n = 0;

	open_all();
	hits(&k, got);
	CHECK(!got[0] && got[1] && got[2] && !got[3] && got[6] && !got[7]);
	/* 23:30 in New York is the day there. */
	day.low = 20758; /* 2026-11-01 */
	day.high = day.low + 28;
	hits(&day, got);
	for (int i = 0; i < MANY; i++)
		n += got[i];
	CHECK(n == MANY);
	hits(&size, got);
	CHECK(got[0]);
	close_all();
}
