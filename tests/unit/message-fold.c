#include "message/fold.h"

#include "tests/unit/test.h"

static bool
folds(const char *from, const char *to)
{
	struct buf b;
	bool same;

	buf_init(&b, 1000);
	fold_text(&b, span(from));
	same = span_eq(buf_all(&b), span(to));
	if (!same)
		(void)printf("%s: %s\n", from, b.p);
	buf_free(&b);
	return same;
}

TEST(ascii)
{
	CHECK(folds("", ""));
	CHECK(folds("Hello, WORLD [\\]^_`{}@AZaz",
	    "hello, world [\\]^_`{}@azaz"));
}

TEST(line_ends)
{
	CHECK(folds("A\r\nB\r\r\nC\rD\r", "a\nb\r\nc\rd\r"));
}

/* RFC 5051 s. 2: one case, and taken apart. */
TEST(letters)
{
	CHECK(folds("ÉCOLE", "e\u0301cole"));
	CHECK(folds("e\u0301cole", "e\u0301cole"));
	CHECK(folds("Ærø ŁÓDŹ", "ærø ło\u0301dz\u0301"));
	CHECK(folds("ΑΘΗΝΑ ς", "αθηνα σ"));
	CHECK(folds("МОСКВА Й", "москва и\u0306"));
	CHECK(folds("ﬁn ＡＢＣ①", "fin abc1"));
	CHECK(folds("\u00a0", " "));
	CHECK(folds("\U0001d400", "a"));
}

TEST(hangul)
{
	CHECK(folds("각", "\u1100\u1161\u11a8"));
	CHECK(folds("가", "\u1100\u1161"));
}

TEST(left_alone)
{
	CHECK(folds("中文 ß 😀", "中文 ß 😀"));
	CHECK(folds("\xff\xc3", "\xff\xc3"));
}

TEST(again_is_the_same)
{
	struct buf once, twice;

	buf_init(&once, 8 << 20);
	buf_init(&twice, 8 << 20);
	for (uint32_t c = 0x80; c < 0x10000; c++) {
		char s[4];

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x800) {
			s[0] = (char)(0xc0 | c >> 6);
			s[1] = (char)(0x80 | (c & 0x3f));
			fold_text(&once, span_n(s, 2));
		} else {
			s[0] = (char)(0xe0 | c >> 12);
			s[1] = (char)(0x80 | (c >> 6 & 0x3f));
			s[2] = (char)(0x80 | (c & 0x3f));
			fold_text(&once, span_n(s, 3));
		}
	}
	fold_text(&twice, buf_all(&once));
	CHECK(once.len > 100000 && !once.over);
	CHECK(span_eq(buf_all(&once), buf_all(&twice)));
	buf_free(&once);
	buf_free(&twice);
}
