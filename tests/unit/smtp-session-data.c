/* The content reader: the same result however its input is cut. */
#include "smtp-session/data.h"

#include "tests/unit/test.h"

static struct data d;
static struct buf stored;

static int
keep(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	buf_add(&stored, p, len);
	return 0;
}

static void
begin(void)
{
	static bool ready;

	if (!ready) {
		data_init(&d);
		buf_init(&stored, 1 << 22);
		ready = true;
	}
	buf_reset(&stored);
	data_start(&d);
	d.limit = 1 << 21;
	d.mend_cr = false;
	d.out = keep;
}

/* Feed all of it, cut at "at" and "at + gap"; how much was taken. */
static size_t
feed(struct span in, size_t at, size_t gap)
{
	size_t ends[] = { at, at + gap, in.len }, taken = 0, from = 0;

	begin();
	for (size_t i = 0; i < 3 && !data_done(&d); i++) {
		size_t end = ends[i] < in.len ? ends[i] : in.len;

		if (end > from)
			taken += data_feed(&d, span_n(in.p + from, end - from));
		from = end > from ? end : from;
	}
	if (data_done(&d))
		data_finish(&d);
	return taken;
}

/* "in" is one message and "rest"; it is stored as "out". */
static void
check(struct span in, size_t rest, struct span out)
{
	for (size_t gap = 1; gap < 4; gap++)
		for (size_t at = 0; at <= in.len; at++) {
			size_t taken = feed(in, at, gap);

			CHECK(data_done(&d));
			CHECK(taken == in.len - rest);
			if (!span_eq(buf_all(&stored), out)) {
				(void)printf("cut at %zu and %zu\n", at,
				    at + gap);
				test_spans(__FILE__, __LINE__, buf_all(&stored),
				    out);
				return;
			}
		}
}

TEST(ends_and_dots)
{
	check(TEXT(".\r\n"), 0, TEXT(""));
	check(TEXT(".\r\nQUIT\r\n"), 6, TEXT(""));
	check(TEXT("\r\n.\r\n.\r\n"), 3, TEXT("\n"));
	check(TEXT("a: b\r\n\r\nc\r\n.\r\n"), 0, TEXT("a: b\n\nc\n"));
	check(TEXT("a: b\r\n\r\n..\r\n...\r\n.x\r\n.\r\n"), 0,
	    TEXT("a: b\n\n.\n..\nx\n"));
}

TEST(what_does_not_end)
{
	check(TEXT("a: b\r\n\r\n1\n.\n2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\n2\n"));
	check(TEXT("a: b\r\n\r\n1\n.\r\n2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\n2\n"));
	check(TEXT("a: b\r\n\r\n1\r\n.\n2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\n2\n"));
	check(TEXT("a: b\r\n\r\n1\r.\r2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\r.\r2\n"));
	check(TEXT("a: b\r\n\r\n1\r\n.\r2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\r2\n"));
	check(TEXT("a: b\r\n\r\n1\r\n.\r\r\n2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\r\n2\n"));
	check(TEXT("a: b\r\n\r\n1\r\n.\0\r\n2\r\n.\r\n"), 0,
	    TEXT("a: b\n\n1\n\0\n2\n"));
}

TEST(odd_line_ends_are_noted)
{
	(void)feed(TEXT("a: b\r\n\r\nc\r\n.\r\n"), 0, 1);
	CHECK(!d.bare);
	(void)feed(TEXT("a: b\n\r\nc\r\n.\r\n"), 0, 1);
	CHECK(d.bare);
	(void)feed(TEXT("a: b\r\n\r\nc\rd\r\n.\r\n"), 0, 1);
	CHECK(d.bare);
}

TEST(header)
{
	check(TEXT("Return-Path: x\r\nA: 1\r\nreturn-path : y\r\n z\r\nB: 2\r\n"
		   "\r\nReturn-Path: body\r\n.\r\n"),
	    0, TEXT("A: 1\nB: 2\n\nReturn-Path: body\n"));
	check(TEXT("A: 1\r\nno field\r\n.\r\n"), 0, TEXT("A: 1\n\nno field\n"));
	check(TEXT("no field\r\n.\r\n"), 0, TEXT("\nno field\n"));
	check(TEXT("A: 1\r\n.\r\n"), 0, TEXT("A: 1\n"));
	check(TEXT("\r\nbody\r\n.\r\n"), 0, TEXT("\nbody\n"));
	check(TEXT("From me today\r\nA: 1\r\n\r\n.\r\n"), 0, TEXT("A: 1\n\n"));
}

TEST(what_the_header_says)
{
	(void)feed(TEXT("Received: 1\r\nDelivered-To: a@b\r\nRECEIVED: 2\r\n"
			"Delivered-To:  C@d \r\nSENDER : e\r\n f\r\n"
			"\r\nReceived: 3\r\n.\r\n"),
	    0, 1);
	CHECK(d.received == 2);
	CHECK(d.fields == 5);
	test_spans(__FILE__, __LINE__, buf_all(&d.senders), TEXT(" e\n f\0"));
	CHECK(data_loops(&d, "a@b"));
	CHECK(data_loops(&d, "c@D"));
	CHECK(!data_loops(&d, "a"));
	CHECK(!data_loops(&d, ""));
}

TEST(completed)
{
	begin();
	d.id = "i-1";
	d.host = "h";
	d.sender = "a@b";
	(void)data_feed(&d,
	    TEXT("Date: x\r\nBcc: y\r\n z\r\nFrom: me\r\n\r\nt\r\n.\r\n"));
	data_finish(&d);
	CHECK_SPAN(buf_all(&stored),
	    "Date: x\nFrom: me@h\nMessage-ID: <i-1@h>\n\nt\n");
	test_spans(__FILE__, __LINE__, buf_all(&d.from), TEXT(" me@h\0"));
}

TEST(limits)
{
	static char big[3 << 20];

	memset(big, 'x', sizeof(big));
	begin();
	(void)data_feed(&d, span_n(big, sizeof(big)));
	(void)data_feed(&d, TEXT("\r\n.\r\n"));
	data_finish(&d);
	CHECK(data_done(&d));
	CHECK(d.too_big);
	CHECK(stored.len <= d.limit + 1); /* the line between */
	/* A header without an end is not kept for ever. */
	begin();
	(void)data_feed(&d, span_n(big, 1 << 20));
	CHECK(d.in_body);
	CHECK(d.head.len <= DATA_HEADER_MAX);
}

static void
chunks(struct span in, size_t at)
{
	begin();
	data_chunk(&d, span_n(in.p, at));
	data_chunk(&d, span_n(in.p + at, in.len - at));
	data_finish(&d);
}

TEST(bdat)
{
	struct span in = TEXT("a: b\r\n\r\n.\r\n\rx\r\r\ny\nz");

	for (size_t at = 0; at <= in.len; at++) {
		chunks(in, at);
		test_spans(__FILE__, __LINE__, buf_all(&stored),
		    TEXT("a: b\n\n.\n\rx\r\ny\nz\n"));
	}
}
