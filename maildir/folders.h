/* The store, folders: see maildir.h, which is the file to include. */
#ifndef MAILDIR_FOLDERS_H
#define MAILDIR_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_info;
struct store;

struct folder_name {
	const char *name;
	bool exists; /* false: subscribed only */
	bool subscribed;
};
/* All folders, INBOX first, then sorted by octets.  Parents that are no folder
 * themselves are not listed.  One free() for all of it.  How many; -1. */
ptrdiff_t store_list(struct store *, struct folder_name **);

/* Those of the store itself, without shared ones. */
ptrdiff_t store_list_own(struct store *, struct folder_name **);

/* Shared folders: the Maildirs in the directory "path" are folders of the
 * store, too, as "Shared.NAME" with what is below it, for a user whom the modes
 * of the files let in.  The same is true for what he may do there; what is made
 * belongs to the group and others as the directory does that it is made in,
 * when that has the setgid bit.  0; -1. */
#define STORE_SHARED "Shared"
#define STORE_SHARED_INDEX "mailroom-shared" /* in his Maildir, below it NAME */
int store_share(struct store *, const char *path);
bool store_shares(const struct store *);
/* Is that the name of a shared one? */
bool store_is_shared(const struct store *, const char *name);

/* The same counts as folder_info without opening a view; from the index when
 * nothing has changed.  0; -1. */
int store_status(struct store *, const char *name, struct folder_info *);
/* Have "octets" of it be those of all messages.  0; -1. */
int store_octets(struct store *, const char *name, struct folder_info *);
/* May this user write to a folder that exists? */
bool store_writable(const struct store *, const char *name);

/* EEXIST: there is one.  Parents are not made. */
int store_create(struct store *,
    const char *name); /* EPERM: see STORE_SHARED */
/* The folder goes to the holding place for 14 days; folders below it stay.
 * INBOX cannot be removed (EPERM). */
int store_remove(struct store *, const char *name);
/* With all folders below it.  Of INBOX only the messages move (RFC 3501
 * s. 6.3.5).  EEXIST: the new name, or one below it, is there. */
int store_rename(struct store *, const char *from, const char *to);
int store_subscribe(struct store *, const char *name, bool yes);

/* What a folder was made for, as words like "\Drafts \Sent" (RFC 6154); it
 * keeps that when it is renamed.  0; -1. */
enum { STORE_USE = 200 };
int store_give_use(struct store *, const char *name, const char *uses);
/* Was any folder?  If so, this one; "": not. */
bool store_gives_uses(const struct store *);
void store_use(const struct store *, const char *name, char uses[STORE_USE]);

/* Maildir++ quota (maildirsize).  A limit of 0 is none; without the file all
 * are 0. */
struct quota {
	uint64_t octets, octets_max;
	uint64_t messages, messages_max;
};
int store_quota(struct store *, struct quota *);
/* The same of whose that folder is. */
int store_quota_of(struct store *, const char *name, struct quota *);

/* News of many folders on one descriptor (NOTIFY, RFC 5465).  A feed watches
 * the folders it is given; feed_next names one in which something happened
 * (messages, flags, keywords, annotations), or NULL when that was all; what, is for
 * store_status or folder_sync to say.  feed_open: NULL when the system has no
 * watches to give. */
struct feed;
struct feed *feed_open(struct store *);
int feed_add(struct feed *, const char *name); /* 0; -1 */
/* Folders that come, go or are subscribed to, and annotations of the store, are
 * news, too: feed_next says "". */
int feed_names(struct feed *); /* 0; -1 */
int feed_wait(const struct feed *); /* descriptor, readable: feed_next */
const char *feed_next(struct feed *); /* owned by the feed */
void feed_close(struct feed *);

/* Take over what other servers kept beside the mail: UIDs, keywords and
 * subscriptions of Courier, UIDLs of Courier's and qmail's POP3.  UIDs and
 * UIDLs of Courier are taken by themselves while there is no dovecot-uidlist,
 * subscriptions while there is no file of ours.  How many messages there are
 * in folders that were looked at; -1. */
enum store_kind { STORE_COURIER, STORE_QMAIL };
ptrdiff_t store_import(struct store *, enum store_kind);

#endif
