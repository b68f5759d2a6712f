#include "message/codec.h"

#include "tests/unit/test.h"

static struct buf out;

/* Decode in pieces of "step" octets. */
static bool
decode(enum codec_kind kind, struct span s, size_t step)
{
	struct codec c;
	size_t n;

	buf_free(&out);
	buf_init(&out, 1000000);
	codec_begin(&c, kind);
	for (; s.len > 0; s = span_from(s, n)) {
		n = s.len < step ? s.len : step;
		codec_decode(&c, &out, span_n(s.p, n));
	}
	codec_decode_end(&c, &out);
	return !c.damaged;
}

/* Whatever the pieces are, the same comes out, damaged or not. */
static void
check(enum codec_kind kind, struct span in, struct span wanted, bool good)
{
	size_t step;

	for (step = 1; step <= 5; step++) {
		CHECK(decode(kind, in, step) == good);
		test_spans(__FILE__, __LINE__, buf_all(&out), wanted);
	}
	CHECK(decode(kind, in, 10000) == good);
	test_spans(__FILE__, __LINE__, buf_all(&out), wanted);
}

static void
encode(enum codec_kind kind, struct span s, bool binary)
{
	struct codec c;

	buf_free(&out);
	buf_init(&out, 1000000);
	if (binary)
		codec_begin_binary(&c, kind);
	else
		codec_begin(&c, kind);
	for (; s.len > 0; s = span_from(s, 1))
		codec_encode(&c, &out, span_n(s.p, 1));
	codec_encode_end(&c, &out);
}

TEST(names)
{
	CHECK(codec_named(span(" BASE64 ")) == CODEC_BASE64);
	CHECK(codec_named(span("(x) quoted-printable (y)")) == CODEC_QP);
	CHECK(codec_named(span("\"8bit\";")) == CODEC_PLAIN);
	CHECK(codec_named(span("7Bit")) == CODEC_PLAIN);
	CHECK(codec_named(span("")) == CODEC_PLAIN);
	CHECK(codec_named(span("x-uuencode")) == CODEC_UU);
	CHECK(codec_named(span("x-other")) == CODEC_UNKNOWN);
}

TEST(base64)
{
	check(CODEC_BASE64, span(""), span(""), true);
	check(CODEC_BASE64, span("Zm9vYmFy"), span("foobar"), true);
	check(CODEC_BASE64, span("Zm9v\r\nYmE=\r\n"), span("fooba"), true);
	check(CODEC_BASE64, span("Zm9v Yg=="), span("foob"), true);
	check(CODEC_BASE64, span("Zg==Zg=="), span("ff"), true);
	check(CODEC_BASE64, span("AP8="), TEXT("\0\xff"), true);
	check(CODEC_BASE64, span("Zm9v!Ym*Fy"), span("foobar"), false);
	check(CODEC_BASE64, span("Zm9vYg"), span("foob"), false);
	check(CODEC_BASE64, span("Zm9vY"), span("foo"), false);
	check(CODEC_BASE64, TEXT("\0=Zg=="), span("f"), false);
}

TEST(base64_encode)
{
	char text[60];

	encode(CODEC_BASE64, span("fooba"), false);
	CHECK_STR(out.p, "Zm9vYmE=\n");
	encode(CODEC_BASE64, span("foob"), false);
	CHECK_STR(out.p, "Zm9vYg==\n");
	encode(CODEC_BASE64, span(""), false);
	CHECK_STR(out.p, "");
	memset(text, 'x', sizeof text);
	encode(CODEC_BASE64, span_n(text, 57), false);
	CHECK(out.len == 77 && out.p[76] == '\n');
	encode(CODEC_BASE64, span_n(text, 58), false);
	CHECK(out.len == 82 && out.p[76] == '\n');
}

TEST(quoted_printable)
{
	check(CODEC_QP, span("a=3Db=c3=BC"), span("a=b\xc3\xbc"), true);
	check(CODEC_QP, span("a  \r\nb\t\n"), span("a\r\nb\n"), true);
	check(CODEC_QP, span("a=20 \n"), span("a \n"), true);
	check(CODEC_QP, span("a=\r\nb= \t\nc=\nd"), span("abcd"), true);
	check(CODEC_QP, span("a="), span("a"), true);
	check(CODEC_QP, span("a b  c"), span("a b  c"), true);
	check(CODEC_QP, span("=00=0D=0A"), TEXT("\0\r\n"), true);
	check(CODEC_QP, TEXT("a\0\xff"), TEXT("a\0\xff"), true);
	check(CODEC_QP, span("a\rb \rc\r\n"), span("a\rb \rc\r\n"), true);
}

TEST(quoted_printable_damaged)
{
	check(CODEC_QP, span("a=4"), span("a=4"), false);
	check(CODEC_QP, span("=4\r\n=4g==3D"), span("=4\r\n=4g=="), false);
	check(CODEC_QP, span("=XY= Z=\rq"), span("=XY= Z=\rq"), false);
	check(CODEC_QP, span("=="), span("="), false);
	check(CODEC_QP, span("==\n"), span("="), false);
	check(CODEC_QP, span("=4=41"), span("=4A"), false);
}

TEST(quoted_printable_blanks)
{
	char text[302];

	memset(text, ' ', sizeof text);
	text[300] = 'x';
	text[301] = '\n';
	check(CODEC_QP, span_n(text, 302), span_n(text, 302), true);
}

TEST(quoted_printable_encode)
{
	struct span rest, line;
	char text[1000];

	encode(CODEC_QP, span("a=b\xfc \t\nFrom x\n.\r\n-- \nlast "), false);
	CHECK_STR(out.p, "a=3Db=FC =09\n=46rom x\n=2E\n=2D-=20\nlast=20=\n");
	encode(CODEC_QP, span("a\r\nb\n"), true);
	CHECK_STR(out.p, "a=0D=0Ab=0A=\n");
	encode(CODEC_QP, span("a\rb\n"), false);
	CHECK_STR(out.p, "a=0Db\n");
	memset(text, '=', sizeof text);
	encode(CODEC_QP, span_n(text, sizeof text), false);
	for (rest = buf_all(&out); rest.len > 0;) {
		line = span_cut(&rest, '\n');
		CHECK(line.len <= 76);
	}
}

TEST(uuencode)
{
	check(CODEC_UU, span("junk\nbegin 644 a b.txt\n#0V%T\n`\nend\njunk\n"),
	    span("Cat"), true);
	check(CODEC_UU, span("begin 0644 x\r\n#0V%T\r\n \r\nend\r\n"),
	    span("Cat"), true);
	check(CODEC_UU, span("begin 644 x\n#0V%T\n"), span("Cat"), false);
	check(CODEC_UU, span("no begin\n#0V%T\n"), span(""), false);
	check(CODEC_UU, span("begin 644 x\n!,\n`\nend"), span("0"), true);
}

TEST(uuencode_begin)
{
	struct span name;

	CHECK(codec_uu_begin(span("begin 644 my file.txt\r"), &name));
	CHECK_SPAN(name, "my file.txt");
	CHECK(!codec_uu_begin(span("begin the work"), &name));
	CHECK(!codec_uu_begin(span("begin 648 x"), &name));
	CHECK(!codec_uu_begin(span("begin 644"), &name));
	CHECK(!codec_uu_begin(span("begin 644  "), &name));
	CHECK(!codec_uu_begin(span(" begin 644 x"), &name));
	CHECK(!codec_uu_begin(span(""), &name));
}

TEST(uuencode_long_line)
{
	struct buf in;
	size_t i;

	buf_init(&in, 10000);
	buf_str(&in, "begin 644 x\nM");
	for (i = 0; i < 500; i++)
		buf_char(&in, '!');
	buf_str(&in, "\n`\nend\n");
	CHECK(!decode(CODEC_UU, buf_all(&in), 7));
	CHECK(out.len == 45);
	buf_free(&in);
}

/* All octets come back, by every codec. */
TEST(round_trips)
{
	static const enum codec_kind kinds[] = { CODEC_PLAIN, CODEC_BASE64,
		CODEC_QP, CODEC_UU };
	struct buf in, text;
	size_t i, k, len;

	buf_init(&in, 2000);
	buf_init(&text, 20000);
	for (i = 0; i < 1024; i++)
		buf_char(&in, (char)(i * i / 3));
	for (k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (len = 0; len < in.len; len += 13) {
			encode(kinds[k], span_n(in.p, len), true);
			buf_reset(&text);
			if (kinds[k] == CODEC_UU)
				buf_str(&text, "begin 644 x\n");
			buf_span(&text, buf_all(&out));
			if (kinds[k] == CODEC_UU)
				buf_str(&text, "end\n");
			CHECK(decode(kinds[k], buf_all(&text), 1000));
			CHECK(span_eq(buf_all(&out), span_n(in.p, len)));
		}
	buf_free(&in);
	buf_free(&text);
}
