#include "message/date.h"

#include <limits.h>
#include <stdlib.h>

#include "tests/unit/test.h"

TEST(utc_before_the_zone_is_read)
{
	char out[DATE_SIZE];

	CHECK(setenv("TZ", "MST7", 1) == 0);
	CHECK(date_put(out, 0) == out);
	CHECK_STR(out, "Thu, 1 Jan 1970 00:00:00 +0000");
	CHECK_STR(date_put(out, 1794000000), "Fri, 6 Nov 2026 21:20:00 +0000");
}

TEST(zones)
{
	char out[DATE_SIZE];

	CHECK(setenv("TZ", "XXX-5:30", 1) == 0);
	date_zone();
	CHECK_STR(date_put(out, 0), "Thu, 1 Jan 1970 05:30:00 +0530");
	CHECK(setenv("TZ", "NST3:30", 1) == 0);
	date_zone();
	CHECK_STR(date_put(out, 0), "Wed, 31 Dec 1969 20:30:00 -0330");
	CHECK(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0);
	date_zone();
	CHECK_STR(date_put(out, 1782900000), "Wed, 1 Jul 2026 12:00:00 +0200");
}

TEST(times_without_a_date)
{
	char out[DATE_SIZE];

	CHECK(setenv("TZ", "UTC0", 1) == 0);
	date_zone();
	CHECK_STR(date_put(out, LONG_MAX), "Thu, 1 Jan 1970 00:00:00 +0000");
	CHECK_STR(date_put(out, LONG_MIN), "Thu, 1 Jan 1970 00:00:00 +0000");
	CHECK_STR(date_put(out, 253402300799),
	    "Fri, 31 Dec 9999 23:59:59 +0000");
	CHECK_STR(date_put(out, 253402300800),
	    "Thu, 1 Jan 1970 00:00:00 +0000");
}
