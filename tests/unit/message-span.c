#include "message/span.h"

#include "tests/unit/test.h"

TEST(equal)
{
	CHECK(span_eq(span("abc"), span("abc")));
	CHECK(!span_eq(span("abc"), span("abC")));
	CHECK(!span_eq(TEXT("a\0b"), TEXT("a\0c")));
	CHECK(span_eq(span_n(NULL, 0), span("")));
	CHECK(span_same(span("aBc"), span("AbC")));
	CHECK(!span_same(span("abc"), span("abcd")));
	CHECK(!span_same(TEXT("a\0b"), TEXT("a\0c")));
}

/* Only ASCII letters fold: '[' is 'A'..'Z' + 0x20 away from '{', and octets
 * beyond ASCII are not letters here. */
TEST(case_is_ascii)
{
	CHECK(!span_same(span("["), span("{")));
	CHECK(!span_same(span("@"), span("`")));
	CHECK(!span_same(span("\xc4"), span("\xe4")));
}

TEST(starts)
{
	CHECK(span_starts(span("MAIL FROM:<>"), "mail from:"));
	CHECK(!span_starts(span("MAIL"), "mail from:"));
	CHECK(span_starts(span(""), ""));
}

TEST(trim)
{
	CHECK_SPAN(span_trim(span(" \t a b \r\n")), "a b");
	CHECK_SPAN(span_trim(span(" \r\n\t")), "");
	CHECK(span_trim(TEXT("\0 ")).len == 1);
}

TEST(cut)
{
	struct span rest = span("a,,b");

	CHECK_SPAN(span_cut(&rest, ','), "a");
	CHECK_SPAN(span_cut(&rest, ','), "");
	CHECK_SPAN(span_cut(&rest, ','), "b");
	CHECK(rest.p == NULL && rest.len == 0);
	CHECK_SPAN(span_cut(&rest, ','), "");
	rest = span("a,");
	CHECK_SPAN(span_cut(&rest, ','), "a");
	CHECK(rest.p != NULL && rest.len == 0);
}

TEST(words)
{
	struct span rest = span("  one\t two ");

	CHECK_SPAN(span_word(&rest), "one");
	CHECK_SPAN(span_word(&rest), "two");
	CHECK_SPAN(span_word(&rest), "");
	CHECK_SPAN(span_word(&rest), "");
}

TEST(numbers)
{
	uint64_t n = 7;

	CHECK(span_number(span("0"), 0, &n) == 0 && n == 0);
	CHECK(span_number(span("00042"), 42, &n) == 0 && n == 42);
	CHECK(span_number(span("43"), 42, &n) == -1);
	CHECK(span_number(span("5"), 4, &n) == -1);
	CHECK(span_number(span("18446744073709551615"), UINT64_MAX, &n) == 0 &&
	    n == UINT64_MAX);
	CHECK(span_number(span("18446744073709551616"), UINT64_MAX, &n) == -1);
	CHECK(span_number(span("4294967297"), UINT32_MAX, &n) == -1);
	n = 7;
	CHECK(span_number(span(""), 9, &n) == -1);
	CHECK(span_number(span("-1"), 9, &n) == -1);
	CHECK(span_number(span("+1"), 9, &n) == -1);
	CHECK(span_number(span(" 1"), 9, &n) == -1);
	CHECK(span_number(TEXT("1\0"), 9, &n) == -1);
	CHECK(n == 7);
}

TEST(find)
{
	CHECK(span_find(span("abc"), 'c') == 2);
	CHECK(span_find(span("abc"), 'd') == 3);
	CHECK(span_find(TEXT("a\0b"), '\0') == 1);
	CHECK(span_find(span_n(NULL, 0), 'x') == 0);
}
