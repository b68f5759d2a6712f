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

TEST(a_zone_by_its_offset)
{
	char out[DATE_SIZE];

	CHECK(setenv("TZ", "XXX-5:30", 1) == 0);
	CHECK(date_zone_now() == 5 * 3600 + 30 * 60);
	CHECK_STR(date_put(out, 0), "Thu, 1 Jan 1970 05:30:00 +0530");
	date_zone_fixed(-(3 * 3600 + 30 * 60));
	CHECK_STR(date_put(out, 0), "Wed, 31 Dec 1969 20:30:00 -0330");
	date_zone_fixed(0);
	CHECK_STR(date_put(out, 0), "Thu, 1 Jan 1970 00:00:00 +0000");
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

static bool
reads(const char *text, time_t when, int zone)
{
	struct date d;

	return date_read(span(text), &d) == 0 && d.when == when &&
	    d.zone == zone;
}

TEST(read)
{
	struct date d;

	CHECK(reads(" Fri, 20 Nov 2026 23:48:05 +0100", 1795214885, 60));
	CHECK(reads("20 Nov 2026 23:48 -0330", 1795231080, -210));
	CHECK(reads("Thu, 01 Jan 1970 00:00:00 +0000", 0, 0));
	CHECK(reads("Wed, 31 Dec 1969 23:59:59 -0000", -1, 0));
	CHECK(date_read(span("1 Jan 2026 00:30:00 +0200"), &d) == 0);
	CHECK(d.year == 2026 && d.month == 1 && d.day == 1);
}

/* RFC 5322 appendix A.5, A.6.2, and what else there is. */
TEST(read_old_forms)
{
	CHECK(reads("Thu,\n      13\n        Feb\n          1969\n      23:32\n"
		    "               -0330 (Newfoundland Time)",
	    -27723480, -210));
	CHECK(reads("21 Nov 97 09:55:06 GMT", 880106106, 0));
	CHECK(reads("21 Nov 97 09:55:06 PST", 880134906, -480));
	CHECK(reads("21 Nov 97 09(comment):   55  :  06 -0600", 0, 0) == false);
	CHECK(reads("Fri Nov 20 23:48:05 2026", 1795218485, 0));
	CHECK(reads("Fri Nov 20 23:48:05 EST 2026", 1795236485, -300));
	CHECK(reads("20-Nov-2026 23:48:05 +0100", 1795214885, 60));
	CHECK(reads(" 1-Nov-2026 23:48:05+0100", 1793573285, 60));
	CHECK(reads("1-Nov-2026", 1793491200, 0));
	CHECK(reads("Friday, 20 November 2026 23:48:05 +0100", 1795214885, 60));
	CHECK(reads("20 Nov 126 23:48:05 +0100", 1795214885, 60));
}

TEST(read_no_date)
{
	static const char *const bad[] = { "", "today", "Nov 2026", "20 Nov",
		"32 Nov 2026", "0 Nov 2026", "20 Xyz 2026", "20 Nov 2026 24:00",
		"20 Nov 2026 1:60", "20 Nov 2026 1:2:61",
		"20 Nov 2026 :", "20 Nov 2026 1:1 +100",
		"20 Nov 2026 1:1 +0160", "20 Nov 20261", "20 Nov 2026 5 6",
		"20 Nov 1066", "+", "-", "(" };
	struct date d;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		if (date_read(span(bad[i]), &d) == 0)
			FAIL(bad[i]);
	CHECK(date_read(TEXT("\0\0 20 Nov\0 2026"), &d) == 0);
}
