/* What SEARCH, SORT and ESEARCH return of their hits (RFC 4731, RFC 5182,
 * RFC 5267 s. 3, RFC 9394). */
#ifndef IMAP_SESSION_RESULTS_H
#define IMAP_SESSION_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/partial.h"

enum {
	RETURN_MIN = 1 << 0,
	RETURN_MAX = 1 << 1,
	RETURN_ALL = 1 << 2,
	RETURN_COUNT = 1 << 3,
	RETURN_SAVE = 1 << 4, /* RFC 5182 */
	RETURN_PARTIAL = 1 << 5,
};

struct results {
	bool extended; /* RETURN was said */
	unsigned wanted; /* RETURN_ bits */
	struct partial partial; /* RFC 9394 */
	bool modseq; /* of the hits is told, too */
	bool uids; /* UIDs are told, whatever the command was */
	/* hits in the order of the answer */
	uint32_t *number;
	uint32_t *uid;
	size_t n;
	uint64_t highest; /* modseq of them */
};

/* Read "RETURN (MIN COUNT) " if it stands there.  NULL, or the reply. */
const struct reply *results_read(struct imap *, struct parse *,
    struct results *);

/* Fill in UIDs, in the arena, and the highest modseq, where they are needed.
 * NULL, or the reply. */
const struct reply *results_fill(struct imap *, struct results *);

/* What stands behind "(TAG ...)" in an ESEARCH response: append it. */
void results_put(struct imap *, const struct results *, bool uids);

/* The answer, of which "verb" is SEARCH or SORT, and "$". */
void results_answer(struct imap *, const struct results *, const char *verb);

#endif
