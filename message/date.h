/* Dates as RFC 5322 s. 3.3 writes them, always with a numeric zone. */
#ifndef MESSAGE_DATE_H
#define MESSAGE_DATE_H

#include <time.h>

enum { DATE_SIZE = 40 };

/* "Fri, 20 Nov 2026 23:48:05 +0100" in the local zone, NUL-terminated, into
 * DATE_SIZE octets; English whatever the locale is.  Returns "out".
 * Opens /etc/localtime at its first call of a process: see date_zone. */
char *date_put(char *out, time_t);

/* Fix the zone now, so that date_put opens nothing later (before a chroot).
 * Without it date_put writes UTC, "+0000". */
void date_zone(void);

#endif
