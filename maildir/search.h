/* Searching a folder: one engine for IMAP SEARCH and `maildir search`.
 *
 * A search is a tree of keys.  The cheapest are asked first, whatever order
 * they were written in: what the index tells, then the terms (answer.h), which
 * know of most messages; else the summary (summary.h), and only then the text,
 * once for all keys, as it was kept (texts.h) or from its file.  The hits are
 * those of a full scan: a string matches where it stands in the decoded text,
 * folded (fold_text, haystack.h).
 *
 * Why words and texts are kept and no signatures of trigrams: in 100,000
 * messages of 2 kB a rare word takes 4 ms by words, 62 by signatures and texts;
 * one that most have 7 and 275, a sender 5 and 14.  Twice what the fastest
 * other index takes is the bar, which is 3, 10 and 5.  A string of two common
 * words takes 180 ms by words and texts, 230 with signatures before them, and
 * seconds by files. */
#ifndef MAILDIR_SEARCH_H
#define MAILDIR_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

struct folder;

enum search_kind {
	SEARCH_ALL,
	SEARCH_AND, /* all of "child" and its "next"s */
	SEARCH_OR, /* one of them */
	SEARCH_NOT, /* not "child" */
	SEARCH_FLAGS, /* all of flags and keywords */
	SEARCH_NO_FLAGS, /* none of them */
	SEARCH_NUMBERS, /* in "range" */
	SEARCH_UIDS, /* in "range" */
	/* low <= x < high: */
	SEARCH_SIZE, /* octets with CRLF */
	SEARCH_DATE, /* INTERNALDATE, seconds */
	SEARCH_SAVED, /* SAVEDATE, seconds (RFC 8514) */
	SEARCH_SENT, /* day of the Date field as its author saw it, since 1970 */
	SEARCH_MODSEQ,
	/* "text" is folded and may be empty: */
	SEARCH_HEADER, /* in a field of that name; an empty text: there is one */
	SEARCH_PEOPLE, /* in To, Cc or Bcc */
	SEARCH_BODY, /* behind the header */
	SEARCH_TEXT,
	SEARCH_ATTACHMENT, /* has one, as far as that was noted */
	SEARCH_OTHER, /* "other" decides */
};

struct search_key {
	enum search_kind kind;
	struct search_key *child, *next;
	uint32_t flags;
	uint64_t keywords;
	int64_t low, high;
	const uint32_t *range; /* pairs first-last, ascending, disjoint */
	size_t ranges;
	struct span field;
	struct span text;
	int (*other)(void *ctx, uint32_t number); /* 1, 0, -1 */
	void *ctx;
	uint8_t *said; /* of the search: what the terms say (answer.h) */
};

struct search;

/* "key" is put into order and must stay as long as the search.  NULL: no
 * memory. */
struct search *search_new(struct folder *, struct search_key *key);
void search_free(struct search *);

/* Called now and then: done of so many messages. */
struct search_watcher {
	void (*look)(void *ctx, uint32_t done, uint32_t all);
	void *ctx;
};
/* All hits into "number", which has room for folder_count of them; NULL: only
 * their count.  A message that is gone, or of more than 32 MB and too large for
 * memory, is none.  The view may not be synced meanwhile.  How many; -1: errno,
 * fail_text(). */
ptrdiff_t search_run(struct search *, const struct search_watcher *,
    uint32_t *number);

#endif
