/* Sets of mailboxes, as NOTIFY and ESEARCH name them (RFC 5465 s. 6,
 * RFC 7377 s. 2.2). */
#ifndef IMAP_SESSION_SOURCES_H
#define IMAP_SESSION_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "imap-session/imap.h"

enum source_kind {
	SOURCE_SELECTED,
	SOURCE_DELAYED, /* selected-delayed */
	SOURCE_INBOXES,
	SOURCE_PERSONAL,
	SOURCE_SUBSCRIBED,
	SOURCE_SUBTREE, /* the names and all below */
	SOURCE_SUBTREE_ONE, /* and what is one level below */
	SOURCE_MAILBOXES,
};

struct source {
	enum source_kind kind;
	const struct store *store;
	const char **name; /* on disk; in the arena */
	size_t names;
};

/* Read one.  NULL, or the reply. */
const struct reply *source_read(struct imap *, struct parse *, struct source *);

/* Is the folder in it?  (SELECTED and DELAYED: no.) */
bool source_has(const struct source *, const char *disk, bool subscribed);

#endif
