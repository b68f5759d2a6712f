#include "mailq-run/reply.h"

#include "mailq-run/content.h"
#include "tests/unit/test.h"

static struct reply r;

/* Feed text octet by octet and in one piece: the same must come out. */
static enum reply_got
feed(struct span s)
{
	struct reply once;
	enum reply_got got = REPLY_MORE, single = REPLY_MORE;
	struct span in = s;

	reply_reset(&r);
	got = reply_feed(&r, &in);
	memcpy(&once, &r, sizeof(once));
	reply_reset(&r);
	for (size_t i = 0; i < s.len && single == REPLY_MORE; i++) {
		struct span one = span_n(s.p + i, 1);

		single = reply_feed(&r, &one);
	}
	CHECK(single == got && once.code == r.code && once.len == r.len);
	return got;
}

TEST(good_replies)
{
	CHECK(feed(span("250 2.0.0 Ok\r\n")) == REPLY_WHOLE);
	CHECK(r.code == 250);
	CHECK_STR(r.text, "2.0.0 Ok");
	CHECK(feed(span("250-a\r\n250-b\r\n250 c\r\n")) == REPLY_WHOLE);
	CHECK_STR(r.text, "a\nb\nc");
	CHECK(feed(span("354\r\n")) == REPLY_WHOLE);
	CHECK_STR(r.text, "");
	CHECK(feed(span("220 bare LF\n")) == REPLY_WHOLE);
	CHECK_STR(r.text, "bare LF");
	CHECK(feed(span("550-5.1.1 x\r\n550\r\n")) == REPLY_WHOLE);
}

TEST(what_is_no_reply)
{
	CHECK(feed(span("OK\r\n")) == REPLY_BAD);
	CHECK(feed(span("\r\n")) == REPLY_BAD);
	CHECK(feed(span("25\r\n")) == REPLY_BAD);
	CHECK(feed(span("2500 Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span("999 Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span("150 Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span("2x0 Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span(" 250 Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span("250_Ok\r\n")) == REPLY_BAD);
	CHECK(feed(span("250-a\r\n251 b\r\n")) == REPLY_BAD);
	CHECK(feed(span("250-a\r\nb\r\n")) == REPLY_BAD);
	CHECK(feed(TEXT("25\0 Ok\r\n")) == REPLY_BAD);
}

TEST(half_a_reply)
{
	CHECK(feed(span("250 Ok\r")) == REPLY_MORE);
	CHECK(feed(span("250-Ok\r\n")) == REPLY_MORE);
	CHECK(feed(span("")) == REPLY_MORE);
}

TEST(what_follows_is_left)
{
	struct span in = span("250 a\r\n221 b\r\n");

	reply_reset(&r);
	CHECK(reply_feed(&r, &in) == REPLY_WHOLE);
	CHECK_SPAN(in, "221 b\r\n");
}

TEST(limits)
{
	static char big[REPLY_OCTETS + 10];
	size_t n = 0;

	memset(big, 'x', sizeof(big));
	CHECK(feed(span_n(big, REPLY_LINE)) == REPLY_MORE);
	CHECK(feed(span_n(big, REPLY_LINE + 1)) == REPLY_BAD);
	for (int i = 0; i < REPLY_LINES; i++) {
		memcpy(big + n, "250-\r\n", 6);
		n += 6;
	}
	CHECK(feed(span_n(big, n)) == REPLY_MORE);
	memcpy(big + n, "250 \r\n", 6);
	CHECK(feed(span_n(big, n + 6)) == REPLY_BAD);
	memset(big, 'x', sizeof(big));
	for (n = 0; n + 1006 < REPLY_OCTETS; n += 1006) {
		memcpy(big + n, "250-", 4);
		memcpy(big + n + 1004, "\r\n", 2);
	}
	CHECK(feed(span_n(big, n)) == REPLY_MORE);
	CHECK(r.len == REPLY_TEXT - 1);
	CHECK(feed(span_n(big, sizeof(big))) == REPLY_BAD);
}

static const char *
status(const char *reply)
{
	static char out[12];

	CHECK(feed(span(reply)) == REPLY_WHOLE);
	reply_status(&r, out);
	return out;
}

TEST(enhanced_codes)
{
	CHECK_STR(status("550 5.1.1 No\r\n"), "5.1.1");
	CHECK_STR(status("550 5.7.123 No\r\n"), "5.7.123");
	CHECK_STR(status("550 5.1.1\r\n"), "5.1.1");
	CHECK_STR(status("550-5.1.1 a\r\n550 5.1.1 b\r\n"), "5.1.1");
	CHECK_STR(status("550 4.1.1 other class\r\n"), "5.0.0");
	CHECK_STR(status("550 5.1.1234 No\r\n"), "5.0.0");
	CHECK_STR(status("550 5.1.1x\r\n"), "5.0.0");
	CHECK_STR(status("450 No\r\n"), "4.0.0");
}

TEST(keywords)
{
	struct span args;

	CHECK(feed(span("250-SIZE of mx\r\n250-size 1000\r\n250 DSN\r\n")) ==
	    REPLY_WHOLE);
	CHECK(reply_keyword(&r, "SIZE", &args));
	CHECK_SPAN(args, "1000");
	CHECK(reply_keyword(&r, "dsn", &args));
	CHECK_SPAN(args, "");
	CHECK(!reply_keyword(&r, "of", &args));
}

/* The wire form, fed in pieces of every size. */
static void
wire(struct span in, const char *wanted)
{
	char out[200];

	for (size_t step = 1; step <= in.len + 1; step++) {
		struct content c = { .inside = false };
		size_t n = 0;

		for (size_t at = 0; at < in.len; at += step)
			n += content_put(&c,
			    span_n(in.p + at,
				in.len - at < step ? in.len - at : step),
			    out + n);
		n += content_end(&c, out + n);
		CHECK_SPAN(span_n(out, n), wanted);
	}
}

TEST(content)
{
	wire(span("a\nb\n"), "a\r\nb\r\n.\r\n");
	wire(span("a\r\nb\r\n"), "a\r\nb\r\n.\r\n");
	wire(span("no end"), "no end\r\n.\r\n");
	wire(span(""), ".\r\n");
	wire(span(".\n..\n.x\n"), "..\r\n...\r\n..x\r\n.\r\n");
	wire(span("a\rb\n"), "a b\r\n.\r\n");
	wire(span("a\r\r\nb\n"), "a \r\nb\r\n.\r\n");
	wire(span("\r.\r\n\n"), " .\r\n\r\n.\r\n");
	wire(span("a\n\r"), "a\r\n \r\n.\r\n");
	wire(span("a\n\r.\r"), "a\r\n . \r\n.\r\n");
}
