#include "message/charset.h"

#include <sys/resource.h>

#include "message/utf8.h"
#include "tests/unit/test.h"

static struct buf out;

/* Converted in pieces of "step" octets; the result of charset_begin. */
static int
convert(const char *name, struct span s, size_t step)
{
	struct charset c;
	size_t n;
	int r;

	buf_free(&out);
	buf_init(&out, 1000000);
	r = charset_begin(&c, span(name));
	for (; s.len > 0; s = span_from(s, n)) {
		n = s.len < step ? s.len : step;
		charset_put(&c, &out, span_n(s.p, n));
	}
	charset_end(&c, &out);
	return r;
}

static void
check(const char *name, struct span in, const char *wanted)
{
	size_t step;

	for (step = 1; step <= 9; step++) {
		CHECK(convert(name, in, step) == 0);
		CHECK_STR(out.p, wanted);
	}
}

TEST(ascii_and_utf8)
{
	check("", span("abc"), "abc");
	check("US-ASCII", span("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
	check("utf-8", span("\xe2\x82\xac\xf0\x9f\x98\x80 and more text"),
	    "\xe2\x82\xac\xf0\x9f\x98\x80 and more text");
	check("UTF8",
	    span("a\xff"
		 "b\xfc"),
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd");
}

TEST(broken_utf8)
{
	check("utf-8", span("a\xe2\x82"), "a\xef\xbf\xbd\xef\xbf\xbd");
	check("utf-8", span("\xe2\x82z"), "\xef\xbf\xbd\xef\xbf\xbdz");
	check("utf-8", span("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");
	check("utf-8", span("\xed\xa0\x80"),
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check("utf-8", span("\xf0\x9f\x98"),
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check("utf-8", span("\xf5\x80"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(one_octet_sets)
{
	check("ISO-8859-1", span("gr\xfc\xdf"), "gr\xc3\xbc\xc3\x9f");
	check("latin1", span("\x80\x93"), "\xe2\x82\xac\xe2\x80\x9c");
	check("Windows-1252", span("\x80"), "\xe2\x82\xac");
	check("cp1252", span("\x81"), "\xef\xbf\xbd");
	check("iso8859-15", span("\xa4"), "\xe2\x82\xac");
	check("ISO_8859-2", span("\xb1"), "\xc4\x85");
	check("KOI8-R", span("\xf0\xf2"), "\xd0\x9f\xd0\xa0");
	check("windows-1251", span("\xcf"), "\xd0\x9f");
	check("iso-8859-8-i", span("\xe0"), "\xd7\x90");
}

TEST(many_octet_sets)
{
	check("ISO-2022-JP", span("\033$BF|K\\\033(B!"),
	    "\xe6\x97\xa5\xe6\x9c\xac!");
	check("Shift_JIS", span("\x93\xfa\x96{"), "\xe6\x97\xa5\xe6\x9c\xac");
	check("euc-jp", span("\xc6\xfc"), "\xe6\x97\xa5");
	check("gb2312", span("\xc4\xe3\xba\xc3"), "\xe4\xbd\xa0\xe5\xa5\xbd");
	check("big5", span("\xa7\x41"), "\xe4\xbd\xa0");
	check("ks_c_5601-1987", span("\xb0\xa1"), "\xea\xb0\x80");
	check("utf-16le", TEXT("a\0\xac\x20"), "a\xe2\x82\xac");
	check("utf-7", span("a+IKw-b"),
	    "a\xe2\x82\xac"
	    "b");
}

TEST(broken_many_octets)
{
	CHECK(convert("gb2312", span("\xc4"), 1) == 0);
	CHECK_STR(out.p, "\xef\xbf\xbd");
	CHECK(convert("euc-jp",
		  span("\xff\xff"
		       "a"),
		  3) == 0);
	CHECK(utf8_ok(buf_all(&out)) && out.p[out.len - 1] == 'a');
}

TEST(unknown)
{
	CHECK(convert("x-nothing", span("a\xc3\xbc"), 1) == -1);
	CHECK_STR(out.p, "a\xc3\xbc");
	CHECK(convert("UTF-8//TRANSLIT", span("a"), 1) == -1);
	CHECK(convert("../../x", span("a"), 1) == -1);
	CHECK(convert("a very long name of some set that nobody ever has seen",
		  span("a"), 1) == -1);
}

TEST(nul_is_data)
{
	CHECK(convert("iso-8859-1", TEXT("a\0\xfc"), 100) == 0);
	CHECK(span_eq(buf_all(&out), TEXT("a\0\xc3\xbc")));
	CHECK(convert("utf-8", TEXT("a\0b"), 100) == 0);
	CHECK(span_eq(buf_all(&out), TEXT("a\0b")));
}

TEST(long_text)
{
	struct buf in;
	size_t i;

	buf_init(&in, 100000);
	for (i = 0; i < 10000; i++)
		buf_str(&in, "\x93\xfa");
	CHECK(convert("shift_jis", buf_all(&in), 4099) == 0);
	CHECK(out.len == 30000);
	buf_free(&in);
}

/* What was loaded is there when no file can be opened any more. */
TEST(load)
{
	static const char *const sets[] = { "gb18030", "big5", "euc-kr",
		"shift_jis", "euc-jp", "iso-2022-jp", "utf-7", "viscii" };
	struct rlimit limit, none;
	size_t i;

	charset_load();
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	none = limit;
	none.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	for (i = 0; i < sizeof sets / sizeof *sets; i++)
		if (convert(sets[i], span("a"), 1) == -1)
			FAIL(sets[i]);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static int
other(struct buf *to, const char *name, struct span in)
{
	if (strcmp(name, "CP932") != 0)
		return -1;
	buf_printf(to, "<%zu>", in.len);
	return 0;
}

/* What is iconv's goes away as a whole, however it comes. */
TEST(elsewhere)
{
	struct charset c;
	struct buf b;

	buf_init(&b, 1000);
	charset_elsewhere(other);
	CHECK(charset_begin(&c, span("Shift_JIS")) == 0);
	charset_put(&c, &b, span("ab"));
	charset_put(&c, &b, span("c"));
	CHECK(b.len == 0);
	charset_end(&c, &b);
	CHECK_SPAN(buf_all(&b), "<3>");
	buf_reset(&b);
	CHECK(charset_text(&b, span("big5"), span("a\xc3\xa9\xff")) == 0);
	CHECK_SPAN(buf_all(&b), "a\u00e9\ufffd");
	buf_reset(&b);
	CHECK(charset_text(&b, span("koi8-r"), span("\xd4")) == 0);
	CHECK_SPAN(buf_all(&b), "т");
	charset_elsewhere(NULL);
	buf_free(&b);
}
