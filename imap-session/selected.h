/* The mailbox that is selected, as this connection has been told of it. */
#ifndef IMAP_SESSION_SELECTED_H
#define IMAP_SESSION_SELECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap-session/imap.h"
#include "imap-session/set.h"
#include "maildir/maildir.h"

/* Tell the client what changed since the last time; messages that vanished
 * only with "expunges" (RFC 9051 s. 7.5.1). */
void selected_announce(struct imap *, bool expunges);

/* Messages will come into that folder: if it is this one, have it watched, so
 * that it need not be listed to find them. */
void selected_expect(struct imap *, const char *disk);

/* The client knows of modseqs from now on, and hears first where those of the
 * mailbox stand (RFC 7162 s. 3.1). */
void selected_condstore(struct imap *);

/* Write "* n FETCH (...)" with the flags, and UID and MODSEQ when asked for. */
void selected_put_change(struct imap *, uint32_t number);

/* Leave it, silently. */
void selected_leave(struct imap *);

/* Let "$" be these UIDs; none when there is no memory. */
void selected_save(struct imap *, const uint32_t *uid, size_t n);

/* Append "(\Seen $Forwarded ...)" of a message. */
void selected_put_flags(struct imap *, struct buf *, const struct message *);

/* Append all that a message here can have. */
void selected_put_known(struct imap *, struct buf *);

/* The flag of a word, also $Forwarded; 0: it is none of the system's. */
uint32_t selected_system_flag(struct span word);

/* Flags and keywords of one flag word of the client.  "make": a keyword that
 * nobody has yet gets a bit.  0: *flags and *keywords are enlarged, or not, if
 * it is unknown; -1: refused (\Recent, \Foo), or no bit is left. */
int selected_flag(struct imap *, struct span word, bool make, uint32_t *flags,
    uint64_t *keywords);

/* Read a set and turn it into ascending message numbers in the arena: as UIDs
 * when the command began with UID, and then those that are not there are left
 * out.  NULL, or the reply. */
const struct reply *selected_set(struct imap *, struct parse *, uint32_t **,
    size_t *n);
/* The same for a set that was read already; "uids" as the set has them. */
const struct reply *selected_numbers(struct imap *, struct set *, bool uids,
    uint32_t **, size_t *n);

#endif
