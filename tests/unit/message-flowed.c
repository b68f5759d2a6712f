#include "message/flowed.h"

#include "tests/unit/test.h"

static const char *
text(const char *s, bool delsp, size_t width)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 100000);
	flowed_text(&b, span(s), delsp, width);
	return b.p;
}

#define IS(s, want) CHECK(strcmp(text(s, false, 20), want) == 0)

TEST(paragraphs)
{
	IS("one \ntwo\nthree\n", "one two\nthree\n");
	IS("one \r\ntwo\r\n", "one two\n");
	IS("a line that is longer than twenty\n",
	    "a line that is longer than twenty\n");
	IS("a line that is \nlonger than twenty\n",
	    "a line that is\nlonger than twenty\n");
	IS("12345678901234567890123 \nx\n", "12345678901234567890123\nx\n");
	IS("no end \n", "no end\n");
	IS("\n\n", "\n\n");
	IS("", "");
}

TEST(stuffed)
{
	IS(" From a\n > b\n  c\n", "From a\n> b\n c\n");
}

TEST(quoted)
{
	IS("> a \n> b\n>> c \n>>d\n>\nx\n", "> a b\n>> c d\n>\nx\n");
	IS("> soft, but \nmine\n", "> soft, but\nmine\n");
	IS("> a line that is \n> longer than twenty\n",
	    "> a line that is\n> longer than twenty\n");
}

/* Else one message of strangers would be pages of ">". */
TEST(deep)
{
	IS(">>>>>>>>> a line that \n>>>>>>>>> is long\n",
	    ">>>>>>>>> a line that is long\n");
	IS(">>>>>>>> a line that \n>>>>>>>> is long\n",
	    ">>>>>>>> a line that\n>>>>>>>> is long\n");
}

TEST(signature)
{
	IS("soft \n-- \nme\n", "soft\n-- \nme\n");
	IS("> a\n> -- \n> me\n", "> a\n> -- \n> me\n");
}

TEST(an_empty_line_is_kept)
{
	IS("soft \n\nnext\n", "soft\n\nnext\n");
}

TEST(delsp)
{
	CHECK(strcmp(text("ab \ncd  \n ef\n", true, 20), "abcd ef\n") == 0);
	CHECK(strcmp(text("-- \nx\n", true, 20), "-- \nx\n") == 0);
}
