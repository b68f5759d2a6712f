/* Packets of mail filters: what they say as a reply and as a field, and where
 * they are. */
#include "session/milter-place.h"
#include "smtp-session/edit.h"
#include "smtp-session/milter-wire.h"

#include "tests/unit/test.h"

static void
reply(const char *said, unsigned code, const char *status, const char *text)
{
	char got[12];
	struct buf b;

	buf_init(&b, 1000);
	CHECK(milter_reply(span(said), got, &b) == code);
	if (code != 0) {
		CHECK_STR(got, status);
		CHECK_SPAN(buf_all(&b), text);
	}
	buf_free(&b);
}

TEST(replies)
{
	reply("550 5.7.1 No", 550, "5.7.1", "No");
	reply("450 slowly", 450, "", "slowly");
	reply("451 4.7.1", 451, "4.7.1", "");
	reply("550-5.7.1 a\r\n550-5.7.1 b\r\n550 5.7.1 c", 550, "5.7.1",
	    "a\nb\nc");
	reply("550-a\n550 b\r\n", 550, "", "a\nb");
	reply("554 100%% of %d", 554, "", "100% of %d");
	/* A status of another class is text. */
	reply("450 5.7.1 odd", 450, "", "5.7.1 odd");
	reply("550 5.7 x", 550, "", "5.7 x");
	reply("", 0, NULL, NULL);
	reply("250 Ok", 0, NULL, NULL);
	reply("600 No", 0, NULL, NULL);
	reply("55", 0, NULL, NULL);
	reply("5500 No", 0, NULL, NULL);
	reply("550-a\r\n551 b", 0, NULL, NULL);
	reply("550-a\r\nb", 0, NULL, NULL);
}

static void
field(const char *value, bool blank, const char *wanted)
{
	struct buf b;

	buf_init(&b, 1000);
	milter_field(&b, span("X-A"), span(value), blank);
	CHECK_SPAN(buf_all(&b), wanted);
	buf_free(&b);
}

TEST(fields)
{
	field("one", false, "X-A: one\n");
	field(" one", true, "X-A: one\n");
	field("", false, "X-A: \n");
	field("a\n\tb\r\n c\n", false, "X-A: a\n\tb\n c\n");
	/* Nothing that is put there becomes a field or the end of the
	 * header. */
	field("a\nBcc: x", false, "X-A: a\n\tBcc: x\n");
	field("a\n\nbody", false, "X-A: a\n\t\n\tbody\n");
	field("a\rb\001c", false, "X-A: a b c\n");
}

TEST(edits)
{
	static const char head[] = "Received: us\nX: 1\nY: 2\nx: 3\n\nbody";
	struct span rest = span(head);
	struct edit e;

	edit_init(&e);
	CHECK(edit_load(&e, &rest, false) == 0);
	CHECK_SPAN(rest, "\nbody");
	CHECK(edit_change(&e, 2, span("X"), span("X: new\n")) == 0);
	edit_delete(&e, 1, span("y"));
	edit_delete(&e, 1, span("Received")); /* ours stays */
	edit_delete(&e, 9, span("X"));
	CHECK(edit_insert(&e, 0, span("Top: 1\n")) == 0);
	CHECK(edit_change(&e, 1, span("Z"), span("Z: 1\n")) == 0);
	CHECK(e.fields == 5);
	CHECK_SPAN(span_n(e.text.p + e.field[0].at, e.field[0].len),
	    "Top: 1\n");
	CHECK(e.field[1].ours);
	CHECK_SPAN(span_n(e.text.p + e.field[3].at, e.field[3].len),
	    "X: new\n");
	edit_free(&e);
	/* What was cut off in a field leaves it where it was. */
	rest = span("Received: us\nX: 1\nY: ");
	CHECK(edit_load(&e, &rest, true) == 0 && e.fields == 2);
	CHECK_SPAN(rest, "Y: ");
	edit_free(&e);
}

TEST(places)
{
	struct span rest = span(" unix:/run/a,fail=accept inet:::1@25,"
				"seconds=3,fail=reject inet:127.0.0.1@8891 ");
	struct milter_place m;

	CHECK(milter_place_next(&rest, &m) == 1);
	CHECK(m.addr.ss_family == AF_UNIX && m.failure == MILTER_ACCEPT);
	CHECK_SPAN(m.text, "unix:/run/a");
	CHECK(milter_place_next(&rest, &m) == 1);
	CHECK(m.addr.ss_family == AF_INET6 && m.failure == MILTER_REJECT);
	CHECK(m.seconds == 3);
	CHECK(milter_place_next(&rest, &m) == 1);
	CHECK(m.addr.ss_family == AF_INET && m.seconds == MILTER_SECONDS);
	CHECK(milter_place_next(&rest, &m) == 0);
	rest = span("inet:1.2.3@25");
	CHECK(milter_place_next(&rest, &m) == -1);
}
