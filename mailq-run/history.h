/* The log beside an entry: what was tried, what the remote side said, what
 * the sender was told.  Lines of text in log/HH/ID, only ever appended to;
 * see spool(5).  A last line without its LF is no line. */
#ifndef MAILQ_RUN_HISTORY_H
#define MAILQ_RUN_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "mailq-run/spool.h"

enum { HISTORY_REPLY = 1024, /* longer replies are cut, with "..." */
       HISTORY_LINE = 2 * HISTORY_REPLY + 512,
       HISTORY_MAX = 4 << 20 /* a log beyond that is made shorter: the last
			      * try of each recipient and all else stay */ };

enum history_kind {
	HISTORY_TRY, /* one recipient, one attempt or decision */
	HISTORY_REPORT, /* the sender was told */
	HISTORY_ADMIN, /* a person did something */
};

enum history_report { REPORT_FAILED = 'F', REPORT_DELAYED = 'W',
		      REPORT_SUCCESS = 'S' };

struct history_line {
	time_t when;
	enum history_kind kind;
	/* HISTORY_TRY */
	size_t rcpt; /* index */
	unsigned tries; /* attempts for it so far, this one counted */
	enum spool_state state; /* that it had afterwards */
	struct span status; /* "4.7.1"; empty: unknown */
	struct span remote; /* "mx.example.org[192.0.2.1]:25"; empty: none */
	struct span reply; /* "451 4.7.1 Later"; lines joined by LF */
	/* HISTORY_REPORT */
	enum history_report report;
	struct span child; /* id of the entry that tells it; empty: none */
	/* HISTORY_ADMIN: who in "remote", what in "reply" */
};

/* Append one line, escaped.  remote and reply may hold any octets. */
void history_put(struct buf *, const struct history_line *);

/* Take the next whole line off *rest; what does not parse is skipped.
 * *l points into *rest, but for the reply, which is unescaped into "scratch"
 * (reset first).  1; 0: no more. */
int history_next(struct span *rest, struct history_line *l,
    struct buf *scratch);

/* The whole log of entry "id" into "out" (empty when there is none; of an
 * over-long one its end).  0 / -1. */
int history_read(struct buf *out, int spool, const char *id);

/* What the log says of one message, gathered in one pass. */
struct history_rcpt {
	unsigned tries;
	time_t first, last; /* of the attempts; 0: none */
	bool told; /* failed or delivered, and the report is out */
	struct span status, remote; /* of the last try; into "text" */
	struct span line; /* the whole last try, for history_next */
};

struct history {
	struct buf text;
	struct history_rcpt *rcpt; /* as many as the envelope has */
	size_t rcpts;
	bool delayed; /* the delay notice went out */
	time_t delayed_at;
	unsigned reports; /* for naming the next one */
	char child[SPOOL_ID]; /* of the last report; "" none */
};

int history_load(struct history *, int spool, const char *id, size_t rcpts);
void history_free(struct history *);

#endif
