/* Address lists as header fields have them (RFC 5322 s. 3.4, s. 4.4), read as
 * leniently as mail needs it and cut into what IMAP's ENVELOPE wants.
 *
 *	list_begin(&l, f.value);
 *	while ((kind = list_next(&l, &scratch, &m)) != LIST_END)
 *		...						*/
#ifndef MESSAGE_LIST_H
#define MESSAGE_LIST_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

enum { LIST_MANY = 2000 }; /* what stands behind so many is left out */

enum list_kind {
	LIST_END,
	LIST_MAILBOX,
	LIST_GROUP, /* begins; only "name" is set */
	LIST_GROUP_END, /* each LIST_GROUP has one */
};

/* Without quotes, folds and comments; encoded words stay as they are.  A name
 * that is missing is taken from a comment behind the address.  The domain is
 * empty when there is none: then "local" may be any text. */
struct mailbox {
	struct span name;
	struct span route; /* "@a,@b" of a source route */
	struct span local;
	struct span domain;
};

struct list {
	struct span rest;
	bool in_group;
	unsigned count;
};

void list_begin(struct list *, struct span value);

/* The next one.  The spans point into "scratch" and are good until the next
 * call.  LIST_END too at what LIST_MANY leaves out or scratch has no room for,
 * a quarter of its cap in one address: then "rest" is not empty.
 * Mailboxes of which nothing is set are skipped, but for "<>". */
enum list_kind list_next(struct list *, struct buf *scratch, struct mailbox *);

#endif
