#include "message/mime.h"

#include "tests/unit/test.h"

static struct buf out;

/* Lines and the size with CRLF, counted the slow way. */
static void
count(struct span body, const struct mime_part *p)
{
	uint64_t lines = 0, wire = body.len;
	size_t i;

	for (i = 0; i < body.len; i++)
		if (body.p[i] == '\n') {
			lines++;
			wire += i == 0 || body.p[i - 1] != '\r';
		}
	CHECK(p->end.line - p->body.line == lines);
	CHECK(p->end.wire - p->body.wire == wire);
}

static void
show_part(const struct mime *m, struct span text, uint32_t i, int depth)
{
	const struct mime_part *p = &m->part[i];
	struct content c;
	uint32_t k;

	CHECK(mime_content(m, p, &c) == 0);
	buf_printf(&out, "%*s%.*s/%.*s", depth * 2, "", (int)c.type.len,
	    c.type.p, (int)c.subtype.len, c.subtype.p);
	content_free(&c);
	CHECK(
	    p->header.octet <= p->body.octet && p->body.octet <= p->end.octet);
	CHECK(p->end.octet <= text.len);
	if (p->kind == MIME_LEAF) {
		buf_str(&out, " [");
		buf_add(&out, text.p + p->body.octet,
		    p->end.octet - p->body.octet);
		buf_char(&out, ']');
	}
	buf_char(&out, '\n');
	count(span_n(text.p + p->body.octet, p->end.octet - p->body.octet), p);
	for (k = p->child; k != MIME_NONE; k = m->part[k].next) {
		CHECK(m->part[k].parent == i);
		show_part(m, text, k, depth + 1);
	}
}

/* One line per part: type, body of a leaf. */
static const char *
show(struct span text, size_t step)
{
	struct span s = text;
	struct mime m;
	size_t n;

	buf_free(&out);
	buf_init(&out, 10000000);
	CHECK(mime_begin(&m) == 0);
	for (; s.len > 0; s = span_from(s, n)) {
		n = s.len < step ? s.len : step;
		mime_put(&m, span_n(s.p, n));
	}
	CHECK(mime_end(&m) == 0);
	show_part(&m, text, 0, 0);
	if (m.open)
		buf_str(&out, "open\n");
	if (m.cut)
		buf_str(&out, "cut\n");
	mime_free(&m);
	CHECK(!out.over);
	return out.p;
}

/* The same whatever the pieces are. */
static void
check(const char *in, const char *wanted)
{
	size_t step;

	for (step = 1; step < 8; step++)
		CHECK_STR(show(span(in), step), wanted);
	CHECK_STR(show(span(in), 100000), wanted);
}

TEST(no_mime)
{
	check("", "text/plain []\n");
	check("Subject: x\n", "text/plain []\n");
	check("Subject: x\n\nabc\ndef\n", "text/plain [abc\ndef\n]\n");
	check("Subject: x\r\n\r\nabc\r\n", "text/plain [abc\r\n]\n");
	check("A: b\n\nabc", "text/plain [abc]\n");
	check("no header\n\nx\n", "text/plain [no header\n\nx\n]\n");
	check("\nx\n", "text/plain [x\n]\n");
	check("A: b\nno field\n", "text/plain [no field\n]\n");
	check("A: b\n\n--x\nabc\n--x--\n", "text/plain [--x\nabc\n--x--\n]\n");
	check("Content-Type: nonsense\n\nx", "text/plain [x]\n");
	check("Content-Type: text; charset=x\n\nx", "text/plain [x]\n");
	check("Content-Type:\n image/png\n\nx", "image/png [x]\n");
}

#define TOP "Content-Type: multipart/mixed; boundary=b\n"

TEST(multipart)
{
	check(TOP "\npreamble\n--b\n\none\n--b\nContent-Type: text/html\n\n"
		  "two\n\n--b--\nepilogue\n",
	    "multipart/mixed\n  text/plain [one]\n"
	    "  text/html [two\n]\n");
	check("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n"
	      "\r\none\r\n--b--\r\n",
	    "multipart/mixed\n  text/plain [one]\n");
	check(TOP "\n--b \t\n\none\n--b-- \n",
	    "multipart/mixed\n  text/plain [one]\n");
	check(TOP "\n--b\n\n--b\n\n\n--b--",
	    "multipart/mixed\n  text/plain []\n"
	    "  text/plain []\n");
}

TEST(missing_ends)
{
	check(TOP "\n--b\n\none\n",
	    "multipart/mixed\n  text/plain [one\n]\nopen\n");
	check(TOP "\n--b\nA: x\n--b\nContent-Type: a/b\n",
	    "multipart/mixed\n  text/plain []\n  a/b []\nopen\n");
	check(TOP, "multipart/mixed\n  text/plain []\nopen\n");
	check(TOP "\nno part\n", "multipart/mixed\n  text/plain []\nopen\n");
	check(TOP "\n--b--\n", "multipart/mixed\n  text/plain []\n");
	check("Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n",
	    "text/plain [--b\n\none\n--b--\n]\n");
	check("Content-Type: multipart/mixed; boundary=\"\"\n\n--\nx\n",
	    "text/plain [--\nx\n]\n");
}

#define INNER "Content-Type: multipart/alternative; boundary=b2\n\n"

TEST(nested)
{
	check(TOP "\n--b\n" INNER "--b2\n\nin\n--b2--\n--b\n\nout\n--b--\n",
	    "multipart/mixed\n  multipart/alternative\n"
	    "    text/plain [in]\n  text/plain [out]\n");
	/* the inner one has no end */
	check(TOP "\n--b\n" INNER "--b2\n\nin\n--b\n\nout\n--b--\n",
	    "multipart/mixed\n  multipart/alternative\n"
	    "    text/plain [in]\n  text/plain [out]\nopen\n");
	/* its epilogue is not parts */
	check(TOP "\n--b\n" INNER "--b2\n\nin\n--b2--\n--b2\n\nno\n--b--\n",
	    "multipart/mixed\n  multipart/alternative\n"
	    "    text/plain [in]\n");
}

/* The longest boundary that fits; more text behind it is allowed. */
TEST(boundaries_alike)
{
	check(TOP "\n--b more\n\none\n--bb\n\ntwo\n--b--x\n",
	    "multipart/mixed\n  text/plain [one]\n"
	    "  text/plain [two]\n");
	check(TOP "\n--\n-b\n\n--b\n\n-- b\n--b--\n",
	    "multipart/mixed\n  text/plain [-- b]\n");
}

TEST(messages)
{
	check("Content-Type: message/rfc822\n\nSubject: in\n\nbody\n",
	    "message/rfc822\n  text/plain [body\n]\n");
	check("Content-Type: message/rfc822\n\n" TOP "\n--b\n\nx\n--b--\n",
	    "message/rfc822\n  multipart/mixed\n"
	    "    text/plain [x]\n");
	check(TOP "\n--b\nContent-Type: message/rfc822\n\nA: b\n\nin\n--b--\n",
	    "multipart/mixed\n  message/rfc822\n"
	    "    text/plain [in]\n");
	check(TOP "\n--b\nContent-Type: message/rfc822\n\n--b--\n",
	    "multipart/mixed\n  message/rfc822\n"
	    "    text/plain []\n");
	check("Content-Type: message/rfc822\n",
	    "message/rfc822\n"
	    "  text/plain []\n");
	check("Content-Type: message/rfc822\n\nno field\n",
	    "message/rfc822\n  text/plain [no field\n]\n");
	check("Content-Type: message/delivery-status\n\na: b\n",
	    "message/delivery-status [a: b\n]\n");
}

TEST(digest)
{
	check("Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n"
	      "--b\nContent-Type: text/plain\n\ny\n--b--\n",
	    "multipart/digest\n  message/rfc822\n"
	    "    text/plain [x]\n  text/plain [y]\n");
}

TEST(fields)
{
	struct mime m;
	struct field f;

	CHECK(mime_begin(&m) == 0);
	mime_put(&m,
	    span("A: b\nContent-ID: <x@y>\nContent-Description: a\n"
		 " b\nSubject: c\n d\nCONTENT-MD5: z\n\n"
		 "Content-Language: de\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(mime_field(&m, m.part, "content-description", &f));
	CHECK_SPAN(f.value, " a\n b");
	CHECK(mime_field(&m, m.part, "Content-MD5", &f));
	CHECK(!mime_field(&m, m.part, "Subject", &f));
	CHECK(!mime_field(&m, m.part, "Content-Language", &f));
	mime_free(&m);
}

/* RFC 9051 s. 6.4.5.1 */
TEST(sections)
{
	struct mime m;
	uint32_t n[4] = { 1, 1, 1, 1 };

	CHECK(mime_begin(&m) == 0);
	mime_put(&m,
	    span("Content-Type: multipart/mixed; boundary=a\n\n--a\n\n"
		 "1\n--a\nContent-Type: message/rfc822\n\n" TOP
		 "\n--b\n\n2.1\n--b\n"
		 "Content-Type: message/rfc822\n\nA: b\n\n2.2.1\n"
		 "--b--\n--a--\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.parts == 7);
	CHECK(mime_section(&m, n, 1) == &m.part[1]);
	CHECK(mime_section(&m, n, 2) == NULL);
	n[0] = 2;
	CHECK(mime_section(&m, n, 1) == &m.part[2]);
	CHECK(mime_section(&m, n, 2) == &m.part[4]);
	CHECK(mime_section(&m, n, 3) == NULL);
	n[1] = 2;
	CHECK(mime_section(&m, n, 2) == &m.part[5]);
	CHECK(mime_section(&m, n, 3) == &m.part[6]);
	CHECK(mime_section(&m, n, 4) == NULL);
	n[2] = 2;
	CHECK(mime_section(&m, n, 3) == NULL);
	n[1] = 3;
	CHECK(mime_section(&m, n, 2) == NULL);
	n[0] = 0;
	CHECK(mime_section(&m, n, 1) == NULL);
	n[0] = 3;
	CHECK(mime_section(&m, n, 1) == NULL);
	mime_free(&m);
}

TEST(section_of_plain_text)
{
	const uint32_t one[] = { 1, 1 }, two[] = { 2 };
	struct mime m;

	CHECK(mime_begin(&m) == 0);
	mime_put(&m, span("A: b\n\nx\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(mime_section(&m, one, 1) == m.part);
	CHECK(mime_section(&m, one, 2) == NULL);
	CHECK(mime_section(&m, two, 1) == NULL);
	mime_free(&m);
}

static size_t
depth_of(const struct mime *m)
{
	size_t n = 0;
	uint32_t i;

	for (i = m->parts - 1; i != MIME_NONE; i = m->part[i].parent)
		n++;
	return n;
}

TEST(depth)
{
	struct mime m;
	struct content c;
	int i;

	CHECK(mime_begin(&m) == 0);
	for (i = 0; i < 200; i++)
		mime_put(&m, span("Content-Type: message/rfc822\n\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.cut && m.parts == MIME_DEPTH && depth_of(&m) == MIME_DEPTH);
	CHECK(mime_content(&m, &m.part[m.parts - 1], &c) == 0);
	CHECK_SPAN(c.type, "application");
	content_free(&c);
	mime_free(&m);
	CHECK(mime_begin(&m) == 0);
	for (i = 0; i < 200; i++)
		mime_put(&m, span(TOP "\n--b\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.cut && depth_of(&m) <= MIME_DEPTH);
	mime_free(&m);
}

TEST(parts)
{
	struct mime m;
	int i;

	CHECK(mime_begin(&m) == 0);
	mime_put(&m, span(TOP "\n"));
	for (i = 0; i < 5000; i++)
		mime_put(&m, span("--b\n\nx\n"));
	mime_put(&m, span("--b--\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.cut && !m.open && m.parts == MIME_PARTS);
	mime_free(&m);
}

TEST(long_lines)
{
	static char line[3 * MIME_LINE];
	struct mime m;
	struct field f;

	memset(line, 'x', sizeof line);
	CHECK(mime_begin(&m) == 0);
	mime_put(&m, span("Content-Description: "));
	mime_put(&m, span_n(line, sizeof line));
	mime_put(&m, span("\nContent-Type: multipart/mixed; boundary=b\n\n--"));
	mime_put(&m, span_n(line, sizeof line));
	mime_put(&m, span("\n--b\n\n"));
	mime_put(&m, span_n(line, sizeof line));
	mime_put(&m, span("\n--b--\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.cut && !m.open && m.parts == 2);
	CHECK(mime_field(&m, m.part, "Content-Description", &f));
	CHECK(f.value.len < MIME_LINE);
	CHECK(m.part[1].end.octet - m.part[1].body.octet == sizeof line);
	mime_free(&m);
}

TEST(many_fields)
{
	struct mime m;
	int i;

	CHECK(mime_begin(&m) == 0);
	for (i = 0; i < 100000; i++)
		mime_put(&m, span("Content-X: 0123456789012345678901234567\n"));
	mime_put(&m, span("\nx\n"));
	CHECK(mime_end(&m) == 0);
	CHECK(m.cut && m.part[0].fields_len <= MIME_FIELDS);
	CHECK(m.part[0].end.wire - m.part[0].body.wire == 3);
	mime_free(&m);
}

TEST(octets)
{
	CHECK_STR(show(TEXT("A: \0\xff\n\n\0\xff\n"), 1), "text/plain [");
	CHECK(out.len == sizeof "text/plain [..\n]\n" - 1);
	check("A: b\r\n\rx\ry\n", "text/plain [\rx\ry\n]\n");
}
