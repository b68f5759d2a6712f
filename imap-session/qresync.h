/* What a client that was away has missed (RFC 7162). */
#ifndef IMAP_SESSION_QRESYNC_H
#define IMAP_SESSION_QRESYNC_H

#include "imap-session/imap.h"
#include "imap-session/set.h"

struct qresync {
	bool wanted; /* SELECT ... (QRESYNC (...)) */
	uint32_t uidvalidity;
	uint64_t modseq;
	bool known; /* "uids" are those it has; else all */
	struct set uids;
};

/* Read " (CONDSTORE)" or " (QRESYNC (...))" behind the name of a mailbox.
 * 0 / -1.  Enables CONDSTORE. */
int qresync_read(struct imap *, struct parse *, struct qresync *);

/* Answer it for the folder that was just selected. */
void qresync_answer(struct imap *, struct qresync *);

/* "* VANISHED (EARLIER)" with those of "uids" that are gone and were there
 * after "modseq" (s. 3.2.6).  The set is resolved up to UIDNEXT - 1. */
void qresync_vanished(struct imap *, struct set *uids, uint64_t modseq);

#endif
