#include "message/dsn.h"

#include <stdlib.h>

#include "message/header.h"
#include "tests/unit/test.h"

static struct dsn_rcpt bob;
static struct dsn dsn;
static struct buf out;

/* A plain failure, which each test changes as it needs. */
static void
begin(void)
{
	bob = (struct dsn_rcpt){
		.final = span("bob@x.example"),
		.orcpt = span("rfc822;Bob+2B1@x.example"),
		.action = DSN_FAILED,
		.status = span("5.1.1"),
		.remote = span("mx.x.example"),
		.diagnostic = span("550-5.1.1 first\n550 5.1.1 last"),
		.last_attempt = 1794000000,
		.retry_until = 1794086400,
	};
	dsn = (struct dsn){
		.reporting_mta = span("mail.example"),
		.id = span("1.2@mail.example"),
		.to = span("alice@example.org"),
		.envid = span("QQ+2B314"),
		.arrival = 1794000000,
		.now = 1794000060,
		.rcpt = &bob,
		.rcpts = 1,
		.header = span("From: a\nMessage-ID: <x@y>\nSubject: hi\n\n"),
		.body = span("Hello\n"),
	};
	buf_free(&out);
	buf_init(&out, 1000000);
}

static void
write_it(void)
{
	buf_reset(&out);
	dsn_put(&out, &dsn);
	CHECK(!out.over);
}

static bool
has(const char *text)
{
	return strstr(out.p, text) != NULL;
}

static size_t
count(struct span s, const char *text)
{
	const char *at;
	size_t n = 0;

	while (s.len > 0 &&
	    (at = memmem(s.p, s.len, text, strlen(text))) != NULL) {
		s = span_from(s, (size_t)(at - s.p) + 1);
		n++;
	}
	return n;
}

static void
field(const char *name, const char *value)
{
	struct field f;

	CHECK(header_find(buf_all(&out), name, &f));
	CHECK_SPAN(span_trim(f.value), value);
}

TEST(header)
{
	begin();
	write_it();
	field("From", "Mail System <MAILER-DAEMON@mail.example>");
	field("To", "<alice@example.org>");
	field("Message-ID", "<1.2@mail.example>");
	field("In-Reply-To", "<x@y>");
	field("References", "<x@y>");
	field("Auto-Submitted", "auto-replied");
	field("MIME-Version", "1.0");
	field("Date", "Fri, 6 Nov 2026 21:21:00 +0000");
	field("Content-Type",
	    "multipart/report; report-type=delivery-status;"
	    "\n\tboundary=\"=_12mailexample_0\"");
	CHECK(!has("8bit"));
}

TEST(fields)
{
	begin();
	write_it();
	CHECK(
	    has("Content-Type: message/delivery-status\n\n"
		"Original-Envelope-Id: QQ+314\n"
		"Reporting-MTA: dns;mail.example\n"
		"Arrival-Date: Fri, 6 Nov 2026 21:20:00 +0000\n\n"
		"Original-Recipient: rfc822;Bob+1@x.example\n"
		"Final-Recipient: rfc822;bob@x.example\n"
		"Action: failed\nStatus: 5.1.1\nRemote-MTA: dns;mx.x.example\n"
		"Diagnostic-Code: smtp; 550-5.1.1 first\n\t550 5.1.1 last\n"
		"Last-Attempt-Date: Fri, 6 Nov 2026 21:20:00 +0000\n\n"));
	CHECK(!has("Will-Retry-Until"));
}

TEST(words)
{
	begin();
	write_it();
	CHECK(has("could not be delivered"));
	CHECK(has("  <bob@x.example>\n    There is no such mailbox.\n"
		  "    The host mx.x.example answered:\n"
		  "      550-5.1.1 first\n      550 5.1.1 last\n"));
	CHECK(has("  Subject:\n    hi\n"));
}

TEST(delayed)
{
	begin();
	bob.action = DSN_DELAYED;
	bob.status = span("");
	write_it();
	CHECK(has("Action: delayed\nStatus: 4.0.0\n"));
	CHECK(has("Will-Retry-Until: Sat, 7 Nov 2026 21:20:00 +0000\n"));
	CHECK(has("You need not send it again"));
}

TEST(other_news)
{
	static const struct {
		enum dsn_action action;
		const char *word;
	} news[] = { { DSN_DELIVERED, "Action: delivered\nStatus: 2.0.0\n" },
		{ DSN_RELAYED, "Action: relayed\nStatus: 2.0.0\n" },
		{ DSN_EXPANDED, "Action: expanded\nStatus: 2.0.0\n" } };
	size_t i;

	for (i = 0; i < sizeof news / sizeof *news; i++) {
		begin();
		bob.action = news[i].action;
		bob.status = bob.remote = bob.diagnostic = span("");
		write_it();
		CHECK(has(news[i].word));
		CHECK(!has("Remote-MTA") && !has("Diagnostic-Code"));
	}
}

TEST(local_failure)
{
	begin();
	bob.remote = span("");
	bob.diagnostic = span("disk on fire");
	write_it();
	CHECK(has("Diagnostic-Code: X-Mailroom; disk on fire\n"));
	CHECK(has("The last error was:\n      disk on fire\n"));
}

/* Hostile replies can neither begin fields nor parts, nor fill the mail. */
TEST(remote_text_is_tamed)
{
	char flood[5000];

	begin();
	bob.diagnostic = TEXT("550 \xff\x1b[0m\0x\r\n\n\n--=_12mailexample_0\n"
			      "Action: delivered\n \r\n.\n");
	bob.remote = span("evil\nAction: delivered");
	write_it();
	CHECK(has("550 ??[0m?x\n"));
	CHECK(!has("\nAction: delivered") && !has("\n\n\n"));
	CHECK(count(buf_all(&out), "\n--=_12mailexample_0\n") == 3);
	CHECK(count(buf_all(&out), "\n.\n") == 0);
	memset(flood, 'x', sizeof flood);
	bob.diagnostic = span_n(flood, sizeof flood);
	write_it();
	CHECK(count(buf_all(&out), "x") > DSN_REMOTE_MAX);
	CHECK(out.len < 3 * DSN_REMOTE_MAX + 2000);
}

TEST(lines_are_short)
{
	struct span rest, line;
	char flood[1000];

	begin();
	memset(flood, 'x', sizeof flood);
	bob.diagnostic = span_n(flood, sizeof flood);
	write_it();
	for (rest = buf_all(&out); rest.len > 0;) {
		line = span_cut(&rest, '\n');
		CHECK(line.len <= 100);
	}
}

/* A boundary that stands in the original is not used. */
TEST(boundary)
{
	begin();
	dsn.full = true;
	dsn.body = span("--=_12mailexample_0\n--=_12mailexample_1--\n");
	write_it();
	CHECK(has("boundary=\"=_12mailexample_2\""));
	CHECK(count(buf_all(&out), "\n--=_12mailexample_2\n") == 3);
	CHECK(count(buf_all(&out), "\n--=_12mailexample_2--\n") == 1);
	dsn.full = false;
	dsn.id = span("!\xff\"");
	write_it();
	CHECK(has("boundary=\"=__0\""));
}

TEST(original)
{
	begin();
	write_it();
	CHECK(has("Content-Type: text/rfc822-headers\n\nFrom: a\n"
		  "Message-ID: <x@y>\nSubject: hi\n\n--=_12mailexample_0--\n"));
	CHECK(!has("Hello"));
	dsn.full = true;
	write_it();
	CHECK(has("Content-Type: message/rfc822\n\nFrom: a\n"
		  "Message-ID: <x@y>\nSubject: hi\n\nHello\n\n--=_12mail"));
}

TEST(long_original)
{
	static char body[DSN_ORIGINAL_MAX];
	static char header[DSN_ORIGINAL_MAX * 2];
	size_t i;

	begin();
	memset(body, 'x', sizeof body);
	dsn.full = true;
	dsn.body = span_n(body, sizeof body);
	write_it();
	CHECK(has("text/rfc822-headers") && !has("xxx"));
	for (i = 0; i < sizeof header; i++)
		header[i] = "A: bcd\n"[i % 7];
	dsn.header = span_n(header, sizeof header);
	write_it();
	CHECK(out.len > DSN_ORIGINAL_MAX && out.len < DSN_ORIGINAL_MAX + 3000);
	CHECK(has("A: bcd\n\n--=_"));
}

TEST(no_header)
{
	begin();
	dsn.header = dsn.body = span_n(NULL, 0);
	write_it();
	CHECK(!has("In-Reply-To"));
	dsn.header = span("\n");
	dsn.full = true;
	write_it();
	CHECK(has("message/rfc822\n\n\n\n--"));
}

TEST(bad_message_ids)
{
	static const char *const bad[] = { "Message-ID: x\n",
		"Message-ID: <x\n", "Message-ID: <a b>\n",
		"Message-ID: <a\n b>\n", "Message-ID: <\xff>\n",
		"Message-ID: x>\n" };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin();
		dsn.header = span(bad[i]);
		write_it();
		CHECK(!has("In-Reply-To"));
	}
}

TEST(xtext_that_must_stay)
{
	begin();
	dsn.envid = span("a+0Ab");
	bob.orcpt = span("rfc822;a+0D+0AAction:+20delivered");
	write_it();
	CHECK(has("Original-Envelope-Id: a+0Ab\n"));
	CHECK(has("Original-Recipient: rfc822;a+0D+0AAction:+20delivered\n"));
	bob.orcpt = span("rfc822;a+zz");
	write_it();
	CHECK(has("Original-Recipient: rfc822;a+zz\n"));
	bob.orcpt = dsn.envid = span("");
	write_it();
	CHECK(!has("Original-"));
}

TEST(utf8)
{
	begin();
	bob.final = span("b\xc3\xb6"
			 "b@x.example");
	bob.orcpt = span("utf-8;b\\x{F6}b@x.example");
	dsn.header = span("Subject: gr\xc3\xbc\xc3\x9f\n\n");
	write_it();
	CHECK(has("report-type=global-delivery-status;"));
	CHECK(has("Content-Type: message/global-delivery-status\n"
		  "Content-Transfer-Encoding: 8bit\n\n"));
	CHECK(has("Final-Recipient: utf-8;b\xc3\xb6"
		  "b@x.example\n"));
	CHECK(has("Original-Recipient: utf-8;b\\x{F6}b@x.example\n"));
	CHECK(has("text/plain; charset=utf-8\n"
		  "Content-Transfer-Encoding: quoted-printable\n\n"));
	CHECK(has("  <b=C3=B6b@x.example>\n"));
	CHECK(has("    gr=C3=BC=C3=9F\n"));
	CHECK(has("Content-Type: message/global-headers\nContent-Transfer"));
	dsn.full = true;
	write_it();
	CHECK(has("Content-Type: message/global\nContent-Transfer-Enc"));
}

/* 8-bit junk in an original of ASCII addresses: an ordinary report. */
TEST(eight_bit_original)
{
	begin();
	dsn.header = span("Subject: gr\xfc\xdf\n\n");
	dsn.full = true;
	dsn.body = span("\xff\n");
	write_it();
	field("Content-Transfer-Encoding", "8bit");
	CHECK(has("report-type=delivery-status;"));
	CHECK(has("Content-Type: message/rfc822\nContent-Transfer-Encoding: "));
	CHECK(has("    gr=EF=BF=BD=EF=BF=BD\n"));
}

TEST(subject_is_decoded)
{
	struct field f;

	begin();
	dsn.header =
	    span("Subject: =?iso-8859-1?Q?gr=FC=DF=0D=0A=0D=0A--x?=\n");
	write_it();
	CHECK(has("charset=utf-8\nContent-Transfer-Encoding: quoted-pr"));
	CHECK(has("  Subject:\n    gr=C3=BC=C3=9F    --x\n"));
	CHECK(!header_find(buf_all(&out), "Content-Transfer-Encoding", &f));
	dsn.header = span("Subject: =?utf-8?Q?plain?=\n");
	write_it();
	CHECK(has("charset=us-ascii\n\n") && has("    plain\n"));
}

TEST(overflow_is_told)
{
	begin();
	buf_init(&out, 500);
	dsn_put(&out, &dsn);
	CHECK(out.over);
	buf_free(&out);
	buf_init(&out, 10);
}
