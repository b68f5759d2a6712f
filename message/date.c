#include "message/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool zoned;

void
date_zone(void)
{
	tzset();
	zoned = true;
}

char *
date_put(char *out, time_t when)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const time_t zero = 0;
	struct tm t;
	unsigned zone;

	/* A time that has no calendar date is some clock's or file's fault;
	 * the message still needs a date. */
	if ((zoned ? localtime_r(&when, &t) : gmtime_r(&when, &t)) == NULL ||
	    t.tm_year < -1900 || t.tm_year > 9999 - 1900)
		(void)gmtime_r(&zero, &t);
	zone = (unsigned)labs(t.tm_gmtoff) / 60;
	(void)snprintf(out, DATE_SIZE,
	    "%s, %d %s %04d %02d:%02d:%02d %c%02u%02u", days[t.tm_wday % 7],
	    t.tm_mday, months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour,
	    t.tm_min, t.tm_sec, t.tm_gmtoff < 0 ? '-' : '+', zone / 60,
	    zone % 60);
	return out;
}
