/* What sorting, threading and searches in common header fields need of every
 * message, made once and kept in mailroom-index.sort beside the index: a cache
 * like that, to be deleted at any time.
 *
 * One file for a folder, because all of it is read at each such command: in
 * the order of the messages, without a search per message.
 *
 *	magic 8, UIDVALIDITY 4, version 4, then pieces:
 *	check 8, rows 8, octets and sum of the entries 8 each,
 *	rows: time sent 8, UID 4, octets of the entry 4,
 *	entries (struct summary_entry and what is behind it)
 *
 * The rows are enough to sort by date, and a tenth of it.  A piece is written
 * at once under flock(2); behind the first that does not check the file is cut
 * off. */
#ifndef MAILDIR_SUMMARY_H
#define MAILDIR_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

struct folder;

/* Decoded (word_decode) and folded (fold_text); NUL between fields of one
 * name. */
enum summary_text {
	SUMMARY_FROM,
	SUMMARY_TO,
	SUMMARY_CC,
	SUMMARY_BCC,
	SUMMARY_SUBJECT,
	SUMMARY_FIELDS, /* how many these are */
	SUMMARY_BASE = SUMMARY_FIELDS, /* base subject, RFC 5256 s. 2.1 */
	SUMMARY_FROM_BOX, /* local part of the first address */
	SUMMARY_TO_BOX,
	SUMMARY_CC_BOX,
	SUMMARY_FROM_NAME, /* display name, or address (RFC 5957) */
	SUMMARY_TO_NAME,
	SUMMARY_TEXTS,
};

enum { /* flags */
	SUMMARY_REPLY = 1, /* as subject_base says */
	SUMMARY_DATED = 2, /* "sent" and "day" are known */
	SUMMARY_CUT = 4, /* a field was too long and is left out */
};

struct summary_entry {
	uint32_t uid;
	uint32_t size; /* octets, a multiple of 8 */
	uint64_t id; /* thread_hash of the Message-ID; 0: none */
	int64_t sent; /* Date field, seconds */
	int32_t day; /* the same as its author saw it, days since 1970 */
	uint16_t flags;
	uint16_t references; /* hashes behind this struct, 8 octets each */
	struct {
		uint16_t at,
		    len; /* from the beginning of the entry; at 0: there is none */
	} text[SUMMARY_TEXTS];
	uint32_t spare;
};

static inline struct span
summary_text(const struct summary_entry *e, enum summary_text t)
{
	return span_n((const char *)e + e->text[t].at, e->text[t].len);
}

static inline const unsigned char *
summary_references(const struct summary_entry *e)
{
	return (const unsigned char *)(e + 1);
}

/* Append the entry of a message with that header block to a buf that is
 * aligned to 8 octets.  0; -1 no memory. */
int summary_make(struct buf *, uint32_t uid, struct span header);

struct summary;

/* Of a view, good until its next folder_sync.  NULL: no memory. */
struct summary *summary_open(struct folder *);
/* Writes down what was made, when that can be. */
void summary_close(struct summary *);

/* The entry of a message, made from its file if need be, good until
 * summary_close.  NULL: errno (ENOENT: it is gone), fail_text(). */
const struct summary_entry *summary_get(struct summary *, uint32_t number);
/* When it was sent by its Date field, in seconds, at less cost.  False: it does
 * not say, or the message cannot be read. */
bool summary_sent(struct summary *, uint32_t number, int64_t *when);
/* Is it there without reading the message? */
bool summary_has(struct summary *, uint32_t number);

#endif
