#include "mailq-run/spool.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mailq-run/envelope.h"
#include "mailq-run/history.h"
#include "mailq-run/place.h"
#include "mailq-run/recipients.h"
#include "tests/unit/test.h"

static struct spool_rcpt two[] = {
	{ "b@x.test", "", 0, SPOOL_TODO, 0 },
	{ "\"c d\"@y.test", "rfc822;c+20d@y.test",
	    NOTIFY_SUCCESS | NOTIFY_DELAY, SPOOL_FAILED, 0 },
};

static struct spool_envelope
sample(void)
{
	return (struct spool_envelope){
		.id = "Abc-1",
		.from = "a@x.test",
		.arrival = 1234567890,
		.user = "anna",
		.envid = "e+2B1",
		.ret = 'H',
		.body8 = true,
		.utf8 = true,
		.tls = true,
		.rcpt = two,
		.rcpts = 2,
	};
}

static const char text[] = "mailroom-spool 1\nid Abc-1\n"
			   "arrival 1234567890\nfrom a@x.test\nuser anna\n"
			   "envid e+2B1\nret hdrs\n8bitmime\nsmtputf8\n"
			   "requiretls\nT b@x.test\n"
			   "F \"c d\"@y.test\tnotify=SUCCESS,DELAY"
			   "\torcpt=rfc822;c+20d@y.test\n\n";

TEST(envelope_there_and_back)
{
	struct spool_envelope e = sample(), back;
	struct buf b;
	off_t message;

	buf_init(&b, SPOOL_HEAD);
	CHECK(spool_envelope_put(&b, &e) == 0);
	CHECK_STR(b.p, text);
	buf_str(&b, "Subject: x\n\nT y\n");
	CHECK(spool_envelope_parse(&back, b.p, b.len, &message) == 0);
	CHECK(message == sizeof(text) - 1);
	CHECK_STR(back.id, "Abc-1");
	CHECK_STR(back.from, "a@x.test");
	CHECK(back.arrival == 1234567890);
	CHECK_STR(back.user, "anna");
	CHECK_STR(back.envid, "e+2B1");
	CHECK(back.ret == 'H' && back.body8 && back.utf8 && back.tls);
	CHECK(back.rcpts == 2);
	CHECK_STR(back.rcpt[1].addr, "\"c d\"@y.test");
	CHECK_STR(back.rcpt[1].orcpt, "rfc822;c+20d@y.test");
	CHECK(back.rcpt[1].notify == (NOTIFY_SUCCESS | NOTIFY_DELAY));
	CHECK(back.rcpt[1].state == SPOOL_FAILED);
	CHECK(text[back.rcpt[1].at] == 'F' && text[back.rcpt[0].at] == 'T');
	CHECK(back.rcpt[0].notify == 0 && back.rcpt[0].orcpt[0] == '\0');
	spool_envelope_free(&back);
	buf_free(&b);
}

static int
put_fails(const struct spool_envelope *e)
{
	struct buf b;
	int r;

	buf_init(&b, SPOOL_HEAD);
	errno = 0;
	r = spool_envelope_put(&b, e);
	buf_free(&b);
	return r == -1 && errno == EINVAL;
}

TEST(envelope_refuses_what_would_lie)
{
	static char longest[SPOOL_FIELD + 2];
	struct spool_rcpt bad = two[0];
	struct spool_envelope e = sample();

	e.from = "a@x\nT evil@x";
	CHECK(put_fails(&e));
	e = sample();
	e.user = "an\tna";
	CHECK(put_fails(&e));
	e.user = "an\x7fna";
	CHECK(put_fails(&e));
	e = sample();
	e.rcpt = &bad;
	e.rcpts = 1;
	bad.addr = "b@x\tnotify=NEVER";
	CHECK(put_fails(&e));
	bad.addr = "";
	CHECK(put_fails(&e));
	memset(longest, 'a', SPOOL_FIELD + 1);
	bad.addr = longest;
	CHECK(put_fails(&e));
	longest[SPOOL_FIELD] = '\0';
	CHECK(!put_fails(&e));
	bad.state = 'X';
	CHECK(put_fails(&e));
	e = sample();
	e.rcpts = 0;
	CHECK(put_fails(&e));
	e.rcpts = SPOOL_RCPTS + 1;
	CHECK(put_fails(&e));
}

/* Does the reader take the sample with "from" replaced by "to"? */
static bool
takes(const char *from, const char *to)
{
	struct spool_envelope e;
	const char *at = strstr(text, from);
	struct buf b;
	off_t message;
	bool r;

	buf_init(&b, SPOOL_HEAD);
	buf_add(&b, text, (size_t)(at - text));
	buf_str(&b, to);
	buf_str(&b, at + strlen(from));
	r = spool_envelope_parse(&e, b.p, b.len, &message) == 0;
	if (r)
		spool_envelope_free(&e);
	buf_free(&b);
	return r;
}

TEST(envelope_reader_is_strict)
{
	CHECK(takes("x.test", "x.test"));
	CHECK(takes("from a@x.test", "from "));
	CHECK(takes("user anna\n", ""));
	CHECK(!takes("mailroom-spool 1", "mailroom-spool 2"));
	CHECK(!takes("id Abc-1", "id ../x"));
	CHECK(!takes("id Abc-1\n", ""));
	CHECK(!takes("arrival 1234567890", "arrival -1"));
	CHECK(!takes("arrival 1234567890\n", ""));
	CHECK(!takes("from a@x.test\n", ""));
	CHECK(!takes("user anna", "user anna\nuser otto"));
	CHECK(!takes("user anna", "colour blue"));
	CHECK(!takes("ret hdrs", "ret some"));
	CHECK(!takes("8bitmime", "8bitmime yes"));
	CHECK(!takes("T b@x.test", "X b@x.test"));
	CHECK(!takes("T b@x.test", "T "));
	CHECK(!takes("T b@x.test", "T b\001@x.test"));
	CHECK(!takes("T b@x.test\n", "T b@x.test\nuser otto\n"));
	CHECK(!takes("SUCCESS,", "PERHAPS,"));
	CHECK(!takes("\torcpt", "\tother"));
	CHECK(!takes("\n\n", "\n"));
	CHECK(!takes("a@x.test", "a@x.test\r"));
}

TEST(ids)
{
	CHECK(spool_id_ok(span("a-b_C9")));
	CHECK(!spool_id_ok(span("")));
	CHECK(!spool_id_ok(span("-a")));
	CHECK(!spool_id_ok(span(".a")));
	CHECK(!spool_id_ok(span("a/b")));
	CHECK(!spool_id_ok(span("1234567890123456789012345678901x")));
	CHECK(spool_id_ok(span("1234567890123456789012345678901")));
	/* as spool(5) defines it */
	CHECK(place_hash("") == (0x81 ^ 0x1c ^ 0x9d ^ 0xc5));
	CHECK(place_hash("a") == (0xe4 ^ 0x0c ^ 0x29 ^ 0x2c));
}

TEST(history_line_there_and_back)
{
	struct history_line l = {
		.when = 99,
		.kind = HISTORY_TRY,
		.rcpt = 7,
		.tries = 3,
		.state = SPOOL_TODO,
		.remote = TEXT("mx x\n[::1]"),
		.reply = TEXT("451-a\\n\n451 \xe4\0b"),
	};
	struct history_line back;
	struct span rest;
	struct buf b, scratch;

	buf_init(&b, 1 << 16);
	buf_init(&scratch, 1 << 16);
	history_put(&b, &l);
	CHECK_STR(b.p,
	    "99 try 7 3 T - mx\\x20x\\n[::1] "
	    "451-a\\\\n\\n451 \\xe4\\x00b\n");
	rest = buf_all(&b);
	CHECK(history_next(&rest, &back, &scratch) == 1);
	CHECK(back.when == 99 && back.rcpt == 7 && back.tries == 3);
	CHECK(back.state == SPOOL_TODO && back.status.len == 0);
	CHECK(span_eq(back.reply, l.reply));
	CHECK(history_next(&rest, &back, &scratch) == 0);
	buf_free(&b);
	buf_free(&scratch);
}

TEST(history_skips_what_it_does_not_know)
{
	struct span rest = span("x\n5 try 1\n6 try 0 1 Q - - x\n"
				"7 report perhaps -\n8 report failed ../x\n\n"
				"9 report delayed A-1\n10 admin root hold\n"
				"11 try 0 1 T - - cut o");
	struct history_line l;
	struct buf scratch;

	buf_init(&scratch, 1000);
	CHECK(history_next(&rest, &l, &scratch) == 1);
	CHECK(l.when == 9 && l.report == REPORT_DELAYED);
	CHECK_SPAN(l.child, "A-1");
	CHECK(history_next(&rest, &l, &scratch) == 1);
	CHECK(l.kind == HISTORY_ADMIN);
	CHECK_SPAN(l.remote, "root");
	CHECK_SPAN(l.reply, "hold");
	CHECK(history_next(&rest, &l, &scratch) == 0);
	buf_free(&scratch);
}

TEST(history_cuts_long_replies)
{
	static char reply[3 * HISTORY_REPLY];
	struct history_line l = { .kind = HISTORY_ADMIN,
		.reply = { reply, sizeof(reply) } };
	struct buf b;

	buf_init(&b, 1 << 16);
	memset(reply, 'r', sizeof(reply));
	history_put(&b, &l);
	CHECK(b.len < HISTORY_REPLY + 40);
	CHECK(strstr(b.p, "r...\n") != NULL);
	buf_free(&b);
}

static void
clean(int spool, const char *dir)
{
	static const char *const names[] = { "tmp", "new", "due", "hold", "log",
		"bad" };
	char path[PLACE_PATH];

	CHECK(unlinkat(spool, place_log(path, "One"), 0) == 0);
	*strrchr(path, '/') = '\0';
	CHECK(unlinkat(spool, path, AT_REMOVEDIR) == 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK(unlinkat(spool, names[i], AT_REMOVEDIR) == 0);
	(void)close(spool);
	CHECK(rmdir(dir) == 0);
}

/* A log that has grown too long keeps what counts: the last try of each
 * recipient, and what the sender was told. */
TEST(history_is_shortened)
{
	static char reply[HISTORY_REPLY];
	char dir[] = "/tmp/history.XXXXXX";
	struct history_line l = { .when = 5,
		.kind = HISTORY_REPORT,
		.report = REPORT_DELAYED,
		.child = TEXT("One-1") };
	struct history h;
	struct buf scratch;
	int spool = spool_open(mkdtemp(dir));

	CHECK(spool != -1);
	buf_init(&scratch, 1 << 16);
	memset(reply, 'r', sizeof(reply));
	CHECK(history_load(&h, spool, "One", 3) == 0);
	history_add(&h, &l);
	l = (struct history_line){ .state = SPOOL_TODO,
		.reply = { reply, sizeof(reply) } };
	for (int i = 0; i < 5000; i++) {
		l.when = i;
		l.rcpt = (size_t)i % 2;
		history_add(&h, &l);
		if (i % 100 == 0)
			CHECK(history_save(&h, spool, "One", false) == 0);
	}
	CHECK(history_save(&h, spool, "One", true) == 0);
	history_free(&h);
	CHECK(history_load(&h, spool, "One", 3) == 0);
	CHECK(h.text.len < HISTORY_MAX + 110 * (HISTORY_REPLY + 50));
	CHECK(h.delayed && h.reports == 1 && strcmp(h.child, "One-1") == 0);
	CHECK(h.rcpt[0].tries == 2500 && h.rcpt[1].tries == 2500);
	CHECK(h.rcpt[1].last == 4999);
	CHECK(history_last(&h, 0, &l, &scratch) == 1);
	CHECK(l.when == 4998 && l.reply.len == HISTORY_REPLY);
	CHECK(history_last(&h, 2, &l, &scratch) == 0);
	history_free(&h);
	buf_free(&scratch);
	clean(spool, dir);
}

/* All addresses of a list, parted by blanks; "!" when it is refused. */
static const char *
all_of(const char *list)
{
	static char out[1000];
	struct recipients r;

	recipients_init(&r);
	out[0] = '\0';
	if (recipients_add(&r, span(list)) == -1)
		(void)strlcpy(out, "!", sizeof(out));
	else
		for (size_t i = 0; i < r.n; i++) {
			(void)strlcat(out, i == 0 ? "" : " ", sizeof(out));
			(void)strlcat(out, recipients_get(&r, i), sizeof(out));
		}
	recipients_free(&r);
	return out;
}

TEST(recipients_of_header_fields)
{
	CHECK_STR(all_of("a@b, c@d"), "a@b c@d");
	CHECK_STR(all_of(" A B <a@b>,\n\t\"C, D\" <c@d> "), "a@b c@d");
	CHECK_STR(all_of("a@b (c@d, e), (x(y)z) f@g"), "a@b f@g");
	CHECK_STR(all_of("a @ b . c"), "a@b.c");
	CHECK_STR(all_of("anna otto"), "anna otto");
	CHECK_STR(all_of("team: a@b, C <c@d>; e@f"), "a@b c@d e@f");
	CHECK_STR(all_of("undisclosed-recipients:;"), "");
	CHECK_STR(all_of("<@x,@y:a@b>"), "a@b");
	CHECK_STR(all_of("\"a b\"@c"), "\"a b\"@c");
	CHECK_STR(all_of("<\"a>b\"@c>"), "!");
	CHECK_STR(all_of("a@[IPv6:::1]"), "a@[IPv6:::1]");
	CHECK_STR(all_of("a@b, a@b"), "a@b");
	CHECK_STR(all_of(""), "");
	CHECK_STR(all_of(",, ,"), "");
	CHECK_STR(all_of("<>"), "");
	CHECK_STR(all_of("a\001@b"), "!");
	CHECK_STR(all_of("<a@b"), "a@b");
	CHECK_STR(all_of("(unended a@b"), "");
	CHECK_STR(all_of("root (Cron Daemon)"), "root");
}
