/* A snapshot of one folder with the UIDs of dovecot-uidlist. */
#ifndef MAILDIR_MAILDROP_H
#define MAILDIR_MAILDROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/flags.h"

struct maildrop_message {
	uint32_t uid;
	uint32_t number; /* in the view */
	uint64_t size; /* octets as stored */
	uint64_t wire; /* octets with every line end as CRLF, and with one
			* behind the last line, as POP3 sends it */
	const char *uidl; /* P field of the uidlist, or NULL: Dovecot's form;
			   * 1-70 octets of 0x21-0x7e; owned by the maildrop */
};

struct folder;
struct store;

struct maildrop {
	struct store *store;
	struct folder *folder; /* a view that is never synced */
	uint32_t uidvalidity;
	uint32_t uidnext;
	size_t messages;
	uint64_t octets; /* sum of wire */
	struct maildrop_message *message; /* ascending uid; maildrop_look */
	char *uidls; /* where the uidl texts lie */
};

/* Open the Maildir at "path" (made when only it is missing) and count it,
 * giving UIDs to what has none: durable in dovecot-uidlist (version 3, under
 * dovecot-uidlist.lock) before this returns.  Never moves a file.
 * When nothing can be written there (full disk, read-only) messages without a
 * UID are left out, so that the others can still be read and removed.
 * 0; -1: errno (EAGAIN: another program holds the lock), fail_text(). */
int maildrop_open(struct maildrop *, const char *path);
void maildrop_close(struct maildrop *);

/* Have "message", which a client that only asks how many there are does not
 * need.  0; -1 EIO: the index was damaged and what it had cannot be told again
 * by the new one. */
int maildrop_look(struct maildrop *);

/* Open message i for reading, also when another program renamed it meanwhile
 * (flags, new/ to cur/).  A descriptor; -1 with ENOENT: it is gone. */
int maildrop_read(struct maildrop *, size_t i);

/* Where its file was last: "cur/NAME" or "new/NAME". */
void maildrop_name(struct maildrop *, size_t i, char path[FLAGS_NAME]);

/* Remove it; already gone counts as removed.  0 / -1. */
int maildrop_remove(struct maildrop *, size_t i);

/* Move it into cur/ of the folder open at "to", under a longer name when its
 * own is taken there; already gone counts as moved.  0 / -1. */
int maildrop_move(struct maildrop *, size_t i, int to);

/* After removals: make them durable (fsync of cur/ and new/).  0 / -1. */
int maildrop_sync(struct maildrop *);

#endif
