/* FETCH: what is asked for. */
#ifndef IMAP_SESSION_FETCH_H
#define IMAP_SESSION_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/section.h"

enum item_kind {
	ITEM_FLAGS,
	ITEM_UID,
	ITEM_DATE,
	ITEM_SAVED,
	ITEM_SIZE,
	ITEM_MODSEQ,
	ITEM_ENVELOPE,
	ITEM_BODY,
	ITEM_STRUCTURE,
	ITEM_SECTION,
	ITEM_KINDS,
};

struct item {
	enum item_kind kind;
	const char *label; /* RFC822.HEADER ...: instead of BODY[...] */
	struct section section;
};

enum { FETCH_ITEMS = 64 };

struct wanted {
	struct item *item; /* room for FETCH_ITEMS */
	size_t items;
	bool has[ITEM_KINDS];
	bool seen; /* sets \Seen */
	bool condstore; /* a modifier was given */
	uint64_t since; /* CHANGEDSINCE */
	bool vanished; /* say what is gone since then, too */
};

/* Read items and modifiers, behind the set; "uid": UID FETCH, where UID is
 * among the items.  "qresync": VANISHED may be asked for.  0 / -1. */
int fetch_read(struct parse *, struct wanted *, bool uid, bool qresync);

#endif
