/* The store: all of a user's mail, for POP3, IMAP and the shell.
 *
 * A store is a Maildir++ (mailroom-maildir(5)).  A folder is opened as a view:
 * messages are numbered 1 .. folder_count as this client has been told, and
 * keep their numbers until folder_sync says otherwise, whatever other programs
 * do meanwhile.  What is true is in file names, dovecot-uidlist and
 * dovecot-keywords; the index beside them is a cache that may be deleted at
 * any time, and damage to it is noticed and costs a scan.
 *
 * The interface is in three parts:
 *	read.h		open, look, wait for news
 *	change.h	flags, append, copy, move, expunge, undelete
 *	folders.h	list, create, rename, delete, subscribe, quota, import
 * and search.h is built on them.
 *
 * Folder names are those of the disk with "." between the parts and without
 * the first dot: "INBOX", "Work", "Work.2026", in modified UTF-7 (RFC 3501
 * s. 5.1.3); INBOX in capitals.  Functions that fail return -1 (or NULL) with
 * errno and fail_text(); what errno means everywhere:
 *	ENOENT		no such folder, or the message is gone
 *	EINVAL		a name that no folder can have
 *	ESTALE		the folder was deleted or got a new UIDVALIDITY
 *	ENOSPC, EDQUOT	disk or quota is full
 *	EAGAIN		another program holds a lock for too long
 *	EROFS, EACCES	read-only */
#ifndef MAILDIR_MAILDIR_H
#define MAILDIR_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* struct message, flags */
	FLAG_SEEN = 1,
	FLAG_ANSWERED = 2,
	FLAG_FLAGGED = 4,
	FLAG_DELETED = 8,
	FLAG_DRAFT = 16,
	FLAG_FORWARDED = 32, /* P of the file name; $Forwarded (RFC 5788) */
	FLAG_SYSTEM = FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DELETED |
	    FLAG_DRAFT,
	FLAG_STORED = FLAG_SYSTEM | FLAG_FORWARDED, /* may be changed */
	FLAG_RECENT = 64, /* this view moved it out of new/ */
	FLAG_NEW = 128, /* still in new/ */
	FLAG_ATTACHMENT = 256, /* as folder_note was told */
};

enum { KEYWORDS = 64, KEYWORD_LETTERS = 26 };

struct message {
	uint32_t uid;
	uint32_t flags;
	uint64_t keywords; /* bit n: folder_keywords()[n] */
	uint64_t modseq; /* RFC 7162; never 0 */
	uint64_t size; /* octets as stored */
	uint64_t wire; /* with every line end as CRLF: RFC822.SIZE; 0 with a
			* size: not counted yet, see folder_wire */
	int64_t date; /* INTERNALDATE, seconds */
	int64_t saved; /* SAVEDATE (RFC 8514), seconds */
	uint64_t id; /* hash of the Message-ID, as folder_note was told */
};

struct store;
struct folder;

#include "maildir/change.h"
#include "maildir/folders.h"
#include "maildir/read.h"

#endif
