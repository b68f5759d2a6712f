/* aliases(5), as text. */
#include "smtp-session/alias.h"

#include "tests/unit/test.h"

static struct alias_file file = { .path = "F" };

static void
write_file(const char *text)
{
	buf_free(&file.text);
	buf_init(&file.text, ALIAS_FILE_MAX);
	buf_str(&file.text, text);
}

/* "LINE v1|v2|", "none" or "error". */
static const char *
find(const char *name)
{
	static struct buf out;
	struct buf values;
	unsigned line = 0;

	buf_free(&out);
	buf_init(&out, 4096);
	buf_init(&values, ALIAS_VALUES_MAX);
	switch (alias_find(&file, name, &values, &line)) {
	case 1:
		buf_printf(&out, "%u ", line);
		for (size_t i = 0; i < values.len; i++)
			buf_char(&out, values.p[i] == '\0' ? '|' : values.p[i]);
		break;
	case 0:
		buf_str(&out, "none");
		break;
	default:
		buf_str(&out, "error");
	}
	buf_free(&values);
	return out.p;
}

TEST(entries)
{
	write_file("# bob: no\n"
		   "Bob : alice\n"
		   "\n"
		   "list: a, b,\n"
		   "  c, # and\n"
		   "\td\n"
		   "  \n"
		   "\"odd, name\": \"x y\"@b.test, z\n"
		   "bob: second\n"
		   "last:end");
	CHECK_STR(find("bob"), "2 alice|");
	CHECK_STR(find("list"), "4 a|b|c|d|");
	CHECK_STR(find("odd, name"), "8 \"x y\"@b.test|z|");
	CHECK_STR(find("last"), "10 end|");
	CHECK_STR(find("lis"), "none");
	CHECK_STR(find("# bob"), "none");
}

TEST(faults)
{
	write_file("open: \"a, b\nempty:\nblank: , ,\nno colon\ngood: a\n");
	CHECK_STR(find("open"), "error");
	CHECK_STR(find("empty"), "error");
	CHECK_STR(find("blank"), "error");
	CHECK_STR(find("no colon"), "error");
	CHECK_STR(find("good"), "5 a|");
}

TEST(whole_lines)
{
	write_file("a: :fail: gone, sorry\nb: \"|prog a, b\", c\n");
	CHECK_STR(find("a"), "1 :fail: gone, sorry|");
	CHECK_STR(find("b"), "2 \"|prog a, b\"|c|");
}

static void
kind(const char *value, enum alias_kind wanted, const char *rest)
{
	struct span got;
	struct buf plain;

	buf_init(&plain, 1024);
	CHECK(alias_kind(span(value), &plain, &got) == wanted);
	CHECK_SPAN(got, rest);
	buf_free(&plain);
}

TEST(kinds)
{
	kind("bob", ALIAS_NAME, "bob");
	kind("\\bob", ALIAS_FINAL, "bob");
	kind("\"|prog \\\"x\\\" y\"", ALIAS_COMMAND, "prog \"x\" y");
	kind("/var/mail/x", ALIAS_FILE, "/var/mail/x");
	kind(":INCLUDE: /x", ALIAS_INCLUDE, "/x");
	kind(":fail:  no", ALIAS_FAIL, "no");
	kind("error:550 no", ALIAS_FAIL, "550 no");
}

TEST(lists)
{
	struct buf values;
	struct span all, value;
	unsigned line = 1;

	buf_init(&values, ALIAS_VALUES_MAX);
	write_file("# x\na, b\n\n\"c d\"@e # f\n");
	CHECK(alias_list(&file, &values) == 0);
	test_spans(__FILE__, __LINE__, buf_all(&values),
	    TEXT("\0a\0b\0\0\0\"c d\"@e\0\0"));
	all = buf_all(&values);
	CHECK(alias_value(&all, &value, &line));
	CHECK(line == 2 && span_same(value, span("a")));
	CHECK(alias_value(&all, &value, &line) && line == 2);
	CHECK(alias_value(&all, &value, &line));
	CHECK(line == 4 && span_same(value, span("\"c d\"@e")));
	CHECK(!alias_value(&all, &value, &line));
	write_file("a\n\"b\n");
	CHECK(alias_list(&file, &values) == -1);
	buf_free(&values);
}
