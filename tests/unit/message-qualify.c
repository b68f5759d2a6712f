#include "message/qualify.h"

#include "tests/unit/test.h"

static void
check(const char *in, const char *wanted)
{
	struct buf out;

	buf_init(&out, 4096);
	qualify_put(&out, span(in), "h.test");
	CHECK_STR(out.p, wanted);
	buf_free(&out);
}

static void
same(const char *in)
{
	check(in, in);
}

TEST(one_word_is_an_address)
{
	check(" root", " root@h.test");
	check(" root (Cron Daemon)", " root@h.test (Cron Daemon)");
	check(" Bob <bob>", " Bob <bob@h.test>");
	check("\"Bob, B.\" < bob >", "\"Bob, B.\" < bob@h.test >");
	check("a,b ,\n c.d\n", "a@h.test,b@h.test ,\n c.d@h.test\n");
	check("\"odd one\"", "\"odd one\"@h.test");
	check("team: a, B <b@x.test>, c;, d",
	    "team: a@h.test, B <b@x.test>, c@h.test;, d@h.test");
	check("a (b, c) , \"q\\\", d\" <e>",
	    "a@h.test (b, c) , \"q\\\", d\" <e@h.test>");
}

TEST(everything_else_stays)
{
	same("");
	same(" ");
	same("a@b.test");
	same("a @ b.test, c (d)@ e.test");
	same("Backup Job");
	same("<>");
	same("<@x.test,@y.test:a@b.test>");
	same("=?utf-8?q?Caf=C3=A9?=");
	same("undisclosed-recipients:;");
	same("Bob <bob@[192.0.2.1]> (x), a@[IPv6:::1]");
	same("Bob <bob@b.test> x");
	same("\"a@b");
	same("(never closed");
	same("a\\,b@b.test, c\\>@b.test");
	same("[list] bob");
	same(",,;:<>");
}

TEST(fields)
{
	CHECK(qualify_is_for(span("from")));
	CHECK(qualify_is_for(span("Resent-To")));
	CHECK(!qualify_is_for(span("Subject")));
	CHECK(!qualify_is_for(span("Message-ID")));
}
