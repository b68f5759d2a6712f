#include "message/mutf7.h"

#include "message/utf8.h"
#include "tests/unit/test.h"

static struct buf out;

static const char *
decoded(const char *name)
{
	buf_free(&out);
	buf_init(&out, 1000);
	return mutf7_decode(&out, span(name)) == 0 ? out.p : "refused";
}

static const char *
encoded(const char *name)
{
	buf_free(&out);
	buf_init(&out, 1000);
	return mutf7_encode(&out, span(name)) == 0 ? out.p : "refused";
}

/* Both ways. */
static void
pair(const char *utf7, const char *utf8)
{
	CHECK_STR(decoded(utf7), utf8);
	CHECK_STR(encoded(utf8), utf7);
}

TEST(pairs)
{
	pair("INBOX", "INBOX");
	pair("a&-b", "a&b");
	pair("&-", "&");
	pair("&-&-", "&&");
	pair("Entw&APw-rfe", "Entw\u00fcrfe");
	pair("~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\u53f0\u5317/"
	    "\u65e5\u672c\u8a9e");
	pair("&2D3eAA-", "\U0001f600");
	pair("x&2D3eANg93gE-y", "x\U0001f600\U0001f601y");
	pair("&AOQA9g-&-&APw-", "\u00e4\u00f6&\u00fc");
	pair("&AOQ--&APY-", "\u00e4-\u00f6");
	pair("", "");
	pair("&,,0-", "\ufffd");
}

/* RFC 3501 s. 5.1.3: there is one form of each name. */
TEST(refused)
{
	static const char *const bad[] = {
		"&",
		"a&",
		"&AOQ",
		"&Jjo!",
		"&U,BTFw-&ZeVnLIqe-", /* null shift */
		"&AGE-", /* "a" in base64 */
		"&ACY-", /* "&" itself */
		"&AOR-", /* bits left over */
		"&AOQA-", /* half a unit */
		"&AOQAAA-", /* NUL */
		"&2D0-",
		"&3gA-",
		"&2D0A5A-", /* half pairs */
		"&AAo-",
		"&AH8-",
		"&AIU-", /* controls */
		"\x7f",
		"a\tb",
		"\xc3\xa4",
		"&AOQ=-",
		"&AO/-",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_STR(decoded(bad[i]), "refused");
		CHECK(out.len == 0);
	}
	CHECK_STR(encoded("\xc3"), "refused");
	CHECK_STR(encoded("a\nb"), "refused");
	CHECK_STR(encoded("\xed\xa0\x80"), "refused");
	CHECK_STR(encoded("\xc2\x85"), "refused");
	buf_init(&out, 100);
	CHECK(mutf7_encode(&out, TEXT("a\0b")) == -1);
	CHECK(mutf7_decode(&out, TEXT("a\0b")) == -1);
}

/* Every character alone and between two others comes back as it was. */
TEST(round)
{
	struct buf utf8, back;

	buf_init(&utf8, 100);
	buf_init(&back, 100);
	for (uint32_t c = 0xa0; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
		static const char *const frame[] = { "", "a", "&", "\u00e9" };

		if (c >= 0xd800 && c < 0xe000)
			continue;
		for (size_t i = 0; i < 4; i++) {
			buf_reset(&utf8);
			buf_reset(&back);
			buf_str(&utf8, frame[i]);
			utf8_put(&utf8, c);
			buf_str(&utf8, frame[i]);
			buf_free(&out);
			buf_init(&out, 100);
			if (mutf7_encode(&out, buf_all(&utf8)) == -1 ||
			    mutf7_decode(&back, buf_all(&out)) == -1 ||
			    !span_eq(buf_all(&back), buf_all(&utf8)))
				CHECK(!"round trip");
		}
	}
	buf_free(&back);
	buf_free(&utf8);
}
