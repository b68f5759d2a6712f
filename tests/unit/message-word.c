#include "message/word.h"

#include "tests/unit/test.h"

static const char *
decode(struct span s)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 1000000);
	word_decode(&b, s);
	CHECK(!b.over);
	return b.p;
}

static const char *
encode(const char *s)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 100000);
	word_encode(&b, span(s), 9);
	return b.p;
}

static const char *
encode_name(const char *s)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 100000);
	word_encode_name(&b, span(s), 6);
	return b.p;
}

/* RFC 2047 s. 8 */
TEST(examples)
{
	CHECK_STR(decode(span("(=?ISO-8859-1?Q?a?=)")), "(a)");
	CHECK_STR(decode(span("=?ISO-8859-1?Q?a?= b")), "a b");
	CHECK_STR(decode(span("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=")), "ab");
	CHECK_STR(decode(span("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=")),
	    "ab");
	CHECK_STR(decode(span("=?ISO-8859-1?Q?a_b?=")), "a b");
	CHECK_STR(decode(span("=?US-ASCII?Q?Keith_Moore?= <m@cs.utk.edu>")),
	    "Keith Moore <m@cs.utk.edu>");
	CHECK_STR(decode(
		      span("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?="
			   "\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtc"
			   "GxlLg==?=")),
	    "If you can read this you understand the example.");
}

TEST(common_sins)
{
	/* a character split between words */
	CHECK_STR(decode(span("=?utf-8?B?4g==?=\n =?UTF-8?B?gqw=?=")),
	    "\xe2\x82\xac");
	/* in quotes, glued to text, blanks or "?" inside */
	CHECK_STR(decode(span("\"=?utf-8?q?J=C3=B6rg?=\"")), "\"J\xc3\xb6rg\"");
	CHECK_STR(decode(span("x=?utf-8?Q?=C3=BC?=y")), "x\xc3\xbcy");
	CHECK_STR(decode(span("=?utf-8?Q?a b?= c")), "a b c");
	CHECK_STR(decode(span("=?utf-8?Q?why?\?= c")), "why? c");
	CHECK_STR(decode(span("=?utf-8*de?Q?a?=")), "a");
	CHECK_STR(decode(span("gr\xc3\xbc\xc3\x9f")), "gr\xc3\xbc\xc3\x9f");
	CHECK_STR(decode(span("gr\xfc")), "gr\xef\xbf\xbd");
	CHECK_STR(decode(span("=?x-none?Q?a=FF?=")), "a\xef\xbf\xbd");
	CHECK_STR(decode(span("=?utf-8?B?Zm9vYg?=")), "foob");
}

TEST(no_words)
{
	static const char *const same[] = { "=?", "=?a?", "=?a?Q", "=?a?Q?",
		"=?a?Q?b", "=?a?X?b?=", "=??Q?b?\075", "=?a b?Q?c?=", "=?=?=?",
		"?=", "a =?utf-8?Q?b" };
	size_t i;

	for (i = 0; i < sizeof same / sizeof *same; i++)
		CHECK_STR(decode(span(same[i])), same[i]);
}

/* Nothing that a word holds can end the line or move the cursor. */
TEST(controls)
{
	CHECK_STR(decode(span("=?utf-8?Q?a=0D=0ABcc:_b=00=1B[1m=7F?=")),
	    "a  Bcc: b  [1m ");
	CHECK_STR(decode(span("=?utf-8?Q?=C2=9B=E2=80=A8x?=")), "  x");
	CHECK_STR(decode(span(" a\n\tb\r\n c \n")), "a b c");
	CHECK_STR(decode(TEXT("a\0b\x1b")), "a b ");
	CHECK_STR(decode(span("a\rb")), "a b");
}

TEST(folds)
{
	CHECK_STR(decode(span("a\n b\n\t\n c")), "a b  c");
	CHECK_STR(decode(span("=?utf-8?Q?a?=\n b")), "a b");
}

TEST(many_words)
{
	struct buf in;
	const char *got;
	size_t i;

	buf_init(&in, 1000000);
	for (i = 0; i < WORD_MANY + 5; i++)
		buf_str(&in, "=?utf-8?Q?a?= ");
	got = decode(buf_all(&in));
	CHECK(strspn(got, "a") == WORD_MANY);
	CHECK(strncmp(got + WORD_MANY, " =?utf-8?Q?a?=", 14) == 0);
	buf_reset(&in);
	for (i = 0; i < 50000; i++)
		buf_str(&in, "=?a?Q?b");
	got = decode(buf_all(&in));
	CHECK(strlen(got) == in.len);
	buf_free(&in);
}

TEST(plain_stays)
{
	CHECK_STR(encode("Hello  World"), "Hello  World");
	CHECK_STR(encode(""), "");
	CHECK_STR(encode(" x "), "x");
}

TEST(encoded)
{
	CHECK_STR(encode("a \xc3\xbc b"), "a =?utf-8?B?w7w=?= b");
	CHECK_STR(encode("caf\xc3\xa9s are nice"),
	    "=?utf-8?B?Y2Fmw6lz?= are nice");
	CHECK_STR(encode("=?utf-8?Q?a?="), "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?=");
	CHECK_STR(encode("a\nb: c"), "=?utf-8?Q?a=0Ab=3A?= c");
}

/* Whatever goes in comes out, in short lines of printable ASCII. */
TEST(round_trip)
{
	static const char *const texts[] = {
		"gr\xc3\xbc\xc3\x9f"
		"e an alle",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
		"\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
		"\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"a long subject of plain words that goes on and on until it "
		"has "
		"to be folded somewhere, \xf0\x9f\x98\x80, and then some more "
		"words, and at the end once more: \xf0\x9f\x98\x80\xf0\x9f\x98"
		"\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f"
		"\x98\x80\xf0\x9f\x98\x80 \xf0\x9f\x98\x80",
		"\xc3\xbc \xc3\xbc  \xc3\xbc x \xc3\xbc",
	};
	struct span rest, line;
	size_t i, j;

	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		rest = span(encode(texts[i]));
		CHECK_STR(decode(rest), texts[i]);
		while (rest.len > 0) {
			line = span_cut(&rest, '\n');
			CHECK(line.len <= 78);
			for (j = 0; j < line.len; j++)
				CHECK(line.p[j] >= ' ' && line.p[j] < 0x7f);
		}
		CHECK_STR(decode(span(encode_name(texts[i]))), texts[i]);
	}
}

TEST(names)
{
	CHECK_STR(encode_name("Bob Builder"), "Bob Builder");
	CHECK_STR(encode_name("J. \"X\" \\ Smith"),
	    "\"J. \\\"X\\\" \\\\ Smith\"");
	CHECK_STR(encode_name("J\xc3\xb6rg <x>"), "=?utf-8?B?SsO2cmcgPHg+?=");
	CHECK_STR(encode_name("a\r\nb"), "=?utf-8?Q?a=0D=0Ab?=");
	CHECK_STR(encode_name(""), "");
	CHECK_STR(encode_name("=?x"), "=?utf-8?B?PT94?=");
}
