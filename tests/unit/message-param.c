#include "message/param.h"

#include "tests/unit/test.h"

/* "type/subtype" and ";name=value" for each, "*" before "=" when extended;
 * then "|" and the text of "filename". */
static const char *
show(struct span value)
{
	static struct buf b;
	const struct param *p;
	struct content c;
	size_t i;

	buf_free(&b);
	buf_init(&b, 2000000);
	if (content_read(&c, value) == -1)
		buf_char(&b, '!');
	buf_span(&b, c.type);
	buf_char(&b, '/');
	buf_span(&b, c.subtype);
	for (i = 0; i < c.params; i++) {
		buf_char(&b, ';');
		buf_span(&b, c.param[i].name);
		buf_str(&b, c.param[i].extended ? "*=" : "=");
		buf_span(&b, c.param[i].value);
	}
	p = content_param(&c, "filename");
	if (p != NULL) {
		buf_char(&b, '|');
		param_text(&b, p);
	}
	CHECK(!b.over && !c.text.over);
	content_free(&c);
	return b.p;
}

static void
check(const char *in, const char *out)
{
	const char *got = show(span(in));

	if (strcmp(got, out) != 0) {
		(void)printf("of \"%s\":\n", in);
		CHECK_STR(got, out);
	}
}

TEST(plain)
{
	check(" text/plain", "text/plain");
	check(" Text / HTML ; Charset = UTF-8 ;", "Text/HTML;Charset=UTF-8");
	check("text/plain; charset=us-ascii (Plain text)",
	    "text/plain;charset=us-ascii");
	check("text(a)/(b(c))plain(d)\n ;(e)charset(f)=(g)\"us-ascii\"(h)",
	    "text/plain;charset=us-ascii");
	check("multipart/mixed;\n\tboundary=\"a \\\"b\\\\\n c\"",
	    "multipart/mixed;boundary=a \"b\\ c");
	check("multipart/mixed; boundary==_x=?",
	    "multipart/mixed;boundary==_x=?");
}

TEST(no_type)
{
	check("", "!/");
	check("text", "!text/");
	check("text; charset=x", "!text/;charset=x");
	check("/plain; a=b", "!/plain;a=b");
	check("attachment; a=b", "!attachment/;a=b");
	check(";;;", "!/");
}

TEST(careless)
{
	check("a/b; filename=my file (1).pdf; x=y",
	    "a/b;filename=my file;x=y|my file");
	check("a/b; filename=my\tfile.pdf",
	    "a/b;filename=my\tfile.pdf|my file.pdf");
	check("a/b; junk; =x; c=d", "a/b;c=d");
	check("a/b; c; d=e;;f=", "a/b;d=e;f=");
	check("a/b; c=\"unclosed; d=e", "a/b;c=unclosed; d=e");
	check("a/b; c=\"x\" junk; d=e", "a/b;c=x;d=e");
	check("a/b c; d=e", "a/b;d=e");
	check("a/b; (unclosed; d=e", "a/b");
	check("a/b; filename=\"=?utf-8?Q?gr=C3=BC=C3=9F?=\"",
	    "a/b;filename==?utf-8?Q?gr=C3=BC=C3=9F?=|gr\xc3\xbc\xc3\x9f");
	check("a/b; filename=\"gr\xfc\"", "a/b;filename=gr\xfc|gr\xef\xbf\xbd");
}

/* RFC 2231 s. 3 and 4 */
TEST(sections)
{
	check("message/external-body; access-type=URL;\n"
	      " URL*0=\"ftp://\";\n URL*1=\"cs.utk.edu/pub\"",
	    "message/external-body;access-type=URL;URL=ftp://cs.utk.edu/pub");
	check("a/b; filename*=us-ascii'en-us'This%20is%20***fun***",
	    "a/b;filename*=us-ascii'en-us'This%20is%20***fun***"
	    "|This is ***fun***");
	check(
	    "a/b; filename*0*=us-ascii'en'This%20is%20even%20more%20;\n"
	    " filename*1*=%2A%2A%2Afun%2A%2A%2A%20;\n filename*2=\"isn't it!\"",
	    "a/b;filename*=us-ascii'en'This%20is%20even%20more%20"
	    "%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!"
	    "|This is even more ***fun*** isn't it!");
	check("a/b; filename*1=b; filename*0=a", "a/b;filename=ab|ab");
	check("a/b; filename*0=a; filename*2=c", "a/b;filename=a|a");
	check("a/b; filename*1=b", "a/b");
	check("a/b; filename*0=a; filename*0=x; filename*1=b",
	    "a/b;filename=ab;filename=x|ab");
	check("a/b; filename*01=b; filename*0=a",
	    "a/b;filename*01=b;filename=a|a");
	check("a/b; filename*0=\"a b\"; filename*1*=%FC",
	    "a/b;filename*=''a%20b%FC|a b\xef\xbf\xbd");
}

TEST(extended)
{
	check("a/b; filename=x; filename*=iso-8859-1'de'gr%FC%DF",
	    "a/"
	    "b;filename=x;filename*=iso-8859-1'de'gr%FC%DF|gr\xc3\xbc\xc3\x9f");
	check("a/b; filename*=\"utf-8''%e2%82%ac%2\"",
	    "a/b;filename*=utf-8''%e2%82%ac%2|\xe2\x82\xac%2");
	check("a/b; filename*=x%20y", "a/b;filename*=x%20y|x y");
	check("a/b; filename*=don't", "a/b;filename*=don't|don't");
	check("a/b; filename*=utf-8''a%0d%0ab%00%1b",
	    "a/b;filename*=utf-8''a%0d%0ab%00%1b|a  b  ");
	/* a character split between sections */
	check("a/b; filename*0*=utf-8''%e2%82; filename*1*=%ac",
	    "a/b;filename*=utf-8''%e2%82%ac|\xe2\x82\xac");
}

TEST(caps)
{
	struct content c;
	struct buf b;
	size_t i;

	buf_init(&b, 2000000);
	buf_str(&b, "a/b");
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "; p%zu=x", i);
	CHECK(content_read(&c, buf_all(&b)) == 0);
	CHECK(c.params == PARAM_MANY);
	content_free(&c);
	buf_reset(&b);
	buf_str(&b, "a/b");
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "; p*%zu*=%%41", i);
	CHECK(content_read(&c, buf_all(&b)) == 0);
	CHECK(c.params == 1 && c.param[0].value.len == 3UL * PARAM_SECTIONS);
	content_free(&c);
	buf_reset(&b);
	buf_str(&b, "a/b; c*0*=x;c*1=\"");
	for (i = 0; i < 250000; i++)
		buf_char(&b, '\xff');
	CHECK(content_read(&c, buf_all(&b)) == 0);
	CHECK(!c.text.over && c.param[0].value.len == 750001);
	content_free(&c);
	buf_reset(&b);
	for (i = 0; i < 250000; i++)
		buf_char(&b, '(');
	CHECK(content_read(&c, buf_all(&b)) == -1);
	content_free(&c);
	buf_free(&b);
}

TEST(nul)
{
	CHECK_STR(show(TEXT("a/b\0; c=d")), "a/b;c=d");
	CHECK_STR(show(TEXT("a\0/b; c=d")), "!a/;c=d");
}

/* What is put is read again as the same text. */
TEST(put)
{
	static const char *const texts[] = {
		"a", "a b", "a\"b\\c", "", "gr\xc3\xbc\xc3\x9f e.pdf", "a;b",
		"%41", "a'b*c",
		"a rather long file name that has more than sixty octets in "
		"it.pdf",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
		"\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
	};
	const struct param *p;
	struct content c;
	struct buf b, text;
	struct span rest, line;
	size_t i;

	buf_init(&b, 10000);
	buf_init(&text, 10000);
	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_reset(&b);
		buf_reset(&text);
		buf_str(&b, "a/b");
		param_put(&b, "filename", span(texts[i]));
		for (rest = buf_all(&b); rest.len > 0;) {
			line = span_cut(&rest, '\n');
			CHECK(line.len <= 90);
		}
		CHECK(content_read(&c, buf_all(&b)) == 0);
		p = content_param(&c, "FileName");
		CHECK(p != NULL);
		if (p != NULL)
			param_text(&text, p);
		CHECK_STR(text.p, texts[i]);
		content_free(&c);
	}
	buf_free(&b);
	buf_free(&text);
}

TEST(put_forms)
{
	struct buf b;

	buf_init(&b, 10000);
	param_put(&b, "a", span("b"));
	param_put(&b, "c", span("d e"));
	param_put(&b, "f", span("\xc3\xbc\n"));
	CHECK_STR(b.p, ";\n\ta=b;\n\tc=\"d e\";\n\tf*=utf-8''%C3%BC%0A");
	buf_free(&b);
}
