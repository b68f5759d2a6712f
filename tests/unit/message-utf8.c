#include "message/utf8.h"

#include "tests/unit/test.h"

TEST(valid)
{
	uint32_t c;

	CHECK(utf8_get(span("a"), &c) == 1 && c == 'a');
	CHECK(utf8_get(TEXT("\0"), &c) == 1 && c == 0);
	CHECK(utf8_get(span("\xc2\x80"), &c) == 2 && c == 0x80);
	CHECK(utf8_get(span("\xdf\xbf"), &c) == 2 && c == 0x7ff);
	CHECK(utf8_get(span("\xe0\xa0\x80"), &c) == 3 && c == 0x800);
	CHECK(utf8_get(span("\xef\xbf\xbf"), &c) == 3 && c == 0xffff);
	CHECK(utf8_get(span("\xf0\x90\x80\x80"), &c) == 4 && c == 0x10000);
	CHECK(utf8_get(span("\xf4\x8f\xbf\xbf"), &c) == 4 && c == 0x10ffff);
}

TEST(invalid)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x41",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xe2\x82",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe",
		"\xf0\x9f\x98",
	};
	uint32_t c;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(utf8_get(span(bad[i]), &c) == 0);
		CHECK(!utf8_ok(span(bad[i])));
	}
	CHECK(utf8_get(span(""), &c) == 0);
	CHECK(utf8_ok(span("")));
	CHECK(utf8_ok(span("gr\xc3\xbc\xc3\x9f")));
	CHECK(!utf8_ok(span("gr\xfc\xdf")));
}

/* Every character comes back as it went in. */
TEST(round_trip)
{
	struct buf b;
	uint32_t c, got;
	bool surrogate;

	buf_init(&b, 4);
	for (c = 0; c < 0x110010; c++) {
		buf_reset(&b);
		utf8_put(&b, c);
		surrogate = c >= 0xd800 && c <= 0xdfff;
		if (utf8_get(buf_all(&b), &got) != b.len ||
		    got != (surrogate || c > 0x10ffff ? 0xfffd : c))
			break;
	}
	CHECK(c == 0x110010);
	buf_free(&b);
}
