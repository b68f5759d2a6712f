/* One IMAP connection: its states, its commands and how they are answered.
 *
 * The connection lives in two processes.  Before the login a sandboxed one
 * knows the commands of login.c; after it a new one, which runs as the user,
 * knows all the others.  Both run the same loop over one table. */
#ifndef IMAP_SESSION_IMAP_H
#define IMAP_SESSION_IMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "imap-session/command.h"
#include "imap-session/parse.h"
#include "message/buf.h"
#include "session/conn.h"

enum {
	NAME_DISK = 1024, /* octets of a folder's name, with its NUL */
	TAG_MAX = 64,
};

enum state { /* RFC 9051 s. 3, as bits for the table */
	S_START = 1 << 0, /* not authenticated */
	S_IN = 1 << 1, /* authenticated */
	S_BOX = 1 << 2, /* selected */
	S_USER = S_IN | S_BOX,
	S_ANY = S_START | S_USER,
};

enum enabled { /* RFC 5161 */
	E_REV2 = 1 << 0,
	E_UTF8 = 1 << 1, /* UTF8=ACCEPT, RFC 6855 */
	E_CONDSTORE = 1 << 2,
	E_QRESYNC = 1 << 3,
};

struct login; /* login.c */
struct notify; /* notify.h */
struct store; /* maildir/maildir.h */
struct folder;

struct imap {
	struct conn *conn;
	enum state state;
	unsigned enabled; /* E_ bits */
	const struct limit *limit;
	struct command command;
	struct arena arena; /* of one command */
	struct span tag; /* of the command that runs */
	char tag_text[TAG_MAX];
	bool uid; /* it began with UID */
	struct buf text; /* what a handler makes of its reply */
	struct buf out; /* one untagged response */
	unsigned errors; /* lines in a row that were no proper command */
	struct login *login; /* in S_START */
	struct store *store; /* afterwards */
	struct folder *folder; /* in S_BOX */
	char selected[NAME_DISK]; /* its name on disk */
	const char *user; /* his name */
	uint64_t append_limit; /* octets of a message (RFC 7889) */
	bool read_only; /* EXAMINE, or nobody can write there */
	bool lost; /* it was removed: say BYE */
	uint32_t *saved; /* "$": UIDs, ascending (RFC 5182) */
	size_t saves;
	struct notify *notify; /* NULL: NOTIFY NONE */
	uint32_t told; /* messages that the client knows of */
	uint32_t told_recent;
	unsigned hurried; /* commands with names that are yet to follow */
};

/* What a handler says; the loop writes it with the tag. */
struct reply {
	enum {
		SAY_OK,
		SAY_NO,
		SAY_BAD,
		SAY_BYE, /* untagged, the end */
		SAY_NOTHING /* STARTTLS has answered */
	} kind;
	const char *text; /* NULL: it is in imap.text */
};

/* 0; -1: no memory. */
int imap_init(struct imap *, struct conn *, const struct limit *, size_t arena);

void imap_free(struct imap *);

/* Answer commands until the connection is to end. */
void imap_serve(struct imap *);

/* Replies with a text of the moment: OK or NO, at most 1000 octets. */
const struct reply *imap_ok(struct imap *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
const struct reply *imap_no(struct imap *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
extern const struct reply imap_done; /* "OK Done" */
extern const struct reply imap_bad; /* the parser says why */
extern const struct reply imap_temp; /* NO [SERVERBUG], fail_text() is logged */

/* What errno of the store means to the client (maildir/maildir.h). */
const struct reply *imap_failed(struct imap *);

/* OK with what stands in imap.out, however long, which is emptied. */
const struct reply *imap_long(struct imap *);

/* Write imap.out as a response line of its own, and empty it. */
void imap_line(struct imap *);
/* Write what there is of a long line, and empty it, when that is much. */
void imap_part(struct imap *);

static inline bool
imap_enabled(const struct imap *im, enum enabled e)
{
	return (im->enabled & (unsigned)e) != 0;
}

#endif
