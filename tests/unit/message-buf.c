#include "message/buf.h"

#include "tests/unit/test.h"

TEST(empty)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK_STR(b.p, "");
	CHECK(b.len == 0 && !b.over);
	buf_add(&b, NULL, 0);
	buf_reset(&b);
	buf_cut(&b, 0);
	CHECK_STR(b.p, "");
	buf_free(&b);
	buf_free(&b);
	CHECK_STR(b.p, "");
}

TEST(appends)
{
	struct buf b;

	buf_init(&b, 100);
	buf_str(&b, "one");
	buf_char(&b, ' ');
	buf_span(&b, span("two"));
	buf_printf(&b, " %d%s", 3, "!");
	buf_printf(&b, "%s", "");
	CHECK_STR(b.p, "one two 3!");
	buf_cut(&b, 3);
	buf_cut(&b, 50);
	CHECK_STR(b.p, "one");
	buf_free(&b);
}

TEST(holds_nul)
{
	struct buf b;

	buf_init(&b, 10);
	buf_add(&b, "a\0b", 3);
	CHECK(b.len == 3 && memcmp(b.p, "a\0b", 4) == 0);
	buf_free(&b);
}

TEST(cap_is_exact)
{
	struct buf b;
	int i;

	buf_init(&b, 1000);
	for (i = 0; i < 1000; i++)
		buf_char(&b, 'x');
	CHECK(b.len == 1000 && !b.over && strlen(b.p) == 1000);
	CHECK(b.size <= 1001);
	buf_char(&b, 'y');
	CHECK(b.over && b.len == 1000 && b.p[999] == 'x');
	buf_free(&b);
}

/* An append that does not fit adds nothing; later ones that would fit add
 * nothing either, until reset. */
TEST(over_is_sticky)
{
	struct buf b;

	buf_init(&b, 4);
	buf_str(&b, "abc");
	buf_str(&b, "de");
	CHECK(b.over);
	buf_char(&b, 'x');
	buf_printf(&b, "%d", 1);
	CHECK_STR(b.p, "abc");
	buf_cut(&b, 1);
	CHECK(b.over);
	buf_reset(&b);
	CHECK(!b.over && b.cap == 4);
	buf_printf(&b, "%s", "abcde");
	CHECK(b.over && b.len == 0);
	buf_free(&b);
}

TEST(cap_of_nothing)
{
	struct buf b;

	buf_init(&b, 0);
	buf_str(&b, "");
	CHECK(!b.over);
	buf_char(&b, 'x');
	CHECK(b.over && b.len == 0);
	CHECK_STR(b.p, "");
	buf_free(&b);
}
