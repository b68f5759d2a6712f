/* SASLprep, with the examples of RFC 4013 s. 3. */
#include "session/saslprep.h"

#include "tests/unit/test.h"

static char out[64];

/* It becomes that. */
static void
becomes(const char *in, const char *wanted)
{
	memset(out, 'x', sizeof(out));
	CHECK(saslprep(out, sizeof(out), span(in)) == 1);
	CHECK_STR(out, wanted);
}

static int
of(const char *in)
{
	return saslprep(out, sizeof(out), span(in));
}

TEST(examples)
{
	becomes("I\xc2\xadX", "IX"); /* soft hyphen */
	CHECK(of("user") == 0 && of("USER") == 0);
	becomes("\xc2\xaa", "a"); /* feminine ordinal */
	becomes("\xe2\x85\xa8", "IX"); /* Roman nine */
	CHECK(of("\xd8\xa7\x31") == -1); /* ends from left to right */
	CHECK(of("\xc2\x80") == -1); /* a control */
}

TEST(forms)
{
	becomes("a\xcc\x88", "\xc3\xa4");
	CHECK(of("\xc3\xa4") == 0);
	becomes("a\xc2\xa0\xe3\x80\x80z", "a  z");
	becomes("\xe2\x84\xab", "\xc3\x85"); /* Angstrom */
	CHECK(of("\xd8\xa7\x31\xd8\xa8") == 0);
	CHECK(of("\xd8\xa7"
		 "a\xd8\xa8") == -1);
}

TEST(no_form)
{
	char many[600];

	CHECK(of("\xe4") == -1 && of("\xc3") == -1 && of("\xc0\x80") == -1);
	CHECK(of("\xed\xa0\x80") == -1 && of("\xef\xbf\xbd") == -1);
	CHECK(of("\xc2\xad") == -1); /* nothing is left */
	CHECK(of("\xee\x80\x80") == -1); /* private */
	CHECK(of("a\xcd\x81\x7f") == -1);
	/* Eighteen letters for one. */
	for (size_t i = 0; i + 3 < sizeof(many); i += 3)
		memcpy(many + i, "\xef\xb7\xba", 3);
	many[597] = '\0';
	CHECK(of(many) == -1);
}
