#include "pop3-session/wire.h"

#include "tests/unit/test.h"

static char out[256];

/* "in" as it is sent, cut into two calls at "at". */
static struct span
sent(struct span in, uint64_t lines, size_t at)
{
	struct wire w;
	size_t n;

	wire_init(&w, lines);
	n = wire_put(&w, span_n(in.p, at), out);
	n += wire_put(&w, span_from(in, at), out + n);
	CHECK(n <= 2 * in.len);
	n += wire_end(&w, out + n);
	return span_n(out, n);
}

/* The same however it is cut. */
static bool
gives(struct span in, uint64_t lines, struct span wanted)
{
	for (size_t at = 0; at <= in.len; at++)
		if (!span_eq(sent(in, lines, at), wanted))
			return false;
	return true;
}

TEST(line_ends)
{
	CHECK(gives(TEXT("a\nb\n"), WIRE_ALL, TEXT("a\r\nb\r\n.\r\n")));
	CHECK(gives(TEXT("a\r\nb\n"), WIRE_ALL, TEXT("a\r\nb\r\n.\r\n")));
	CHECK(gives(TEXT("a\rb\r\r\n"), WIRE_ALL, TEXT("a\rb\r\r\n.\r\n")));
	CHECK(gives(TEXT("\n\r\n"), WIRE_ALL, TEXT("\r\n\r\n.\r\n")));
	CHECK(gives(TEXT("a\r\n\nb"), WIRE_ALL, TEXT("a\r\n\r\nb\r\n.\r\n")));
}

TEST(no_line_end)
{
	CHECK(gives(TEXT(""), WIRE_ALL, TEXT(".\r\n")));
	CHECK(gives(TEXT("a"), WIRE_ALL, TEXT("a\r\n.\r\n")));
	CHECK(gives(TEXT("a\r"), WIRE_ALL, TEXT("a\r\r\n.\r\n")));
	CHECK(gives(TEXT("."), WIRE_ALL, TEXT("..\r\n.\r\n")));
}

TEST(dots)
{
	CHECK(gives(TEXT(".\n"), WIRE_ALL, TEXT("..\r\n.\r\n")));
	CHECK(gives(TEXT("..\n.a\na.\n"), WIRE_ALL,
	    TEXT("...\r\n..a\r\na.\r\n.\r\n")));
	/* A bare CR begins no line. */
	CHECK(gives(TEXT("a\r.\n"), WIRE_ALL, TEXT("a\r.\r\n.\r\n")));
	CHECK(gives(TEXT("\n.\r\n"), WIRE_ALL, TEXT("\r\n..\r\n.\r\n")));
}

TEST(nul)
{
	CHECK(gives(TEXT("a\0b\n\0\n"), WIRE_ALL, TEXT("a\0b\r\n\0\r\n.\r\n")));
}

TEST(top)
{
	struct span m = TEXT("A: 1\nB: 2\n\none\n.two\n");

	CHECK(gives(m, 0, TEXT("A: 1\r\nB: 2\r\n\r\n.\r\n")));
	CHECK(gives(m, 1, TEXT("A: 1\r\nB: 2\r\n\r\none\r\n.\r\n")));
	CHECK(gives(m, 2, TEXT("A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n")));
	CHECK(gives(m, 9, TEXT("A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n")));
	CHECK(gives(TEXT("A: 1\r\n\r\none\r\n"), 0, TEXT("A: 1\r\n\r\n.\r\n")));
	CHECK(gives(TEXT("A: 1\n"), 0, TEXT("A: 1\r\n.\r\n")));
	CHECK(gives(TEXT("\none\n"), 0, TEXT("\r\n.\r\n")));
	/* CR CR LF is no empty line, nor is a blank one. */
	CHECK(gives(TEXT("A\n\r\r\n \n\nb\n"), 0,
	    TEXT("A\r\n\r\r\n \r\n\r\n.\r\n")));
}

TEST(octets)
{
	struct wire w;

	wire_init(&w, WIRE_ALL);
	(void)wire_put(&w, TEXT(".\n..\nx"), out);
	CHECK(w.octets == 8);
	CHECK(wire_end(&w, out) == 5);
	CHECK(w.octets == 8);
}
