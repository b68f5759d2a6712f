/* The spool: one text file per message; see spool(5) for format and crash
 * states.  Here: the envelope, and writing a new entry.  envelope.h is its
 * text form, entry.h works on an entry that waits, scan.h finds what is due,
 * history.h is the log beside an entry. */
#ifndef MAILQ_RUN_SPOOL_H
#define MAILQ_RUN_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "message/buf.h"
#include "message/span.h"

enum {
	SPOOL_ID = 32,
	SPOOL_RCPTS = 1000,
	SPOOL_FIELD = 1200,
	SPOOL_HEAD = 3 << 20 /* longest envelope, octets */
};

enum spool_state {
	SPOOL_TODO = 'T', /* to be tried */
	SPOOL_DONE = 'D', /* delivered, the sender need not be told */
	SPOOL_SUCCESS = 'S', /* delivered, a success report is owed */
	SPOOL_FAILED = 'F', /* given up, a report is owed (or to be judged) */
	SPOOL_BOUNCED = 'B', /* given up, nothing is owed any more */
};

/* The directory an entry waits in. */
enum spool_place {
	SPOOL_NEW = 1, /* new/ID: never tried, always due */
	SPOOL_DUE = 2, /* due/HH/ID: due when its mtime has come */
	SPOOL_HELD = 4, /* hold/ID: never due until released */
};

/* DSN parameters of RFC 3461 as bits. */
enum {
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
	NOTIFY_EXPANDED = 16 /* not a wish: the address is a list of ours */
};

struct spool_rcpt {
	const char *addr; /* without brackets */
	const char *orcpt; /* "" when not given */
	unsigned notify; /* 0: not given = FAILURE,DELAY */
	enum spool_state state;
	off_t at; /* offset of the state octet in the file */
};

struct spool_envelope {
	char id[SPOOL_ID]; /* also the file name; "": spool_begin makes one */
	const char *from; /* without brackets; "" = <> */
	time_t arrival;
	const char *user; /* authenticated; "" none */
	const char *envid; /* xtext as given; "" none */
	char ret; /* 'F'ULL, 'H'DRS, or 0 */
	bool body8; /* BODY=8BITMIME was given or needed */
	bool utf8; /* SMTPUTF8 was given */
	bool tls; /* REQUIRETLS was given (RFC 8689) */
	bool report; /* of ours, and no mail filter has seen it yet */
	struct spool_rcpt *rcpt;
	size_t rcpts;
};

/* ---- writing */
struct spool_draft {
	int spool; /* borrowed */
	int fd; /* -1: none */
	bool visible;
	bool held; /* set by who wants it committed to hold/, not new/ */
	char id[SPOOL_ID]; /* set by spool_begin */
};

/* Open the spool directory; make it and what is missing below it.  It must
 * belong to the calling user: become the spool user first.
 * A descriptor; -1 (EPERM: somebody else's). */
int spool_open(const char *path);

/* 1 to SPOOL_ID - 1 of letters, digits, "-" and "_"; not "-" first. */
bool spool_id_ok(struct span);

/* tmp/ID with the envelope written; every recipient starts in its state.
 * A field with an octet below 0x20 (or 0x7f) is EINVAL; an id that is in
 * tmp/ already is EEXIST.  0 / -1. */
int spool_begin(struct spool_draft *, int spool, const struct spool_envelope *);
int spool_copy(struct spool_draft *, int fd, off_t from); /* 0 / -1 */
int spool_add(struct spool_draft *, const void *, size_t); /* 0 / -1 */
int spool_seal(struct spool_draft *); /* fsync; never tried again */
/* Rename into new/ or hold/ (EEXIST: one of that id is there) and fsync it.
 * On -1 nothing is left. */
int spool_commit(struct spool_draft *);
/* Take back whatever is not visible; harmless after a commit. */
void spool_abort(struct spool_draft *);

/* Tell mailq-run that there is new mail, or that all of the spool is to be
 * looked at: one octet to RUN/kick, never waits, nobody listening is no
 * error. */
enum { SPOOL_KICK_NEW = '!', SPOOL_KICK_ALL = '*' };
void spool_kick(const char *run);
void spool_kick_all(const char *run);

#endif
