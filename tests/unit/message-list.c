#include "message/list.h"

#include "tests/unit/test.h"

/* The whole list as "name|route|local|domain" lines; "name:" begins a group,
 * ";" ends it. */
static const char *
read_list(struct span value)
{
	static struct buf out;
	enum list_kind kind;
	struct mailbox m;
	struct buf scratch;
	struct list l;

	buf_free(&out);
	buf_init(&out, 1000000);
	buf_init(&scratch, 2000000);
	list_begin(&l, value);
	while ((kind = list_next(&l, &scratch, &m)) != LIST_END) {
		if (kind == LIST_GROUP_END) {
			buf_str(&out, ";\n");
			continue;
		}
		buf_span(&out, m.name);
		if (kind == LIST_GROUP) {
			buf_str(&out, ":\n");
			continue;
		}
		buf_char(&out, '|');
		buf_span(&out, m.route);
		buf_char(&out, '|');
		buf_span(&out, m.local);
		buf_char(&out, '|');
		buf_span(&out, m.domain);
		buf_char(&out, '\n');
	}
	CHECK(!scratch.over && !out.over);
	buf_free(&scratch);
	return out.p;
}

static void
check(const char *in, const char *out)
{
	const char *got = read_list(span(in));

	if (strcmp(got, out) != 0) {
		(void)printf("of \"%s\":\n", in);
		CHECK_STR(got, out);
	}
}

TEST(plain)
{
	check(" a@b", "||a|b\n");
	check("a@b, c@d ,\n e@f\n", "||a|b\n||c|d\n||e|f\n");
	check("Joe Q. Public <john.q.public@example.com>",
	    "Joe Q. Public||john.q.public|example.com\n");
	check("<boss@nil.test>", "||boss|nil.test\n");
	check("\"Giant; \\\"Big\\\" Box\" <s@x.net>",
	    "Giant; \"Big\" Box||s|x.net\n");
	check("=?utf-8?Q?J=C3=B6rg?= X <j@x>",
	    "=?utf-8?Q?J=C3=B6rg?= X||j|x\n");
	check("gr\xc3\xbc\xc3\x9f <a@\xc3\xbc>",
	    "gr\xc3\xbc\xc3\x9f||a|\xc3\xbc\n");
}

TEST(empty)
{
	check("", "");
	check(" ,, ; (nobody) ", "");
	check("<>", "|||\n");
	check("\"\"", "");
}

/* RFC 5322 appendix A.1.3 and A.5 */
TEST(groups)
{
	check("A Group:Ed Jones <c@a.test>,joe@where.test,John <j@d.test>;",
	    "A Group:\nEd Jones||c|a.test\n||joe|where.test\n"
	    "John||j|d.test\n;\n");
	check("Undisclosed recipients:;", "Undisclosed recipients:\n;\n");
	check("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
	    "Hidden recipients:\n;\n");
	check("A: a@b, B: c@d; e@f", "A:\n||a|b\n||c|d\n;\n||e|f\n");
	check("A: a@b", "A:\n||a|b\n;\n");
	check("A:;, b@c", "A:\n;\n||b|c\n");
}

TEST(comments)
{
	check("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "Pete||pete|silly.test\n");
	check("joe@x (Joe (the) \\\"Plumber\\\")",
	    "Joe (the) \"Plumber\"||joe|x\n");
	check("(only) a@b", "only||a|b\n");
	check("a@b ( unclosed", "unclosed||a|b\n");
	check("a@b (x), c@d", "x||a|b\n||c|d\n");
}

TEST(old_forms)
{
	check(
	    "Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . "
	    "example",
	    "Mary Smith|@node.test,@b.test|mary|example.net\n"
	    "||jdoe|test.example\n");
	check("john . q @ x . y", "||john.q|x.y\n");
	check("a@[192.0.2.1], b@[IPv6:::1]",
	    "||a|[192.0.2.1]\n||b|[IPv6:::1]\n");
	check("\"joe b\"@x, a.\"b c\".d@y", "||joe b|x\n||a.b c.d|y\n");
}

TEST(careless)
{
	check("joe@x <joe@x>", "joe@x||joe|x\n");
	check("postmaster", "||postmaster|\n");
	check("Joe Smith", "||Joe Smith|\n");
	check("Joe <joe>", "Joe||joe|\n");
	check("Smith, Joe <j@x>", "||Smith|\nJoe||j|x\n");
	check("=?utf-8?Q?Smith,_Joe?= <j@x>", "=?utf-8?Q?Smith,_Joe?=||j|x\n");
	check("<a@b, c@d", "||a|b\n||c|d\n");
	check("<<a@b>>, c@d", "||a|b\n||c|d\n");
	check("a@b@c, d@e", "||a|b\n||d|e\n");
	check("a@b junk, c@d", "||a|b\n||c|d\n");
	check("@, a@b", "||a|b\n");
	check("X <a@b> \"y, z\" w, c@d", "X||a|b\n||c|d\n");
	check("[x] <a@b>", "[x]||a|b\n");
	check("\\", "||\\|\n");
}

TEST(octets)
{
	CHECK_STR(read_list(TEXT("a\0b@c, d@e")), "||a");
	check("\"a\r\n b\" <c@d>", "a b||c|d\n");
}

TEST(caps)
{
	struct buf b;
	const char *got, *p;
	size_t i, n = 0;

	buf_init(&b, 1000000);
	for (i = 0; i < 3000; i++)
		buf_str(&b, "a@b,");
	got = read_list(buf_all(&b));
	for (p = got; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	CHECK(n == LIST_MANY);
	buf_free(&b);
}

/* The list may be longer than there is room, an address may not. */
TEST(long_lists)
{
	struct buf scratch, in;
	struct mailbox m;
	struct list l;
	int n;

	buf_init(&in, 20000);
	for (int i = 0; i < 1000; i++)
		buf_str(&in, i == 0 ? "x: a@b" : ", a@b");
	for (int last = 0; last < 2; last++) {
		buf_init(&scratch, 100);
		list_begin(&l, buf_all(&in));
		CHECK(list_next(&l, &scratch, &m) == LIST_GROUP);
		for (n = 0; list_next(&l, &scratch, &m) == LIST_MAILBOX; n++)
			CHECK(span_eq(m.domain, span("b")));
		CHECK(n == 1000);
		CHECK(list_next(&l, &scratch, &m) == LIST_END);
		CHECK((l.rest.len > 0) == (last == 1));
		buf_free(&scratch);
		buf_str(&in, ", abcdefghijklmnopqrstuvwxyz@b, c@d");
	}
	buf_free(&in);
}

TEST(no_room)
{
	struct buf scratch;
	struct mailbox m;
	struct list l;

	buf_init(&scratch, 10);
	list_begin(&l, span("somebody@somewhere.example"));
	CHECK(list_next(&l, &scratch, &m) == LIST_END);
	CHECK(l.rest.len > 0);
	buf_free(&scratch);
	buf_init(&scratch, 4 * 3 + 1); /* just enough */
	list_begin(&l, span("a@b"));
	CHECK(list_next(&l, &scratch, &m) == LIST_MAILBOX && l.rest.len == 0);
	buf_free(&scratch);
}
