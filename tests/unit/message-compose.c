#include "message/compose.h"

#include "tests/unit/test.h"

static struct buf out;

static const char *
field(const char *name, const char *value)
{
	buf_free(&out);
	buf_init(&out, 1000000);
	compose_field(&out, span(name), span(value));
	return out.p;
}

static const char *
message(const char *header, const char *body)
{
	const struct compose c = { .header = span(header), .body = span(body) };

	buf_free(&out);
	buf_init(&out, 1000000);
	return compose_put(&out, &c) == -1 ? "" : out.p;
}

TEST(fields)
{
	CHECK(strcmp(field("To", "a@b.test,  \"C, D\" <c@d.test>"),
		  "To: a@b.test, \"C, D\" <c@d.test>\n") == 0);
	CHECK(strcmp(field("To", "J\xc3\xb6rg <j@b.test>"),
		  "To: =?utf-8?B?SsO2cmc=?= <j@b.test>\n") == 0);
	CHECK(strcmp(field("Subject", "plain text"), "Subject: plain text\n") ==
	    0);
	CHECK(
	    strstr(field("Subject", "\xc3\xa4\r\nBcc: x@y"), "\nBcc") == NULL);
	CHECK(strcmp(field("In-Reply-To", "<a@b>\n\t<c@d>"),
		  "In-Reply-To: <a@b> <c@d>\n") == 0);
	CHECK(strcmp(field("To", "x: a@b.test, c@d.test;"),
		  "To: x: a@b.test, c@d.test;\n") == 0);
}

/* No line over 78 columns, whatever stands in it. */
TEST(folds)
{
	char many[8000] = "";
	size_t column = 0;

	for (int i = 0; i < 200; i++)
		(void)snprintf(many + strlen(many), 40, "%speople%d@b.test",
		    i > 0 ? ", " : "", i);
	(void)field("To", many);
	for (size_t i = 0; i < out.len; i++) {
		column = out.p[i] == '\n' ? 0 : column + 1;
		CHECK(column <= 78);
	}
}

TEST(flowed)
{
	const char *m = message("To: a@b\n",
	    "From here\n> quote\n indented  \nx  \n-- \nme");

	CHECK(strstr(m, "format=flowed\n") != NULL);
	CHECK(strstr(m, "\n\n From here\n> quote\n  indented\nx\n-- \nme\n") !=
	    NULL);
	m = message("To: a@b\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
	    "cccccccccccccccccccccccccccccccccccccc\n");
	CHECK(strstr(m, "bbb \nccc") != NULL);
}

TEST(codings)
{
	CHECK(strstr(message("", "a\n"), "Encoding: 7bit\n") != NULL);
	CHECK(strstr(message("",
			 "Gr\xc3\xbc\xc3\x9f to all of you, my friends\n"),
		  "Gr=C3=BC=C3=9F to all") != NULL);
	CHECK(strstr(message("", "\xd0\xb0\xd0\xb1\xd0\xb2\n"), "0LDQsdCy") !=
	    NULL);
	CHECK(strcmp(message("no field\n", "a"), "") == 0);
}

TEST(files)
{
	const struct compose_file f[] = {
		{ span("\xc3\xa4.png"), span_n("\0\1\2", 3) },
		{ span("a.txt"), span("text\n") },
		{ span("b.eml"), span("Subject: x\n\ny\n") },
	};
	const struct compose c = { .header = span("To: a@b\n"),
		.body = span("hi\n"),
		.file = f,
		.files = 3,
		.boundary = "=_x" };

	buf_free(&out);
	buf_init(&out, 1000000);
	CHECK(compose_put(&out, &c) == 0);
	CHECK(strstr(out.p, "filename*=utf-8''%C3%A4.png") != NULL);
	CHECK(strstr(out.p, "AAEC\n") != NULL);
	CHECK(strstr(out.p,
		  "filename=a.txt\nContent-Transfer-Encoding: 7bit") != NULL);
	CHECK(strstr(out.p, "Content-Type: message/rfc822\n") != NULL);
	CHECK(strstr(out.p, "\n--=_x--\n") != NULL);
}
