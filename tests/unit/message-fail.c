#include "message/fail.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(keeps_errno)
{
	CHECK_STR(fail_text(), "");
	errno = ENOSPC;
	CHECK(fail("rename %s", "x") == -1);
	CHECK(errno == ENOSPC);
	CHECK_STR(fail_text(), "rename x: No space left on device");
}

TEST(without_a_call)
{
	errno = EIO;
	CHECK(fail_as(EPROTO, "%d words", 3) == -1);
	CHECK(errno == EPROTO);
	CHECK_STR(fail_text(), "3 words");
}

TEST(strange_errors)
{
	errno = 99999;
	CHECK(fail("x") == -1);
	CHECK_STR(fail_text(), "x: error 99999");
	errno = 0;
	CHECK(fail("y") == -1);
	CHECK_STR(fail_text(), "y");
}

TEST(long_text)
{
	char name[3000];

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	errno = ENOENT;
	CHECK(fail("open %s", name) == -1);
	CHECK(strlen(fail_text()) < sizeof name);
	CHECK(strncmp(fail_text(), "open nnn", 8) == 0);
}
