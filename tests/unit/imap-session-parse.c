#include "imap-session/parse.h"

#include "imap-session/set.h"
#include "tests/unit/test.h"

static struct arena arena;
static struct parse p;

static struct parse *
on(struct span s)
{
	if (arena.p == NULL)
		CHECK(arena_init(&arena, 1 << 16) == 0);
	arena_reset(&arena);
	parse_init(&p, s, &arena);
	return &p;
}

#define ON(literal) on(TEXT(literal))

TEST(atoms)
{
	struct span s;

	CHECK(parse_tag(ON("a.1] x"), &s) == 0);
	CHECK_SPAN(s, "a.1]");
	CHECK(parse_space(&p) == 0 && parse_word(&p, "X"));
	CHECK(parse_end(&p) == 0);
	CHECK(parse_tag(ON("+ x"), &s) == -1);
	CHECK(parse_tag(ON("a+b"), &s) == 0);
	CHECK_SPAN(s, "a");
	CHECK(parse_atom(ON(""), &s) == -1 && p.error != NULL);
	CHECK(parse_atom(ON("\xe4"), &s) == -1);
	CHECK(parse_atom(ON("a\x7f"), &s) == 0 && s.len == 1);
	CHECK(parse_atom(ON("a\0b"), &s) == 0 && s.len == 1);
	CHECK(!parse_word(ON("XY"), "X"));
	CHECK(!parse_word(ON("X"), "XY"));
	CHECK(p.error == NULL);
	CHECK(parse_word(ON("inbox "), "INBOX"));
}

TEST(strings)
{
	struct span s;
	bool binary;

	CHECK(parse_astring(ON("\"a \\\"b\\\\\" x"), &s) == 0);
	CHECK_SPAN(s, "a \"b\\");
	CHECK_SPAN(p.rest, " x");
	CHECK(parse_astring(ON("\"\""), &s) == 0 && s.len == 0);
	CHECK(parse_astring(ON("\"a"), &s) == -1);
	CHECK(parse_astring(ON("\"a\\"), &s) == -1);
	CHECK(parse_astring(ON("\"a\\b\""), &s) == -1);
	CHECK(parse_astring(ON("\"a\nb\""), &s) == -1);
	CHECK(parse_astring(ON("\"a\0b\""), &s) == -1);
	CHECK(parse_astring(ON("{3}\r\na\"b)"), &s) == 0);
	CHECK_SPAN(s, "a\"b");
	CHECK_SPAN(p.rest, ")");
	CHECK(parse_astring(ON("{3+}\r\na\nb"), &s) == 0);
	CHECK_SPAN(s, "a\nb");
	CHECK(parse_astring(ON("{0}\r\n"), &s) == 0 && s.len == 0);
	CHECK(parse_astring(ON("{4}\r\nabc"), &s) == -1);
	CHECK(parse_astring(ON("{}\r\n"), &s) == -1);
	CHECK(parse_astring(ON("{-1}\r\n"), &s) == -1);
	CHECK(parse_astring(ON("{4294967296}\r\n"), &s) == -1);
	CHECK(parse_astring(ON("{3}\r\na\0b"), &s) == -1);
	CHECK(parse_astring(ON("~{3}\r\na\0b"), &s) == 0);
	CHECK_SPAN(s, "~");
	CHECK(parse_string(ON("~{3}\r\na\0b"), &s, &binary) == 0 && binary);
	CHECK(s.len == 3);
	CHECK(parse_string(ON("{3}\r\nabc"), &s, &binary) == 0 && !binary);
	CHECK(parse_string(ON("atom"), &s, NULL) == -1);
	CHECK(parse_nstring(ON("nil"), &s) == 0 && s.p == NULL);
	CHECK(parse_nstring(ON("\"nil\""), &s) == 0 && s.len == 3);
	CHECK(parse_nstring(ON("nils"), &s) == -1);
	CHECK(parse_pattern(ON("a/%*]"), &s) == 0);
	CHECK_SPAN(s, "a/%*]");
}

TEST(numbers)
{
	uint32_t n;
	uint64_t big;

	CHECK(parse_uint32(ON("4294967295"), &n) == 0 && n == UINT32_MAX);
	CHECK(parse_uint32(ON("4294967296"), &n) == -1);
	CHECK(parse_uint32(ON("x"), &n) == -1);
	CHECK(parse_uint32(ON("-1"), &n) == -1);
	CHECK(parse_nz(ON("0"), &n) == -1);
	CHECK(parse_number(ON("9223372036854775807"), INT64_MAX, &big) == 0);
	CHECK(parse_number(ON("9223372036854775808"), INT64_MAX, &big) == -1);
}

TEST(flags)
{
	struct span s;

	CHECK(parse_flag(ON("\\Seen "), &s) == 0);
	CHECK_SPAN(s, "\\Seen");
	CHECK(parse_flag(ON("$Forwarded)"), &s) == 0);
	CHECK_SPAN(s, "$Forwarded");
	CHECK(parse_flag(ON("\\*"), &s) == -1);
	CHECK(parse_flag(ON("\\\\Seen"), &s) == -1);
	CHECK(parse_flag(ON(""), &s) == -1);
}

TEST(dates)
{
	int64_t d;
	time_t t;

	CHECK(parse_date(ON("1-Jan-1970"), &d) == 0 && d == 0);
	CHECK(parse_date(ON("\"01-feb-1970\""), &d) == 0 && d == 31);
	CHECK(parse_date(ON("29-Feb-2000"), &d) == 0 && d == 11016);
	CHECK(parse_date(ON("31-Dec-1969"), &d) == 0 && d == -1);
	CHECK(parse_date(ON("0-Jan-1970"), &d) == -1);
	CHECK(parse_date(ON("32-Jan-1970"), &d) == -1);
	CHECK(parse_date(ON("1-Foo-1970"), &d) == -1);
	CHECK(parse_date(ON("1-Jan-70"), &d) == -1);
	CHECK(parse_date(ON("\"1-Jan-1970"), &d) == -1);
	CHECK(parse_date_time(ON("\"17-Jul-1996 02:44:25 -0700\""), &t) == 0 &&
	    t == 837596665);
	CHECK(parse_date_time(ON("\" 1-Jan-1970 00:00:00 +0100\""), &t) == 0 &&
	    t == -3600);
	CHECK(parse_date_time(ON("\"1-Jan-1970 00:00:00 +0100\""), &t) == -1);
	CHECK(parse_date_time(ON("\"01-Jan-1970 24:00:00 +0100\""), &t) == -1);
	CHECK(parse_date_time(ON("\"01-Jan-1970 00:00:00 0100\""), &t) == -1);
	CHECK(parse_date_time(ON("\"01-Jan-1970 00:00:00 +0100"), &t) == -1);
}

/* "text" resolved with "star", as text. */
static const char *
set(const char *text, uint32_t star)
{
	static struct buf b;
	struct set s;

	buf_free(&b);
	buf_init(&b, 1000);
	if (parse_set(on(span(text)), &s) == -1 || parse_end(&p) == -1)
		return "refused";
	set_resolve(&s, star);
	set_put(&b, &s);
	return b.p;
}

TEST(sets)
{
	CHECK_STR(set("1", 9), "1");
	CHECK_STR(set("3:1", 9), "1:3");
	CHECK_STR(set("*", 9), "9");
	CHECK_STR(set("5:*", 9), "5:9");
	CHECK_STR(set("*:5", 9), "5:9");
	CHECK_STR(set("12:*", 9), "9:12");
	CHECK_STR(set("*:*", 9), "9");
	CHECK_STR(set("7,1:3,2:5,6", 9), "1:7");
	CHECK_STR(set("1,3,5", 9), "1,3,5");
	CHECK_STR(set("5,3,1,3", 9), "1,3,5");
	CHECK_STR(set("1:4294967295,7", 9), "1:4294967295");
	CHECK_STR(set("4294967295,4294967294", 9), "4294967294:4294967295");
	CHECK_STR(set("0", 9), "refused");
	CHECK_STR(set("4294967296", 9), "refused");
	CHECK_STR(set("4294967297", 9), "refused");
	CHECK_STR(set("", 9), "refused");
	CHECK_STR(set("1,", 9), "refused");
	CHECK_STR(set(",1", 9), "refused");
	CHECK_STR(set("1:", 9), "refused");
	CHECK_STR(set("1:2:3", 9), "refused");
	CHECK_STR(set("1 2", 9), "refused");
	CHECK_STR(set("-1", 9), "refused");
}

TEST(set_members)
{
	struct set s;

	CHECK(parse_set(ON("10:20,1,30:*"), &s) == 0);
	set_resolve(&s, 40);
	CHECK(set_has(&s, 1) && !set_has(&s, 2) && !set_has(&s, 9));
	CHECK(set_has(&s, 10) && set_has(&s, 20) && !set_has(&s, 21));
	CHECK(set_has(&s, 30) && set_has(&s, 40) && !set_has(&s, 41));
	CHECK(!set_has(&s, 0) && !set_has(&s, UINT32_MAX));
	CHECK(set_count(&s) == 1 + 11 + 11);
	CHECK(parse_set(ON("$"), &s) == 0 && s.saved && s.ranges == 0);
	set_resolve(&s, 40);
	CHECK(!set_has(&s, 1));
}

TEST(arena_is_finite)
{
	struct span s = TEXT("1:2,3");
	struct arena small;
	struct set set;

	CHECK(arena_init(&small, 8) == 0);
	parse_init(&p, s, &small);
	CHECK(parse_set(&p, &set) == -1 && p.error != NULL);
	arena_free(&small);
}
