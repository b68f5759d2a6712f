#include "imap-session/name.h"

#include "tests/unit/test.h"

static char disk[NAME_DISK];

static const char *
to_disk(const char *wire, bool utf8)
{
	return name_to_disk(disk, span(wire), utf8) == 0 ? disk : "refused";
}

static const char *
to_wire(const char *name, bool utf8)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 1000);
	name_to_wire(&b, name, utf8);
	return b.p;
}

TEST(disk_and_back)
{
	CHECK_STR(to_disk("inBox", false), "INBOX");
	CHECK_STR(to_disk("inbox/a", false), "INBOX.a");
	CHECK_STR(to_disk("inboxes", false), "inboxes");
	CHECK_STR(to_disk("a/inbox", false), "a.inbox");
	CHECK_STR(to_disk("a/b c/d", false), "a.b c.d");
	CHECK_STR(to_disk("a/", false), "a");
	CHECK_STR(to_disk("Entw&APw-rfe/x", false), "Entw&APw-rfe.x");
	CHECK_STR(to_disk("Entw\u00fcrfe/x", true), "Entw&APw-rfe.x");
	CHECK_STR(to_disk("a&b", true), "a&-b");
	CHECK_STR(to_disk("*%", false), "*%");
	CHECK_STR(to_wire("a.b c", false), "a/b c");
	CHECK_STR(to_wire("Entw&APw-rfe.x", true), "Entw\u00fcrfe/x");
	CHECK_STR(to_wire("Entw&APw-rfe.x", false), "Entw&APw-rfe/x");
	CHECK_STR(to_wire("bad&name", true), "bad&name");
}

/* hardening.md: what no folder can be called. */
TEST(refused)
{
	static const char *const bad[] = {
		"",
		"/",
		"//",
		"/a",
		"a//b",
		"a//",
		".",
		"..",
		"a/..",
		"../a",
		"a.b",
		"a/.b",
		"a\tb",
		"a\x7f",
		"a&b",
		"&AGE-",
		"\xc3\xa4",
	};
	char longest[NAME_DISK + 10];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_STR(to_disk(bad[i], false), "refused");
	CHECK_STR(to_disk("a\xff", true), "refused");
	memset(longest, 'a', sizeof(longest));
	longest[201] = '\0';
	CHECK_STR(to_disk(longest, false), "refused");
	longest[200] = '\0';
	CHECK(strlen(to_disk(longest, false)) == 200);
	for (size_t i = 1; i < 100; i += 2)
		longest[i] = '/';
	longest[2 * 33 - 1] = '\0';
	CHECK_STR(to_disk(longest, false), "refused");
	longest[2 * 32 - 1] = '\0';
	CHECK(strlen(to_disk(longest, false)) == 63);
	CHECK(name_to_disk(disk, TEXT("a\0b"), false) == -1);
}

static bool
match(const char *pattern, const char *name)
{
	return name_match(span(pattern), span(name));
}

TEST(patterns)
{
	CHECK(match("*", "a/b/c") && match("%", "a") && !match("%", "a/b"));
	CHECK(match("a/%", "a/b") && !match("a/%", "a/b/c"));
	CHECK(match("a*c", "a/b/c") && !match("a%c", "a/b/c"));
	CHECK(match("%/%", "a/b") && !match("%/%", "a"));
	CHECK(match("", "") && !match("", "a") && !match("a", ""));
	CHECK(match("*%*%*", "a/b") && match("**", "") && match("%%", "ab"));
	CHECK(match("inbox", "INBOX") && match("InB*", "INBOX"));
	CHECK(match("inbox/A", "INBOX/A") && !match("inbox/a", "INBOX/A"));
	CHECK(!match("A", "a") && !match("inboxes", "INBOXES"));
}

/* No pattern takes long: 1000 wildcards against 1000 octets. */
TEST(patterns_are_linear)
{
	char pattern[1001], name[1001];

	for (size_t i = 0; i < 1000; i++) {
		pattern[i] = i % 2 ? 'a' : '*';
		name[i] = 'a';
	}
	pattern[999] = 'b';
	pattern[1000] = name[1000] = '\0';
	for (int i = 0; i < 100; i++)
		CHECK(!match(pattern, name));
}
