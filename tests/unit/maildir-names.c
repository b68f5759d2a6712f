#include "maildir/names.h"

#include "tests/unit/test.h"

TEST(base_and_stem)
{
	CHECK(name_base("1.a,S=3:2,S") == 7);
	CHECK(name_base("1.a") == 3);
	CHECK(name_base("") == 0);
	CHECK(name_stem("1.a,S=3:2,S") == 3);
	CHECK(name_stem("1.a:2,S") == 3);
}

TEST(sizes)
{
	uint64_t n = 0;

	CHECK(name_size("1.a,S=12,W=34:2,S", 'S', &n) == 0 && n == 12);
	CHECK(name_size("1.a,S=12,W=34:2,S", 'W', &n) == 0 && n == 34);
	CHECK(name_size("1.a,S=12", 'S', &n) == 0 && n == 12);
	CHECK(name_size("1.a", 'S', &n) == -1);
	CHECK(name_size("1.a,S=", 'S', &n) == -1);
	CHECK(name_size("1.a,S=-1", 'S', &n) == -1);
	CHECK(name_size("1.a,S=1x", 'S', &n) == -1);
	CHECK(name_size("1.a,S=99999999999999999999999", 'S', &n) == -1);
	/* behind the colon there are flags only */
	CHECK(name_size("1.a:2,S=12", 'S', &n) == -1);
}

TEST(order)
{
	CHECK(name_order("9.a", "10.a") < 0);
	CHECK(name_order("10.M9P1.a", "10.M10P1.a") < 0);
	CHECK(name_order("10.a", "10.b") < 0);
	CHECK(name_order("10.a", "10.a") == 0);
	CHECK(name_order("x", "1.a") < 0); /* no time: oldest */
}

struct item {
	struct name_at file;
	int other;
};

TEST(index)
{
	static const char text[] = "\0one:2,S\0two,S=1\0one:2,\0three";
	struct item list[] = { { { 1, 3, 0 }, 0 }, { { 9, 7, 0 }, 0 },
		{ { 17, 3, 0 }, 0 }, { { 24, 5, 0 }, 0 } };
	struct names t;
	size_t at = 0;

	CHECK(names_index(&t, text, list, sizeof(list[0]), 4) == 0);
	CHECK(names_find(&t, "one") == 2); /* the later one */
	CHECK(names_find(&t, "two") == -1);
	CHECK(names_find(&t, "two,S=1:2,F") == 1);
	CHECK(names_find(&t, "thre") == -1);
	CHECK(names_like(&t, "two", &at) == 1);
	CHECK(names_like(&t, "two", &at) == -1);
	names_free(&t);
}

TEST(index_of_nothing)
{
	struct names t;
	size_t at = 0;

	CHECK(names_index(&t, "", NULL, sizeof(struct item), 0) == 0);
	CHECK(names_find(&t, "a") == -1);
	CHECK(names_like(&t, "a", &at) == -1);
	names_free(&t);
}
