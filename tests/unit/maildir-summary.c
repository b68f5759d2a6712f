#include "maildir/summary.h"

#include "maildir/maildir.h"
#include "message/fail.h"
#include "tests/unit/maildir-home.h"
#include "tests/unit/test.h"

enum { MANY = 20 };

static const char file[] = "mailroom-index.sort";

static struct home home;
static struct folder *folder;

static void
open_all(void)
{
	char name[40], text[200];

	place_make(&home.p);
	for (int i = 1; i <= MANY; i++) {
		(void)snprintf(name, sizeof(name), "new/%d.x", i);
		(void)snprintf(text, sizeof(text),
		    "From: <u%d@example.org>\nSubject: number %d\n"
		    "Date: %d Nov 2026 23:30:00 -0500\n\nx\n",
		    i, i, i);
		place_put(&home.p, name, text);
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
	home_drop(&home);
}

/* A summary of all, written down. */
static void
make_all(void)
{
	struct summary *s = summary_open(folder);

	CHECK(s != NULL && !summary_has(s, 1));
	for (uint32_t i = 1; i <= MANY; i++)
		CHECK(summary_get(s, i) != NULL && summary_has(s, i));
	CHECK(summary_get(s, MANY + 1) == NULL && summary_get(s, 0) == NULL);
	summary_close(s);
}

/* The cache may be damaged or vanish at any time. */
TEST(summary_file)
{
	const struct summary_entry *e;
	struct summary *s;
	int fd;

	open_all();
	make_all();
	s = summary_open(folder);
	CHECK(summary_has(s, 1) && summary_has(s, MANY));
	e = summary_get(s, 1);
	CHECK(e != NULL && (e->flags & SUMMARY_DATED) != 0 && e->uid == 1);
	summary_close(s);
	fd = openat(home.p.dir, file, O_RDWR);
	CHECK(fd != -1 && pwrite(fd, "damage", 6, 300) == 6);
	s = summary_open(folder);
	CHECK(!summary_has(s, 1) && summary_get(s, 1) != NULL);
	summary_close(s);
	s = summary_open(folder);
	CHECK(summary_has(s, 1) && !summary_has(s, 2));
	summary_close(s);
	CHECK(ftruncate(fd, 5) == 0);
	s = summary_open(folder);
	CHECK(summary_get(s, 2) != NULL);
	summary_close(s);
	(void)close(fd);
	close_all();
}

/* What is asked of the rows alone is no look at the entries; what is asked of
 * these then is told from their damage. */
TEST(summary_rows)
{
	struct summary *s;
	int64_t when = 0;
	off_t end;
	int fd;

	open_all();
	make_all();
	fd = openat(home.p.dir, file, O_RDWR);
	end = lseek(fd, 0, SEEK_END);
	CHECK(end > 8 && pwrite(fd, "damage", 6, end - 8) == 6);
	s = summary_open(folder);
	CHECK(!summary_sent(s, 0, &when) && !summary_sent(s, MANY + 1, &when));
	CHECK(summary_sent(s, 2, &when) && when == summary_get(s, 2)->sent);
	CHECK(!summary_has(s, 1) && summary_sent(s, 1, &when));
	summary_close(s);
	s = summary_open(folder);
	CHECK(summary_has(s, 1) && summary_has(s, 2) && !summary_has(s, 3));
	summary_close(s);
	(void)close(fd);
	close_all();
}

static bool
is(const struct summary_entry *e, enum summary_text t, const char *wanted)
{
	struct span s = summary_text(e, t);

	if (!span_eq(s, span(wanted)))
		(void)printf("%.*s\n", (int)s.len, s.p);
	return e->text[t].at != 0 && span_eq(s, span(wanted));
}

TEST(summary_fields)
{
	union {
		struct summary_entry e;
		char room[4000];
	} u;
	struct buf b;

	buf_init(&b, 4000);
	CHECK(summary_make(&b, 5,
		  span("From: =?utf-8?q?=C3=89va?= Long <Eva@X.example>\n"
		       "To: Team: a@b, C <d@e>;\nCc: plain@host\n"
		       "Subject: Re: [l] Hello\nMessage-ID: <1@x>\n"
		       "References: <a@x>\n <b@x> junk <b@x>\n"
		       "Date: Sat, 21 Nov 2026 01:00:00 +0200\n\n")) == 0);
	memcpy(u.room, b.p, b.len);
	CHECK(u.e.size == b.len && u.e.uid == 5 && u.e.references == 2);
	CHECK(is(&u.e, SUMMARY_FROM, "e\u0301va long <eva@x.example>"));
	CHECK(is(&u.e, SUMMARY_FROM_BOX, "eva"));
	CHECK(is(&u.e, SUMMARY_FROM_NAME, "e\u0301va long"));
	CHECK(is(&u.e, SUMMARY_TO_BOX, "team"));
	CHECK(is(&u.e, SUMMARY_CC_BOX, "plain"));
	CHECK(is(&u.e, SUMMARY_SUBJECT, "re: [l] hello"));
	CHECK(is(&u.e, SUMMARY_BASE, "hello"));
	CHECK(u.e.text[SUMMARY_BCC].at == 0);
	CHECK((u.e.flags & SUMMARY_REPLY) != 0);
	CHECK(u.e.day == 20778 && u.e.sent == 20778 * 86400L - 3600);
	buf_free(&b);
}
