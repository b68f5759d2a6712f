/* Search keys: what SEARCH asks of a message (RFC 9051 s. 6.4.4). */
#ifndef IMAP_SESSION_SEARCH_H
#define IMAP_SESSION_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/set.h"

enum key_kind {
	KEY_AND, /* all of "child" and its "next"s */
	KEY_OR, /* one of them */
	KEY_NOT, /* not "child" */
	KEY_ALL,
	KEY_FLAGS, /* all of flags and keywords */
	KEY_NO_FLAGS, /* none of them */
	KEY_NUMBERS, /* "set", as message numbers */
	KEY_UIDS, /* "set" */
	KEY_LARGER, /* than "number" */
	KEY_SMALLER,
	KEY_SINCE, /* internal date: on the day "number" or later */
	KEY_BEFORE,
	KEY_ON,
	KEY_SENT_SINCE, /* Date field */
	KEY_SENT_BEFORE,
	KEY_SENT_ON,
	KEY_YOUNGER, /* internal date at least "number", in seconds */
	KEY_OLDER,
	KEY_MODSEQ,
	KEY_HEADER, /* "field" holds "text"; present is enough if that is "" */
	KEY_BODY, /* "text" */
	KEY_TEXT,
};

struct key {
	enum key_kind kind;
	struct key *child, *next;
	uint32_t flags;
	uint64_t keywords;
	uint64_t number; /* days since 1970 for dates */
	struct set set;
	struct span field;
	struct span text; /* UTF-8, folded by match_fold */
};

/* Read the whole program behind SEARCH's options: the keys up to the end, as
 * one KEY_AND in the arena; *modseq: MODSEQ is among them.  NULL and *out; or
 * the reply. */
const struct reply *search_read(struct imap *, struct parse *, struct key **out,
    bool *modseq);

#endif
