#include "message/addr.h"

#include "tests/unit/test.h"

/* What addr_put makes of the path, "|", what follows; or "REFUSED". */
static const char *
path(struct span s)
{
	static struct buf b;
	struct addr a;

	buf_free(&b);
	buf_init(&b, 4000);
	if (addr_path(&s, &a) == -1)
		return "REFUSED";
	addr_put(&b, &a);
	buf_char(&b, '|');
	buf_span(&b, s);
	return b.p;
}

static void
check(const char *in, const char *out)
{
	const char *got = path(span(in));

	if (strcmp(got, out) != 0) {
		(void)printf("of \"%s\":\n", in);
		CHECK_STR(got, out);
	}
}

static void
refused(const char *const *in)
{
	for (; *in != NULL; in++)
		check(*in, "REFUSED");
}

TEST(plain)
{
	check("<a@b.c>", "a@b.c|");
	check("<a@b.c> SIZE=1  BODY=7BIT ", "a@b.c|SIZE=1  BODY=7BIT");
	check("  <a@b>", "a@b|");
	check("a@b SIZE=1", "a@b|SIZE=1");
	check("< a@b >", "a@b|");
	check("<Postmaster>", "Postmaster|");
	check("<a@b.>", "a@b|");
	check("Name <a@b>", "Name|<a@b>");
	check("<!#$%&'*+-/=?^_`{|}~@b>", "!#$%&'*+-/=?^_`{|}~@b|");
}

TEST(null_path)
{
	struct span s = span("<> RET=HDRS");
	struct addr a;

	check("<>", "|");
	CHECK(addr_path(&s, &a) == 0 && addr_null(&a));
	CHECK_SPAN(s, "RET=HDRS");
	refused((const char *const[]){ "", " ", "< >", "<", ">", "<>x", "<><>",
	    "<\"\">", "\"\"", "<@>", "<@b>", "<\"\"@b>", NULL });
}

TEST(not_addresses)
{
	refused((const char *const[]){ "<a@b", "a@b>", "<a@b>c", "<a@b>,<c@d>",
	    "<a@b,c@d>", "<a@b@c>", "a@b@c", "<a@>", "<a@.>", "<a@.b>",
	    "<a@b..c>", "<a b@c>", "<a@b c>", "<a@b/c>", "<a@b;c>", "<a(x)@b>",
	    "<a:b@c>", "<a,b@c>", "a@b,c@d", "<<a@b>>", "<a@b!c>", "<a@b%c>",
	    NULL });
}

TEST(controls)
{
	refused((const char *const[]){ "<a\x01@b>", "<a@b\x01>", "<a\t@b>",
	    "<\"a\tb\"@c>", "<a\x7f@b>", "<\"a\rb\"@c>", "<\"a\\\nb\"@c>",
	    "<a@b\r>", "<a\xc2\x85@b>", "<a@[1\x01]>", NULL });
	CHECK_STR(path(TEXT("<a\0@b>")), "REFUSED");
	CHECK_STR(path(TEXT("<a@b\0>")), "REFUSED");
	CHECK_STR(path(TEXT("<\"a\\\0\"@b>")), "REFUSED");
	CHECK_STR(path(TEXT("<a@b>\0")), "REFUSED");
}

/* Quotes are not part of the name: "a"@d is a@d. */
TEST(quotes)
{
	struct span s = span("<\"a\"@d>");
	struct addr a, b;

	CHECK(addr_path(&s, &a) == 0);
	s = span("<a@D>");
	CHECK(addr_path(&s, &b) == 0 && addr_same(&a, &b));
	check("<\"a b\"@c>", "\"a b\"@c|");
	check("\"a b\"@c x", "\"a b\"@c|x");
	check("<\"a@b\"@c>", "\"a@b\"@c|");
	check("<\"a\\\"\\\\b\"@c>", "\"a\\\"\\\\b\"@c|");
	check("<\"\\a\"@c>", "a@c|");
	check("<a.\"b\".c@d>", "a.b.c@d|");
	check("<a\\ b@c>", "\"a b\"@c|");
	check("<\">\"@c>", "\">\"@c|");
	refused((const char *const[]){ "<\"a@b>", "<\"a\\", "<a\\", NULL });
}

TEST(dots)
{
	check("<a..b@c>", "\"a..b\"@c|");
	check("<.a@c>", "\".a\"@c|");
	check("<a.@c>", "\"a.\"@c|");
}

TEST(source_routes)
{
	check("<@x:u@d>", "u@d|");
	check("<@x,@y.z:u@d> A", "u@d|A");
	check("<@[1.2.3.4],@[IPv6:::1]:u@d>", "u@d|");
	refused((const char *const[]){ "<@x>", "<@x:>", "<@x,:u@d>",
	    "<@x,y:u@d>", "<@:u@d>", "<@x:@y:u@d>", "<@x u@d>", NULL });
}

TEST(literals)
{
	check("<a@[192.0.2.1]>", "a@[192.0.2.1]|");
	check("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]|");
	refused((const char *const[]){ "<a@[]>", "<a@[>", "<a@[1.2.3.4>",
	    "<a@[1 2]>", "<a@[1]x>", "<a@[[1]]>", "<a@[\\]]>", "<a@[\xc3\xbc]>",
	    NULL });
}

TEST(utf8)
{
	struct span s = span("<\xc3\xbc@m\xc3\xbcnchen.de>");
	struct addr a;

	CHECK(addr_path(&s, &a) == 0 && a.utf8);
	check("<\xc3\xbc@m\xc3\xbcnchen.de>", "\xc3\xbc@m\xc3\xbcnchen.de|");
	check("<\"\xc3\xbc \"@b>", "\"\xc3\xbc \"@b|");
	refused((const char *const[]){ "<\xfc@b>", "<a@\xfc>", "<\xc3@b>",
	    "<\xed\xa0\x80@b>", "<\xc0\xaf@b>", NULL });
	s = span("<a@b>");
	CHECK(addr_path(&s, &a) == 0 && !a.utf8);
}

TEST(lengths)
{
	char text[400];
	struct span s;
	struct addr a;

	memset(text, 'a', sizeof text);
	memcpy(text + 64, "@b", 2);
	s = span_n(text, 66);
	CHECK(addr_path(&s, &a) == 0 && strlen(a.local) == 64);
	text[64] = 'a';
	memcpy(text + 65, "@b", 2);
	s = span_n(text, 67);
	CHECK(addr_path(&s, &a) == -1);
	memset(text, 'a', sizeof text);
	text[1] = '@';
	s = span_n(text, 2 + 255);
	CHECK(addr_path(&s, &a) == 0 && strlen(a.domain) == 255);
	s = span_n(text, 2 + 256);
	CHECK(addr_path(&s, &a) == -1);
	s = span_n(text, 2 + 255);
	CHECK(addr_path(&s, &a) == 0);
	/* A character that would pass the limit is not split. */
	memset(text, 'a', 63);
	memcpy(text + 63, "\xc3\xbc@b", 4);
	s = span_n(text, 67);
	CHECK(addr_path(&s, &a) == -1);
}

TEST(same)
{
	struct addr a = { .local = "Bob", .domain = "Example.org" };
	struct addr b = { .local = "Bob", .domain = "example.ORG" };
	struct addr c = { .local = "bob", .domain = "example.org" };

	CHECK(addr_same(&a, &b));
	CHECK(!addr_same(&a, &c));
}

/* What was put is read again as the same address. */
TEST(round_trip)
{
	static const char *const in[] = { "a b", "\"", "\\", "a\"b\\c", ">",
		"<", "@", " ", ".", "a..b", "\xc3\xbc", "a,b" };
	struct addr a = { .domain = "d" }, again;
	struct span s;
	struct buf b;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; i < sizeof in / sizeof *in; i++) {
		memcpy(a.local, in[i], strlen(in[i]) + 1);
		buf_reset(&b);
		addr_put(&b, &a);
		s = buf_all(&b);
		CHECK(addr_path(&s, &again) == 0 && s.len == 0 &&
		    addr_same(&a, &again));
	}
	buf_free(&b);
}

TEST(xtext)
{
	struct buf b, d;
	char all[256];
	size_t i;

	buf_init(&b, 1000);
	buf_init(&d, 1000);
	xtext_put(&b, TEXT("a+b=c \0\xff~"));
	CHECK_STR(b.p, "a+2Bb+3Dc+20+00+FF~");
	for (i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	buf_reset(&b);
	xtext_put(&b, span_n(all, sizeof all));
	CHECK(xtext_ok(buf_all(&b)));
	CHECK(xtext_decode(&d, buf_all(&b)) == 0);
	CHECK(span_eq(buf_all(&d), span_n(all, sizeof all)));
	buf_reset(&d);
	CHECK(xtext_decode(&d, span("rfc822;a+40b+2e")) == 0);
	CHECK_STR(d.p, "rfc822;a@b.");
	buf_free(&b);
	buf_free(&d);
}

TEST(bad_xtext)
{
	static const char *const bad[] = { "+", "a+", "+4", "+4g", "+G0", "a b",
		"a=b", "\x01", "\x7f", "\xc3\xbc", "++40" };
	struct buf b;
	size_t i;

	buf_init(&b, 100);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(!xtext_ok(span(bad[i])));
		CHECK(xtext_decode(&b, span(bad[i])) == -1);
	}
	CHECK(!xtext_ok(TEXT("a\0")));
	CHECK(xtext_ok(span("")));
	CHECK(b.len == 0 && !b.over);
	buf_free(&b);
}
