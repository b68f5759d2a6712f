/* One entry of the spool, taken: locked, parsed, worked on.
 *
 * The lock is flock(2) on the file of the entry, on a descriptor that is
 * close-on-exec and never passed on, so it dies with its holder.  Children
 * that need the message get a descriptor of entry_message, which is another
 * open file and does not hold the lock.
 *
 * Verdicts are collected with entry_note and entry_mark and become durable
 * in entry_settle, in the order that a crash at any point leaves a state of
 * spool(5): log line first, then the state octets. */
#ifndef MAILQ_RUN_ENTRY_H
#define MAILQ_RUN_ENTRY_H

#include "mailq-run/history.h"
#include "mailq-run/place.h"
#include "mailq-run/spool.h"

enum entry_got {
	ENTRY_OK,
	ENTRY_BUSY, /* somebody else has it */
	ENTRY_GONE, /* not there, or not any more */
	ENTRY_BAD, /* did not parse, is in bad/ now; fail_text() says why */
	ENTRY_ERROR, /* errno, fail_text(): leave it where it is */
};

struct entry {
	int spool; /* borrowed */
	int fd; /* holds the lock; -1: only looked at */
	enum spool_place place;
	time_t next; /* mtime when opened */
	off_t message; /* where the content begins */
	off_t size; /* of the file; the content has size - message */
	struct spool_envelope env; /* points into head */
	struct buf head;
	struct history history;
	bool urgent; /* its new lines must be durable before the octets */
	bool *changed; /* per recipient: octet not yet written */
};

/* Lock and read entry "id" wherever it is, with its log; a report that a
 * crash left half done is completed (see entry_report).  entry_close ends
 * it, and the lock; call it whatever this returned. */
enum entry_got entry_take(struct entry *, int spool, const char *id);

/* The same without lock and without changing anything (mailq): ENTRY_BAD
 * leaves it where it is.  "hint": where to look first; 0 when not known. */
enum entry_got entry_look(struct entry *, int spool, const char *id,
    enum spool_place hint);

void entry_close(struct entry *);

/* A read-only descriptor of the whole file for a worker (content begins at
 * e->message); does not hold the lock.  -1. */
int entry_message(const struct entry *);

/* Collect one line for the log; the caller sets all of it but "tries". */
void entry_note(struct entry *, const struct history_line *);

/* Recipient i is now in "state". */
void entry_mark(struct entry *, size_t i, enum spool_state);

/* Note and mark in one: the usual verdict of a worker. */
void entry_verdict(struct entry *, size_t i, enum spool_state,
    struct span status, struct span remote, struct span reply, time_t now);

/* Append the lines, durably when an F or S is among them; then pwrite the
 * octets, fdatasync.  Sets the mtime to now, which entry_defer mends.  When
 * the log cannot be written (disk full) a D is recorded all the same, other
 * octets are not.  Without anything collected: nothing.
 * 0 / -1 (what was not written stays collected). */
int entry_settle(struct entry *);

/* How many recipients are in "state". */
size_t entry_count(const struct entry *, enum spool_state);

/* Next try at "when": mtime; from new/ into due/.  Neither needs to be
 * durable: a machine stop makes the try early, never late.  0 / -1. */
int entry_defer(struct entry *, time_t when);

/* Into hold/, and back to due/ (due at once); durable.  0 / -1. */
int entry_hold(struct entry *);
int entry_release(struct entry *);

/* Tell the sender exactly once, by an entry of its own.
 *
 * entry_report_begin starts the draft of it under an id derived from ours
 * (env->id is not looked at).  The caller adds the message and calls
 * entry_report, which seals the draft, makes the log line that names it
 * durable, changes the recipients concerned (REPORT_FAILED: all F to B,
 * REPORT_SUCCESS: all S to D) and then brings the draft into new/.  A crash
 * before the log line leaves nothing but a dead draft; one after it is
 * completed by the next entry_take of ours.
 *
 * draft == NULL: the sender was told in another way, or is not to be told;
 * this is only remembered.
 * 0 / -1: close the entry, the next take finds the truth. */
int entry_report_begin(const struct entry *, struct spool_draft *,
    const struct spool_envelope *);
int entry_report(struct entry *, enum history_report, struct spool_draft *,
    time_t now);

/* Nothing is left to do: unlink the file, then its log.  Needs no settle
 * before it: a vanished entry is the verdict.  With dirty == NULL the
 * directory is made durable here; else it is marked there, and one
 * place_flush settles many.  Until then a machine stop may bring the entry
 * back in its last settled state (a second copy is possible, a loss is not).
 * 0 / -1. */
int entry_finish(struct entry *, struct place_dirty *dirty);

#endif
