/* Mail addresses as the envelope has them (RFC 5321 s. 4.1.2, lenient). */
#ifndef MESSAGE_ADDR_H
#define MESSAGE_ADDR_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

enum { ADDR_LOCAL_MAX = 64, ADDR_DOMAIN_MAX = 255, ADDR_MAX = 320 };

/* A parsed address.  "local" has its quotes and backslashes taken away (so
 * "a"@d and a@d are alike) and keeps its case; "domain" is as written but for
 * a trailing dot, or a literal with its brackets; both are NUL-terminated and
 * hold no control octet.  The null path has both empty. */
struct addr {
	char local[ADDR_LOCAL_MAX + 1];
	char domain[ADDR_DOMAIN_MAX + 1];
	bool utf8; /* not all ASCII, but valid UTF-8 (RFC 6531) */
};

/* Read one path off the front of *rest: brackets optional (without them it
 * ends at the first unquoted blank), blanks before it skipped, a source route
 * "@a,@b:" dropped, domain optional (left empty).  *rest is what follows,
 * blanks trimmed.
 * 0: *a is set.  -1: not an address (empty local part, control octet, text
 * behind the bracket, two addresses, too long ...).
 * Only "<>" gives the null path. */
int addr_path(struct span *rest, struct addr *a);

/* The address as it stands on the wire, without brackets: the local part is
 * quoted when it is no dot-string.  "" for the null path. */
void addr_put(struct buf *, const struct addr *);

/* The same mailbox: local parts compare with case (folded by the caller where
 * wanted), domains without.  Whether an IDN stands as U-label or A-label makes
 * a difference here: domain_fold first where both may come. */
bool addr_same(const struct addr *, const struct addr *);

static inline bool
addr_null(const struct addr *a)
{
	return a->local[0] == '\0' && a->domain[0] == '\0';
}

/* xtext of RFC 3461 s. 4: encode any octets; check (true: well-formed, hex
 * digits of either case); decode (0; -1 when malformed and nothing is added).
 * What was decoded may hold any octet, NUL and line ends too. */
void xtext_put(struct buf *, struct span);
bool xtext_ok(struct span);
int xtext_decode(struct buf *, struct span);

#endif
