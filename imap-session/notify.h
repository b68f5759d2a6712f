/* NOTIFY (RFC 5465): news of many mailboxes, as soon as there are any. */
#ifndef IMAP_SESSION_NOTIFY_H
#define IMAP_SESSION_NOTIFY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/sources.h"
#include "maildir/maildir.h"

enum { /* events */
	EVENT_NEW = 1,
	EVENT_EXPUNGE = 2,
	EVENT_FLAGS = 4,
	EVENT_NAME = 8,
	EVENT_SUBSCRIPTION = 16,
	EVENT_METADATA = 32,
	EVENT_SERVER = 64, /* metadata of the server */
};

/* A set of mailboxes and what is to be told of them. */
struct rule {
	struct source source;
	unsigned events;
	struct span fetch; /* of new messages, with parentheses; len 0: not */
};

enum { RULES = 32 };

/* A folder with a rule, and what the client was told of it. */
struct box {
	char disk[NAME_MAX + 1];
	unsigned events;
	bool exists, subscribed;
	struct folder_info told;
};

struct known; /* notify-metadata.c */

struct notify {
	struct buf rules; /* as they were said: read again for new folders */
	struct feed *feed; /* NULL: the system has no watches left */
	struct box *box; /* in the order of store_list */
	size_t boxes;
	bool again; /* look at the names once more: one is made in steps */
	bool at_once; /* news of the selected one, too */
	bool delayed; /* but no expunges */
	struct buf fetch; /* of its new messages */
	struct folder *folder; /* the view that "uidnext" is of */
	uint32_t uidnext; /* below it all messages were told */
	bool server; /* metadata of the server, too */
	struct known *known;
	size_t knowns;
};

/* Read the rules up to the end.  NULL, or the reply. */
const struct reply *notify_read(struct imap *, struct parse *,
    struct rule[RULES], size_t *n);

/* Find the folders for the rules and watch them; "told" is set to what is
 * there now, for those that were not known.  With "tell" the client hears of
 * folders that came and went.  0; -1: errno. */
int notify_fill(struct imap *, const struct rule *, size_t n, bool tell);

/* Say what is new.  Between commands, and in IDLE. */
void notify_tell(struct imap *);
void notify_put_status(struct imap *, const struct box *);

/* Compare the metadata of a mailbox, or with NULL of the server, with what the
 * client knows of it, and tell the names of entries that changed, if "tell"
 * (RFC 5465 s. 5.6, 5.7); then it knows. */
void notify_metadata(struct imap *, const char *folder, bool tell);
void notify_forget_metadata(struct notify *);

/* Descriptors that poll readable then: up to two; -1 where there is none. */
void notify_wait(struct imap *, int fd[2]);

/* Before a command is read: tell until the client says something or has been
 * silent for as long as it may. */
void notify_watch(struct imap *);

/* NOTIFY NONE. */
void notify_end(struct imap *);

#endif
