/* The log beside an entry: what was tried, what the remote side said, what
 * the sender was told.  Lines of text in log/HH/ID, only ever appended to;
 * see spool(5).  A last line without its LF is no line. */
#ifndef MAILQ_RUN_HISTORY_H
#define MAILQ_RUN_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "mailq-run/spool.h"

enum {
	HISTORY_REPLY = 1024, /* longer replies are cut, with "..." */
	HISTORY_MAX = 4 << 20 /* a log beyond that is made shorter: the last
			      * try of each recipient and all else stay */
};

enum history_kind {
	HISTORY_TRY, /* one recipient, one attempt or decision */
	HISTORY_REPORT, /* the sender was told */
	HISTORY_ADMIN, /* a person did something */
};

enum history_report {
	REPORT_FAILED = 'F',
	REPORT_DELAYED = 'W',
	REPORT_SUCCESS = 'S'
};

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

/* All that the log says of one message.  "text" is the log with what was
 * added since; the rest is gathered from it line by line. */
struct history_rcpt {
	unsigned tries;
	time_t last; /* of the attempts; 0: none */
	enum spool_state state; /* after the last; 0: no line */
	bool told; /* the report of that state is out */
	size_t at, len; /* the last HISTORY_TRY in text */
};

struct history {
	struct buf text;
	size_t saved; /* octets of text that are in the file */
	bool torn; /* the file ends in a line without LF */
	bool exists; /* there is a file */
	struct history_rcpt *rcpt; /* as many as the envelope has */
	size_t rcpts;
	bool asked; /* a person wants it tried, and it was not yet */
	bool delayed; /* the delay notice went out */
	time_t delayed_at;
	unsigned reports;
	char child[SPOOL_ID]; /* of the last report; "" none */
};

/* Read the log of entry "id".  None is no error.  0 / -1; history_free either
 * way. */
int history_load(struct history *, int spool, const char *id, size_t rcpts);
void history_free(struct history *);

/* The last try of recipient i.  1: *l is set; 0: there was none. */
int history_last(const struct history *, size_t i, struct history_line *l,
    struct buf *scratch);

/* Add a line in memory ("tries" of a try is set here) ... */
void history_add(struct history *, const struct history_line *);

/* ... and append what was added to the file; with "durable" it is on disk
 * when this returns.  0 / -1: the lines stay to be appended. */
int history_save(struct history *, int spool, const char *id, bool durable);

#endif
