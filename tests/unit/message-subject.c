#include "message/subject.h"

#include "tests/unit/test.h"

static bool
is(const char *folded, const char *base, bool reply)
{
	struct buf b;
	bool r, ok;

	buf_init(&b, 100000);
	buf_str(&b, "x");
	r = subject_base(&b, span(folded));
	ok = r == reply && b.p[0] == 'x' && strcmp(b.p + 1, base) == 0;
	if (!ok)
		(void)printf("\"%s\": \"%s\" %d\n", folded, b.p + 1, r);
	buf_free(&b);
	return ok;
}

TEST(plain)
{
	CHECK(is("", "", false));
	CHECK(is("hello  there ", "hello there", false));
	CHECK(is("\t", "", false));
	CHECK(is("regarding: x", "regarding: x", false));
	CHECK(is("re", "re", false));
	CHECK(is("fwd", "fwd", false));
}

TEST(replies)
{
	CHECK(is("re: a", "a", true));
	CHECK(is("re : fwd:  fw:a (fwd) (fwd)", "a", true));
	CHECK(is("re[2]: a", "a", true));
	CHECK(is("[list] re: [other] a", "a", true));
	CHECK(is("re:", "", true));
	CHECK(is("[a][b] re: c", "c", true));
	CHECK(is("(fwd)", "", true));
}

TEST(blobs)
{
	CHECK(is("[list] a", "a", false));
	CHECK(is("[list]", "[list]", false));
	CHECK(is("[a] [b]", "[b]", false));
	CHECK(is("[a[b]] c", "[a[b]] c", false));
	CHECK(is("[open a", "[open a", false));
}

TEST(wrapped)
{
	CHECK(is("[fwd: a]", "a", true));
	CHECK(is("[fwd: re: [fwd: a (fwd)]]", "a", true));
	CHECK(is("[fwd:]", "", true));
	CHECK(is("[fwd: a", "[fwd: a", false));
}

/* What is hostile is read in linear time and without end. */
TEST(many)
{
	static char text[30001];

	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "re:", 4);
	CHECK(is(text, "", true));
	memset(text, '[', sizeof(text) - 1);
	CHECK(is(text, text, false));
}
