/* A waiting message as people and programs read it. */
#ifndef MAILQ_RUN_SHOW_H
#define MAILQ_RUN_SHOW_H

#include <time.h>

#include "mailq-run/entry.h"

/* One block of lines: id, size, age, next try, sender; below it each
 * recipient with what the remote side said last. */
void show_brief(struct buf *, const struct entry *, time_t now);

/* All of it: envelope, recipients, and the log in full. */
void show_full(struct buf *, const struct entry *, time_t now);

/* One JSON object (RFC 8259) on one line; with its log when wanted. */
void show_json(struct buf *, const struct entry *, bool with_log);

/* "2d03h", "4h05m", "12m", "7s": at most two units. */
void show_span(struct buf *, time_t seconds);

/* Text of strangers for a terminal: printable UTF-8 stays, the rest becomes
 * "?". */
void show_text(struct buf *, struct span);

#endif
