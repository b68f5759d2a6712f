#include "message/html.h"

#include "tests/unit/test.h"

static const char *
made(void (*make)(struct buf *, struct span, size_t), const char *html,
    size_t width)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 100000);
	make(&b, span(html), width);
	return b.p;
}

static const char *
text(const char *html, size_t width)
{
	return made(html_text, html, width);
}

#define IS(html, want) CHECK(strcmp(text(html, 40), want) == 0)

TEST(blocks)
{
	IS("<p>a<p>b", "a\n\nb\n");
	IS("a<br>b<div>c</div>d", "a\nb\nc\nd\n");
	IS("<ul><li>a<li>b</ul>c", "* a\n* b\n\nc\n");
	IS("<tr><td>a</td><td>b</td></tr>", "a b\n");
	IS("<pre>a  b\n c</pre>", "a  b\n c\n");
	IS(" a \n\n b ", "a b\n");
	IS("", "");
}

TEST(left_out)
{
	IS("a<!-- <b> --> b<script>x<y</script>c", "a bc\n");
	IS("<style>p{}</style><title>t</title>x", "x\n");
	IS("a<b title=\">\">c</b>", "ac\n");
	IS("a<!-- never ends", "a\n");
	IS("a<script>never ends", "a\n");
	IS("a<b", "a\n");
	IS("1 < 2 <3", "1 < 2 <3\n");
}

TEST(entities)
{
	IS("&lt;b&gt; &amp;amp; &auml;&#228;&#xE4;", "<b> &amp; äää\n");
	IS("&nothing; & &#0; &#x110000;", "&nothing; & &#0; \xef\xbf\xbd\n");
}

TEST(links)
{
	IS("<a href='https://a.test/'>b</a>", "b <https://a.test/>\n");
	IS("<a href=https://a.test/>a.test</a>", "a.test\n");
	IS("<a href=\"javascript:x\">b</a>", "b\n");
}

TEST(width)
{
	CHECK(strcmp(text("aaaa bbbb cccc", 9), "aaaa bbbb\ncccc\n") == 0);
	CHECK(strcmp(text("aaaaaaaaaaaa b", 9), "aaaaaaaaaaaa\nb\n") == 0);
}

static const char *
page(const char *html, size_t width)
{
	return made(html_page, html, width);
}

#define PAGE(html, want) CHECK(strcmp(page(html, 20), want) == 0)

TEST(lists)
{
	PAGE("a<ul><li>b<li>c</ul>d", "a\n\n* b\n* c\n\nd\n");
	PAGE("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
	    "1. a\n  * b\n2. c\n");
	PAGE("<ul><li><p>a</p></li><li><div>b</div></li></ul>", "* a\n\n* b\n");
	PAGE("<ul><li>one two three four five",
	    "* one two three four\n  five\n");
	PAGE("<li>a", "* a\n");
	PAGE("<blockquote><a href='http://x/'>http://x/</a>", "> http://x/\n");
	PAGE("</ul></ol><ul><li></ul>", "* \n");
}

TEST(quotes)
{
	PAGE("a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e",
	    "a\n\n> b\n> c\n\n>> d\n\ne\n");
	PAGE("<blockquote>one two three four five",
	    "> one two three four\n> five\n");
	PAGE("<blockquote><pre>a\n b</pre>", "> a\n>  b\n");
	PAGE("</blockquote>a", "a\n");
	PAGE("<blockquote><ul><li>a", "> * a\n");
}

/* "html" a thousand times. */
static const char *
deep(const char *html)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_str(&b, html);
	buf_str(&b, "x");
	return page(b.p, 10);
}

TEST(depth)
{
	CHECK(strcmp(deep("<blockquote>"), ">>>>>>>> x\n") == 0);
	CHECK(strstr(deep("<ol><li>a"), "\n              992. a\n") != NULL);
	CHECK(strstr(deep("<ul><li><blockquote>a"), "a\n") != NULL);
	CHECK(strcmp(deep("</ul></blockquote>"), "x\n") == 0);
}

TEST(pictures)
{
	PAGE("<img src=x alt=\"a &amp; b\">c", "a & bc\n");
	PAGE("<a href='http://x/'><img alt=y></a>", "y <http://x/>\n");
	PAGE("a<img alt=''>b<img>c", "abc\n");
	IS("a<img alt=x>b", "ab\n");
}

TEST(rules)
{
	PAGE("a<hr>b", "a\n--------------------\nb\n");
	IS("a<hr>b", "a\nb\n");
}
