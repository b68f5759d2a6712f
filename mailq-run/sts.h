/* MTA-STS (RFC 8461): what a domain says of its mail exchangers, and the memory
 * of that.  The file SPOOL/sts/DOMAIN holds "id", "fetched" and "until" lines,
 * an empty line, and the policy as it came. */
#ifndef MAILQ_RUN_STS_H
#define MAILQ_RUN_STS_H

#include <stdbool.h>
#include <time.h>

#include "mailq-run/dns.h"
#include "message/span.h"

enum {
	STS_ID = 33,
	STS_TEXT = 8000, /* octets of a policy */
	STS_AGAIN = 300, /* seconds until a fetch that failed is repeated */
};

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts {
	char id[STS_ID]; /* that the DNS had when it was fetched */
	time_t fetched, until;
	enum sts_mode mode;
	char mx[STS_TEXT]; /* patterns, each with LF behind it */
};

/* The id of the one record at _mta-sts.DOMAIN (s. 3.1).  1; 0: no policy. */
int sts_record(const struct dns_answer *, char id[STS_ID]);

/* A policy that was fetched now (s. 3.2).  0; -1: fail_text(). */
int sts_parse(struct sts *, struct span text, time_t now);

/* May mail go to this host (s. 4.1)? */
bool sts_match(const struct sts *, const char *host);

/* What is remembered, if its time is not over.  1; 0. */
int sts_load(struct sts *, int spool, const char *domain, time_t now);

/* Is it better to ask again: another id, or half of its time is over? */
bool sts_stale(const struct sts *, const char *id, time_t now);

/* Remember it; "text" is the policy.  Nothing of it has to be durable. */
void sts_save(const struct sts *, int spool, const char *domain,
    struct span text);

#endif
