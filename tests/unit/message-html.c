#include "message/html.h"

#include "tests/unit/test.h"

static const char *
text(const char *html, size_t width)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 100000);
	html_text(&b, span(html), width);
	return b.p;
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
