#include "imap-session/envelope.h"

#include "imap-session/structure.h"
#include "tests/unit/test.h"

static struct buf out;

static const char *
envelope(const char *header)
{
	buf_free(&out);
	buf_init(&out, 100000);
	envelope_put(&out, span(header));
	return out.p;
}

TEST(example) /* of RFC 3501 s. 8 */
{
	CHECK_STR(envelope(
		      "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\n"
		      "From: Terry Gray <gray@cac.washington.edu>\n"
		      "Subject: IMAP4rev1 WG mtg summary and minutes\n"
		      "To: imap@cac.washington.edu\n"
		      "cc: minutes@CNRI.Reston.VA.US, John Klensin "
		      "<KLENSIN@MIT.EDU>\n"
		      "Message-Id: <B27397-0100000@cac.washington.edu>\n\n"),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 WG mtg summary and minutes\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")");
}

TEST(nothing)
{
	CHECK_STR(envelope(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	CHECK_STR(envelope("To:\nSubject:\n"),
	    "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(groups_and_folds)
{
	CHECK_STR(envelope("To: us: a@b, c@d;, e@f\r\n"
			   "Subject: one\r\n two\r\n"),
	    "(NIL \"one two\" NIL NIL NIL "
	    "((NIL NIL \"us\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\")) "
	    "NIL NIL NIL NIL)");
}

/* Recipients in two fields, and one that is there without any. */
TEST(fields_twice)
{
	CHECK_STR(envelope("To: a@b\nTo: c@d\nSubject: 1\nSubject: 2\n"
			   "From: x@y\nReply-To: \n"),
	    "(NIL \"1\" ((NIL NIL \"x\" \"y\")) ((NIL NIL \"x\" \"y\")) "
	    "((NIL NIL \"x\" \"y\")) "
	    "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) "
	    "NIL NIL NIL NIL)");
}

/* Quotes, encoded words and raw octets. */
TEST(texts)
{
	CHECK_STR(envelope("Subject: a \"b\" \\\nFrom: \"A \\\" B\" <x@y>\n"),
	    "(NIL \"a \\\"b\\\" \\\\\" ((\"A \\\" B\" NIL \"x\" \"y\")) "
	    "((\"A \\\" B\" NIL \"x\" \"y\")) ((\"A \\\" B\" NIL \"x\" \"y\"))"
	    " NIL NIL NIL NIL NIL)");
	CHECK_STR(envelope("Subject: =?utf-8?q?=C3=A4?=\n"),
	    "(NIL \"=?utf-8?q?=C3=A4?=\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	CHECK_STR(envelope("Subject: \xe4\n"),
	    "(NIL {1}\r\n\xe4 NIL NIL NIL NIL NIL NIL NIL NIL)");
}

/* ---- structures */

static int
get(void *ctx, uint64_t from, uint64_t to, struct buf *b)
{
	const char *const *text = ctx;

	buf_add(b, *text + from, (size_t)(to - from));
	return 0;
}

static const char *
structure(const char *text, bool extended)
{
	const struct source source = { .get = get, .ctx = &text };
	struct mime m;

	buf_free(&out);
	buf_init(&out, 100000);
	CHECK(mime_begin(&m) == 0);
	mime_put(&m, span(text));
	CHECK(mime_end(&m) == 0);
	CHECK(structure_put(&out, &m, &source, extended) == 0);
	mime_free(&m);
	return out.p;
}

TEST(leaf)
{
	CHECK_STR(structure("Subject: x\r\n\r\none\r\ntwo\r\n", false),
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "10 2)");
	CHECK_STR(structure("Content-Type: IMAGE/Png; name=\"a b\"\r\n"
			    "Content-Transfer-Encoding: BASE64\r\n"
			    "Content-ID: <x@y>\r\nContent-Description: d\r\n"
			    "Content-Disposition: attachment; filename=f\r\n"
			    "Content-Language: de, en\r\n"
			    "Content-Location: l\r\nContent-MD5: m\r\n"
			    "\r\nAAAA\r\n",
		      true),
	    "(\"IMAGE\" \"Png\" (\"name\" \"a b\") \"<x@y>\" \"d\" "
	    "\"BASE64\" 6 \"m\" (\"attachment\" (\"filename\" \"f\")) "
	    "(\"de\" \"en\") \"l\")");
}

TEST(multipart)
{
	static const char text[] =
	    "Content-Type: multipart/mixed; boundary=B\r\n\r\n"
	    "--B\r\n\r\none\r\n--B\r\n"
	    "Content-Type: message/rfc822\r\n\r\n"
	    "Subject: in\r\n\r\ninner\r\n\r\n--B--\r\n";

	CHECK_STR(structure(text, false),
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 3 0)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 22 "
	    "(NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 7 1) 3) \"mixed\")");
	CHECK(strstr(structure(text, true),
		  " \"mixed\" (\"boundary\" \"B\") NIL NIL NIL)") != NULL);
}

TEST(multipart_without_parts)
{
	CHECK_STR(
	    structure("Content-Type: multipart/mixed; boundary=B\r\n\r\nx\r\n",
		false),
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 0 0) \"mixed\")");
}

/* RFC 2231 values stay as they are, and say so by the star. */
TEST(coded_parameters)
{
	CHECK_STR(structure("Content-Type: text/plain;\r\n"
			    " name*0*=utf-8''%c3; name*1*=%a4\r\n\r\n",
		      false),
	    "(\"text\" \"plain\" (\"name*\" \"utf-8''%c3%a4\" "
	    "\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)");
}
