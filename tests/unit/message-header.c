#include "message/header.h"

#include "tests/unit/test.h"

TEST(fields_and_folds)
{
	struct span rest = span("From : a\nTo:b\n c\n\td\nX:\n\nbody: no\n");
	struct field f;

	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.name, "From");
	CHECK_SPAN(f.value, " a");
	CHECK_SPAN(f.whole, "From : a\n");
	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.name, "To");
	CHECK_SPAN(f.value, "b\n c\n\td");
	CHECK_SPAN(f.whole, "To:b\n c\n\td\n");
	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.name, "X");
	CHECK_SPAN(f.value, "");
	CHECK(header_next(&rest, &f) == 0);
	CHECK_SPAN(rest, "body: no\n");
}

TEST(crlf)
{
	struct span rest = span("A: 1\r\n 2\r\nB:\r\n\r\nbody");
	struct field f;

	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.value, " 1\r\n 2");
	CHECK_SPAN(f.whole, "A: 1\r\n 2\r\n");
	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.value, "");
	CHECK(header_next(&rest, &f) == 0);
	CHECK_SPAN(rest, "body");
}

TEST(ends_without_line_end)
{
	struct span rest = span("A: 1");
	struct field f;

	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.value, " 1");
	CHECK_SPAN(f.whole, "A: 1");
	CHECK(rest.len == 0 && header_next(&rest, &f) == 0);
	rest = span("A:");
	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.value, "");
}

/* A line that is no field begins the body and stays where it is. */
TEST(no_fields)
{
	static const char *const bad[] = { "text\n", ": x\n", " A: 1\n",
		"a b: c\n", "A\x01: c\n", "\xc3\xbc: c\n", "A\n: c\n",
		"From x@y Mon Jan  1 00:00:00 2026\n", "A\x7f: c\n", "\r:\n",
		"A\r\n" };
	struct span rest;
	struct field f;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		rest = span(bad[i]);
		CHECK(header_next(&rest, &f) == 0);
		CHECK_SPAN(rest, bad[i]);
	}
	rest = TEXT("A\0B: x\n");
	CHECK(header_next(&rest, &f) == 0 && rest.len == 7);
}

TEST(octets_of_values)
{
	struct span rest = TEXT("A: \0\xff\r x\rB: y\n");
	struct field f;

	CHECK(header_next(&rest, &f) == 1);
	CHECK(rest.len == 0 && f.value.len == 11);
}

TEST(blank_line_of_a_fold)
{
	struct span rest = span("A: 1\n \n 2\nB: 3\n");
	struct field f;

	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.value, " 1\n \n 2");
	CHECK(header_next(&rest, &f) == 1);
	CHECK_SPAN(f.name, "B");
}

TEST(find)
{
	struct span block = span("A: 1\nSUBJECT: 2\nSubject: 3\n\nTo: 4\n");
	struct field f;

	CHECK(header_find(block, "subject", &f));
	CHECK_SPAN(f.value, " 2");
	CHECK(!header_find(block, "To", &f));
	CHECK(!header_find(block, "Subj", &f));
	CHECK(!header_find(span(""), "A", &f));
}
