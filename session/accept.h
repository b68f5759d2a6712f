/* Accept mode: one process that listens, one per connection. */
#ifndef SESSION_ACCEPT_H
#define SESSION_ACCEPT_H

#include "session/start.h"

struct starter { /* what start.h's calls said */
	int (*session)(const struct peer *, void *ctx);
	void (*ready)(void *ctx); /* NULL: nothing is done ahead */
	void *ctx;
	unsigned all, each;
	const char *busy;
	const char *except; /* addresses that "each" is not for; or NULL */
};

/* Descriptor 0 listens: serve whoever comes until SIGTERM, or for 60 s after
 * the last one.  Exit status for main. */
int accept_all(const struct starter *);

/* Descriptor 0 is a connection: call the session.  (start.c) */
int start_one(const struct starter *);

#endif
