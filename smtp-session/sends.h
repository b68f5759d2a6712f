/* How many recipients each user has written to today.
 *
 * One small file in the run directory, RUN/sends, of records of fixed size; all
 * sessions count in it under a lock, and a record is written in one piece, so
 * that a death at any point leaves the old number or the new one. */
#ifndef SMTP_SESSION_SENDS_H
#define SMTP_SESSION_SENDS_H

#include <time.h>

enum sends_got {
	SENDS_OK, /* counted */
	SENDS_OVER, /* not counted: it would be more than the limit */
	SENDS_FIRST, /* the same, for the first time today */
	SENDS_TROUBLE, /* not counted, fail_text() */
};

enum { SENDS_USERS = 4096 /* of one day; those beyond are SENDS_TROUBLE */ };

/* Add "n" to what "user" has sent on the day (UTC) of "now"; a negative "n"
 * gives back. */
enum sends_got sends_count(const char *run, const char *user, int n,
    unsigned limit, time_t now);

/* What he has sent on that day; -1: cannot tell, fail_text(). */
long sends_today(const char *run, const char *user, time_t now);

#endif
