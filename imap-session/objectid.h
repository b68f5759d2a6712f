/* Ids of messages and threads (RFC 8474).
 *
 * EMAILID is a hash of the octets of the message, so it is the same after MOVE
 * and COPY, in every folder, and when the index was lost.  THREADID is one of
 * the first Message-ID in References (else In-Reply-To, else its own). */
#ifndef IMAP_SESSION_OBJECTID_H
#define IMAP_SESSION_OBJECTID_H

#include "imap-session/reading.h"

enum { OBJECTID = 34 }; /* octets, with the NUL */

/* 0; -1: errno, fail_text(). */
int objectid_make(struct reading *, char email[OBJECTID],
    char thread[OBJECTID]);

/* For a search: has a message of the folder that id?  1; 0; -1 as above. */
struct objectid_key {
	struct folder *folder;
	struct span id;
	bool thread; /* of a thread, else of a message */
};
int objectid_match(void *key, uint32_t number);

#endif
