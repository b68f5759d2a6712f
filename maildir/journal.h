/* The change log of a folder, mailroom-index.log: what happened, in the order
 * of modseq.  It feeds the sessions that wait for news and the history of
 * expunges (QRESYNC, RFC 7162); what is lost of it costs a comparison or makes
 * an answer longer, never wrong.
 *
 *	magic 8, id 8, then entries:
 *	check 4, op 4, modseq 8, pairs 4, spare 4, pairs of UIDs first-last */
#ifndef MAILDIR_JOURNAL_H
#define MAILDIR_JOURNAL_H

#include <stdint.h>

#include "maildir/index.h"
#include "maildir/ranges.h"

enum journal_op {
	JOURNAL_NEW = 1, /* messages came */
	JOURNAL_CHANGE, /* flags or keywords */
	JOURNAL_EXPUNGE,
	JOURNAL_OPS,
};

/* Write an entry; under the lock, between index_begin and index_end.  When it
 * cannot be written the history begins anew. */
void journal_add(struct index *, enum journal_op, uint64_t modseq,
    const struct ranges *);

/* A reader's place. */
struct journal {
	int fd; /* -1: not open */
	uint64_t id, at;
};

/* Stand at the end.  *j need not be open. */
void journal_end(struct journal *, const struct index *);
void journal_close(struct journal *);

/* Add to out[op] what was written since, and stand at the end.  1; 0: not
 * known, so the index must be compared; then *j stands at the end, too. */
int journal_read(struct journal *, const struct index *,
    struct ranges out[JOURNAL_OPS]);

/* All expunges after "modseq".  1: that was all; 0: the log does not go back
 * that far. */
int journal_expunged(const struct index *, uint64_t modseq, struct ranges *);

#endif
