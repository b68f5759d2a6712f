/* Dates as RFC 5322 s. 3.3 writes them, always with a numeric zone. */
#ifndef MESSAGE_DATE_H
#define MESSAGE_DATE_H

#include <time.h>

#include "message/span.h"

enum { DATE_SIZE = 40 };

/* "Fri, 20 Nov 2026 23:48:05 +0100", NUL-terminated, into DATE_SIZE octets;
 * English whatever the locale is.  The zone is the local one once date_zone
 * was called, else UTC, "+0000".  Opens nothing.  Returns "out". */
char *date_put(char *out, time_t);

/* Read the local zone now (TZ, /etc/localtime), before a chroot. */
void date_zone(void);

/* The same, and how many seconds east of UTC it is at present: for
 * date_zone_fixed of a process that cannot read it. */
long date_zone_now(void);
void date_zone_fixed(long seconds);

/* A date that was read: the time, and what stood there. */
struct date {
	time_t when;
	int year; /* 4 digits */
	int month; /* 1 to 12 */
	int day;
	int zone; /* minutes east of UTC */
};

/* Read the value of a Date field, in the present form or one of the past
 * (RFC 5322 s. 4.3): zones by name, years of two digits, no seconds,
 * comments; also what asctime(3) writes, and IMAP's "20-Nov-2026 23:48:05
 * +0100".  0; -1: no date. */
int date_read(struct span, struct date *);

#endif
