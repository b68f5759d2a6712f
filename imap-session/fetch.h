/* FETCH: what is asked for. */
#ifndef IMAP_SESSION_FETCH_H
#define IMAP_SESSION_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/partial.h"
#include "imap-session/reading.h"
#include "imap-session/section.h"
#include "maildir/maildir.h"

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
	ITEM_EMAILID,
	ITEM_THREADID,
	ITEM_PREVIEW,
	ITEM_SECTION, /* from here on there may be several */
	ITEM_BINARY,
	ITEM_BINARY_SIZE,
	ITEM_KINDS,
};

struct item {
	enum item_kind kind;
	const char *label; /* RFC822.HEADER ...: instead of BODY[...] */
	struct section section;
	bool lazy; /* PREVIEW, only if it is known */
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
	struct partial partial; /* of what that leaves (RFC 9394) */
};

/* FETCH at work. */
struct fetch {
	struct imap *im;
	struct wanted w;
	bool gone; /* some message could not be read */
	bool large; /* some header or structure is larger than we hold */
	bool unknown; /* some content is coded in an unknown way */
	struct buf scratch;
	/* of one message */
	struct message m;
	struct reading r;
};

/* Read items and modifiers, behind the set; "uid": UID FETCH, where UID is
 * among the items.  "qresync": VANISHED may be asked for.  0 / -1. */
int fetch_read(struct parse *, struct wanted *, bool uid, bool qresync);

/* Write BODY[...], BINARY[...] or BINARY.SIZE[...] of f->r.
 * 0; -1: errno: what was asked for is not there. */
int fetch_body(struct fetch *, const struct item *);
int fetch_binary(struct fetch *, const struct item *);
int fetch_binary_size(struct fetch *, const struct item *);

#endif
