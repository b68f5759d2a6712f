#include "message/haystack.h"

#include "tests/unit/test.h"

static struct haystack hay;

static bool
has(const char *needle)
{
	return haystack_has(&hay, span(needle), false);
}

static bool
in_body(const char *needle)
{
	return haystack_has(&hay, span(needle), true);
}

TEST(plain)
{
	haystack_init(&hay);
	CHECK(
	    haystack_fill(&hay,
		span("From: A <a@b>\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
		     "\r\nHello\r\nWorld\r\n")) == 0);
	CHECK(has("from: a <a@b>") && !in_body("a@b"));
	CHECK(has("gru\u0308ße"));
	CHECK(in_body("hello\nworld") && has("hello"));
	CHECK(!has("a@b>\nsubject") && !has("ßehello"));
	haystack_free(&hay);
}

TEST(encoded)
{
	haystack_init(&hay);
	CHECK(
	    haystack_fill(&hay,
		span("Content-Type: text/plain; charset=koi8-r\n"
		     "Content-Transfer-Encoding: base64\n\n8NLJ18XU\n")) == 0);
	CHECK(in_body("привет"));
	CHECK(!in_body("8nlj"));
	haystack_free(&hay);
}

TEST(html)
{
	haystack_init(&hay);
	CHECK(haystack_fill(&hay,
		  span("Content-Type: text/html\n\n"
		       "<p class=x>a <b>b</b>c &amp; d</p>")) == 0);
	CHECK(in_body("a bc & d") && !in_body("class"));
	haystack_free(&hay);
}

TEST(parts)
{
	haystack_init(&hay);
	CHECK(haystack_fill(&hay,
		  span("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n"
		       "One\n--x\nContent-Type: application/pdf\n"
		       "Content-Disposition: attachment;"
		       " filename*=utf-8''R%C3%A9sum%C3%A9.pdf\n\nBINARY\n"
		       "--x\nContent-Type: message/rfc822\n\n"
		       "Subject: Inner\n\nDeep\n--x--\n")) == 0);
	CHECK(in_body("one") && in_body("re\u0301sume\u0301.pdf"));
	CHECK(!in_body("binary"));
	CHECK(in_body("subject: inner") && in_body("deep"));
	haystack_free(&hay);
}

TEST(empty)
{
	haystack_init(&hay);
	CHECK(haystack_fill(&hay, span("")) == 0);
	CHECK(has("") && !has("a"));
	haystack_trim(&hay);
	haystack_free(&hay);
}
