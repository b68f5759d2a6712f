/* The spool: one text file per message; see spool(5) for format and crash
 * states.  This file owns reader and writer. */
#ifndef MAILQ_RUN_SPOOL_H
#define MAILQ_RUN_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "message/buf.h"
#include "message/span.h"

enum { SPOOL_ID = 32, SPOOL_RCPTS = 1000, SPOOL_FIELD = 1200 };

enum spool_state {
	SPOOL_TODO = 'T',
	SPOOL_DONE = 'D',
	SPOOL_FAILED = 'F',
};

/* DSN parameters of RFC 3461 as bits. */
enum { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4,
       NOTIFY_DELAY = 8 };

struct spool_rcpt {
	const char *addr; /* without brackets */
	const char *orcpt; /* "" when not given */
	unsigned notify; /* 0: not given = FAILURE,DELAY */
	enum spool_state state;
	off_t at; /* offset of the state octet in the file */
};

struct spool_envelope {
	char id[SPOOL_ID]; /* also the file name; set by spool_begin when "" */
	const char *from; /* without brackets; "" = <> */
	time_t arrival;
	const char *user; /* authenticated; "" none */
	const char *envid; /* xtext as given; "" none */
	char ret; /* 'F'ULL, 'H'DRS, or 0 */
	bool body8; /* BODY=8BITMIME was given or needed */
	bool utf8; /* SMTPUTF8 was given */
	struct spool_rcpt *rcpt;
	size_t rcpts;
};

/* ---- writing */
struct spool_draft {
	int spool; /* borrowed */
	int fd;
	bool visible;
	char id[SPOOL_ID];
};

/* Open the spool directory; make what is missing below it (as its owner).
 * A descriptor; -1. */
int spool_open(const char *path);

/* tmp/ID with the envelope written.  A field with an octet below 0x20 (or
 * 0x7f) is EINVAL.  0 / -1. */
int spool_begin(struct spool_draft *, int spool, const struct spool_envelope *);
int spool_copy(struct spool_draft *, int fd, off_t from); /* 0 / -1 */
int spool_add(struct spool_draft *, const void *, size_t); /* 0 / -1 */
int spool_seal(struct spool_draft *); /* fsync; never tried again */
/* Rename into new/ and fsync new/.  On -1 nothing is left. */
int spool_commit(struct spool_draft *);
void spool_abort(struct spool_draft *);

/* Tell mailq-run that there is something: one octet to RUN/kick, never
 * waits, nobody listening is no error. */
void spool_kick(const char *run);

#endif
