/* Words for a client that waits for long (RFC 9585). */
#ifndef IMAP_SESSION_PROGRESS_H
#define IMAP_SESSION_PROGRESS_H

#include <stdint.h>
#include <time.h>

struct imap;

struct progress {
	struct imap *im;
	time_t next; /* when to speak */
};

void progress_begin(struct progress *, struct imap *);

/* "ctx" is a progress: now and then say how far it is. */
void progress_look(void *ctx, uint32_t done, uint32_t all);

#endif
