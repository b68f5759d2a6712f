/* Wrong passwords, counted by where they come from.
 *
 * One small file in the run directory, mapped by whoever sees a failure (the
 * monitor of any session), so all services and all their processes count
 * together and nobody has to run all the time.
 *
 * What it never does is to stand in the way of a right password.  An office
 * behind one address has a phone with an old password in every drawer: so the
 * right one is taken at once, whatever the count; the same wrong one again
 * does not count; and only the answer "no" is late, while the slot of the
 * connection (session/slots.h) stays taken, which bounds how many can guess at
 * a time.  No failure is counted against any other address. */
#ifndef SESSION_GUARD_H
#define SESSION_GUARD_H

#include <stdint.h>

struct guard_table;

struct guard {
	int fd;
	struct guard_table *table;
};

/* Map RUN/failures, made (0600) when missing.  Costs nothing on the way of a
 * right password when it is called after a wrong one.
 * 0; -1: fail_text() (somebody else's file, no memory, disk full). */
int guard_open(struct guard *, const char *run);
void guard_close(struct guard *);

/* A wrong password from "ip" (IPv4 by itself, IPv6 by its /64; "" is not
 * counted).  Seconds to wait before the answer: 2, 4, 8, 15, 15 ... for the
 * first, second, ... that differ; one is forgotten every ten minutes. */
unsigned guard_failed(struct guard *, const char *ip, const char *name,
    const char *password);

/* What a session does about a wrong password: count it in RUN, and sleep as
 * long as that says, at least "least" seconds.  Only who tried waits. */
void guard_pause(const char *run, const char *ip, const char *name,
    const char *password, unsigned least);

/* The same without counting: 0 when there was no failure. */
unsigned guard_delay(struct guard *, const char *ip);

/* For tests: seconds to add to the clock. */
void guard_clock(int64_t ahead);

#endif
