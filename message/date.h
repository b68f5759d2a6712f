/* Dates as RFC 5322 s. 3.3 writes them, always with a numeric zone. */
#ifndef MESSAGE_DATE_H
#define MESSAGE_DATE_H

#include <time.h>

enum { DATE_SIZE = 40 };

/* "Fri, 20 Nov 2026 23:48:05 +0100", NUL-terminated, into DATE_SIZE octets;
 * English whatever the locale is.  The zone is the local one once date_zone
 * was called, else UTC, "+0000".  Opens nothing.  Returns "out". */
char *date_put(char *out, time_t);

/* Read the local zone now (TZ, /etc/localtime), before a chroot. */
void date_zone(void);

#endif
