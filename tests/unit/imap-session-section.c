#include "imap-session/section.h"

#include "tests/unit/test.h"

static const char message[] = "From: a@b\r\n"
			      "To: c@d\r\n"
			      "Subject: x\r\n"
			      " folded\r\n"
			      "Content-Type: multipart/mixed; boundary=B\r\n"
			      "\r\n"
			      "preamble\r\n"
			      "--B\r\n"
			      "Content-Type: text/plain\r\n"
			      "\r\n"
			      "first\r\n"
			      "--B\r\n"
			      "Content-Type: message/rfc822\r\n"
			      "\r\n"
			      "From: inner@b\r\n"
			      "Subject: inner\r\n"
			      "\r\n"
			      "inner text\r\n"
			      "--B--\r\n";

static struct arena arena;
static struct section section;
static struct parse p;

static struct parse *
on(const char *s)
{
	if (arena.p == NULL)
		CHECK(arena_init(&arena, 1 << 20) == 0);
	arena_reset(&arena);
	parse_init(&p, span(s), &arena);
	return &p;
}

/* The piece that "spec" names. */
static struct span
piece(const char *spec)
{
	static struct buf scratch;
	static struct mime m;
	struct span all = TEXT(message), found;
	uint64_t from, to, skip, count;
	enum section_is is;

	buf_free(&scratch);
	buf_init(&scratch, 10000);
	mime_free(&m);
	CHECK(mime_begin(&m) == 0);
	mime_put(&m, all);
	CHECK(mime_end(&m) == 0);
	if (section_read(on(spec), &section) == -1)
		return span("BAD");
	CHECK(parse_end(&p) == 0);
	is = section_find(&section, &m, m.part[0].body.octet, all.len, &from,
	    &to);
	if (is == SECTION_NONE)
		return span("NIL");
	found = span_n(all.p + from, to - from);
	if (is == SECTION_CHOSEN) {
		section_choose(&section, found, &scratch);
		found = buf_all(&scratch);
	}
	section_partial(&section, found.len, &skip, &count);
	return span_n(found.p + skip, count);
}

TEST(pieces)
{
	CHECK(span_eq(piece("[]"), TEXT(message)));
	CHECK_SPAN(piece("[HEADER.FIELDS (to subject)]"),
	    "To: c@d\r\nSubject: x\r\n folded\r\n\r\n");
	CHECK_SPAN(piece("[HEADER.FIELDS.NOT (to Subject \"content-type\")]"),
	    "From: a@b\r\n\r\n");
	CHECK_SPAN(piece("[HEADER.FIELDS (x)]"), "\r\n");
	CHECK(piece("[TEXT]").len > 8 &&
	    memcmp(piece("[TEXT]").p, "preamble", 8) == 0);
	CHECK_SPAN(piece("[1]"), "first");
	CHECK_SPAN(piece("[1.MIME]"), "Content-Type: text/plain\r\n\r\n");
	CHECK_SPAN(piece("[2.MIME]"), "Content-Type: message/rfc822\r\n\r\n");
	CHECK_SPAN(piece("[2.HEADER]"),
	    "From: inner@b\r\nSubject: inner\r\n\r\n");
	CHECK_SPAN(piece("[2.TEXT]"), "inner text");
	CHECK_SPAN(piece("[2.1]"), "inner text");
	CHECK_SPAN(piece("[2.HEADER.FIELDS (SUBJECT)]"),
	    "Subject: inner\r\n\r\n");
	CHECK_SPAN(piece("[3]"), "NIL");
	CHECK_SPAN(piece("[1.2]"), "NIL");
	CHECK_SPAN(piece("[1.HEADER]"), "NIL");
}

TEST(partial)
{
	CHECK_SPAN(piece("[1]<0.3>"), "fir");
	CHECK_SPAN(piece("[1]<3.100>"), "st");
	CHECK_SPAN(piece("[1]<5.1>"), "");
	CHECK_SPAN(piece("[1]<4294967295.4294967295>"), "");
}

TEST(refused)
{
	static const char *const bad[] = {
		"",
		"[",
		"[0]",
		"[1.]",
		"[1..2]",
		"[FOO]",
		"[MIME]",
		"[1.FOO]",
		"[1",
		"[HEADER.FIELDS]",
		"[HEADER.FIELDS ()]",
		"[HEADER.FIELDS (a]",
		"[]<0>",
		"[]<0.0>",
		"[]<1.2",
		"[]<-1.2>",
		"[4294967296]",
		"[TEXT.1]",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_SPAN(piece(bad[i]), "BAD");
}

static const char *
named(const char *spec)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 1000);
	CHECK(section_read(on(spec), &section) == 0);
	section_put(&b, &section);
	return b.p;
}

TEST(names)
{
	CHECK_STR(named("[]"), "[]");
	CHECK_STR(named("[1.2.mime]"), "[1.2.MIME]");
	CHECK_STR(named("[header.fields (To \"a b\")]<5.10>"),
	    "[HEADER.FIELDS (To \"a b\")]<5>");
	CHECK_STR(named("[1.header.fields.not (a b)]"),
	    "[1.HEADER.FIELDS.NOT (a b)]");
}
