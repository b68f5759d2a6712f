#include "message/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/param.h"

static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static bool zoned;
static long fixed; /* seconds east of UTC, unless zoned */

void
date_zone(void)
{
	tzset();
	zoned = true;
}

long
date_zone_now(void)
{
	time_t now = time(NULL);
	struct tm t;

	date_zone();
	return localtime_r(&now, &t) == NULL ? 0 : t.tm_gmtoff;
}

void
date_zone_fixed(long seconds)
{
	fixed = seconds;
	zoned = false;
}

/* The calendar date where "when" is written; NULL: there is none. */
static struct tm *
calendar(time_t when, struct tm *t)
{
	struct tm *r;

	if (zoned)
		return localtime_r(&when, t);
	when += fixed;
	r = gmtime_r(&when, t);
	t->tm_gmtoff = fixed;
	return r;
}

char *
date_put(char *out, time_t when)
{
	const time_t zero = 0;
	struct tm t;
	unsigned zone;

	/* A time that has no calendar date is some clock's or file's fault;
	 * the message still needs a date. */
	if (calendar(when, &t) == NULL || t.tm_year < -1900 ||
	    t.tm_year > 9999 - 1900)
		(void)gmtime_r(&zero, &t);
	zone = (unsigned)labs(t.tm_gmtoff) / 60;
	(void)snprintf(out, DATE_SIZE,
	    "%s, %d %s %04d %02d:%02d:%02d %c%02u%02u", days[t.tm_wday % 7],
	    t.tm_mday, months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour,
	    t.tm_min, t.tm_sec, t.tm_gmtoff < 0 ? '-' : '+', zone / 60,
	    zone % 60);
	return out;
}

/* ---- reading: the parts of a date tell by their looks what they are */

enum { DAY = 1, MONTH = 2, YEAR = 4, TIME = 8, ZONE = 16 };

struct reader {
	struct tm tm;
	int zone;
	unsigned have; /* bits as above */
};

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Up to a blank, comma or comment.  "-" parts day, month and year, but a
 * sign begins the zone, also right behind the time. */
static struct span
next_part(struct span *s)
{
	struct span part;
	bool time = false;
	size_t n;

	*s = param_skip(*s);
	while (s->len > 0 && s->p[0] == ',')
		*s = param_skip(span_from(*s, 1));
	for (n = 0; n < s->len; n++) {
		if (strchr(" \t\r\n,(", s->p[n]) != NULL)
			break;
		if (n > 0 && (s->p[n] == '-' || (s->p[n] == '+' && time)))
			break;
		time |= s->p[n] == ':';
	}
	part = span_n(s->p, n);
	/* A NUL would stay in place for ever. */
	*s = span_from(*s, n == 0 && s->len > 0 ? 1 : n);
	if (!time && s->len > 0 && s->p[0] == '-')
		*s = span_from(*s, 1);
	return part;
}

static int
read_number(struct reader *r, struct span part)
{
	uint64_t n;

	if (span_number(part, 9999, &n) == -1)
		return -1;
	if ((r->have & DAY) == 0 && part.len <= 2) {
		r->tm.tm_mday = (int)n;
		r->have |= DAY;
		return n >= 1 && n <= 31 ? 0 : -1;
	}
	if ((r->have & YEAR) != 0 || part.len < 2)
		return -1;
	/* RFC 5322 s. 4.3 */
	if (part.len == 2)
		n += n < 50 ? 2000 : 1900;
	else if (part.len == 3)
		n += 1900;
	r->tm.tm_year = (int)n - 1900;
	r->have |= YEAR;
	return n >= 1900 ? 0 : -1;
}

/* hh:mm or hh:mm:ss */
static int
read_time(struct reader *r, struct span part)
{
	struct span hour = span_cut(&part, ':'), minute = span_cut(&part, ':');
	uint64_t h, m, s = 0;

	if (span_number(hour, 23, &h) == -1 ||
	    span_number(minute, 59, &m) == -1 ||
	    (part.len > 0 && span_number(part, 60, &s) == -1))
		return -1;
	r->tm.tm_hour = (int)h;
	r->tm.tm_min = (int)m;
	r->tm.tm_sec = (int)s;
	r->have |= TIME;
	return 0;
}

static int
read_offset(struct reader *r, struct span part)
{
	uint64_t n;

	if (part.len != 5 || span_number(span_from(part, 1), 9959, &n) == -1 ||
	    n % 100 > 59)
		return -1;
	r->zone = (int)(n / 100 * 60 + n % 100);
	if (part.p[0] == '-')
		r->zone = -r->zone;
	r->have |= ZONE;
	return 0;
}

/* A month, a day of the week, a zone; other words mean nothing. */
static void
read_word(struct reader *r, struct span part)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 },
		{ "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 },
		{ "PDT", -7 } };
	size_t i;

	for (i = 0; i < 12 && (r->have & MONTH) == 0; i++)
		if (span_starts(part, months[i])) {
			r->tm.tm_mon = (int)i;
			r->have |= MONTH;
			return;
		}
	for (i = 0; i < sizeof zones / sizeof *zones; i++)
		if (span_same(part, span(zones[i].name)) &&
		    (r->have & ZONE) == 0) {
			r->zone = zones[i].hours * 60;
			r->have |= ZONE;
		}
}

int
date_read(struct span s, struct date *d)
{
	struct reader r = { .have = 0 };
	struct span part;
	int bad = 0;

	for (;;) {
		part = next_part(&s);
		if (part.len == 0 && s.len == 0)
			break;
		if (part.len == 0)
			continue;
		if (part.p[0] == '+' || part.p[0] == '-')
			bad |= read_offset(&r, part);
		else if (span_find(part, ':') < part.len)
			bad |= read_time(&r, part);
		else if (digit(part.p[0]))
			bad |= read_number(&r, part);
		else
			read_word(&r, part);
	}
	if (bad != 0 || (~r.have & (DAY | MONTH | YEAR)) != 0)
		return -1;
	*d = (struct date){ .year = r.tm.tm_year + 1900,
		.month = r.tm.tm_mon + 1,
		.day = r.tm.tm_mday,
		.zone = r.zone };
	d->when = timegm(&r.tm) - (time_t)r.zone * 60;
	return 0;
}
