/* One POP3 connection: its states, its commands and how they are answered.
 *
 * The connection lives in two processes.  Before the login a sandboxed one
 * knows the states of login.c; after it a new one, which runs as the user,
 * knows the state of session.c.  Both run the same loop over one table. */
#ifndef POP3_SESSION_POP3_H
#define POP3_SESSION_POP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"
#include "session/conn.h"

enum state { /* RFC 1939 s. 3, as bits for the table */
	S_START = 1 << 0, /* AUTHORIZATION */
	S_NAME = 1 << 1, /* AUTHORIZATION, USER was given */
	S_MAIL = 1 << 2, /* TRANSACTION */
};

struct login; /* login.c */
struct mailbox; /* session.c */

struct pop3 {
	struct conn *conn;
	enum state state;
	int patience; /* seconds to wait for a command */
	unsigned errors; /* lines that were no proper command */
	struct login *login; /* in S_START and S_NAME */
	struct mailbox *box; /* in S_MAIL */
	struct buf text; /* what a handler makes of its reply */
};

/* What a handler says; the loop writes it.  STLS says NULL: it has spoken. */
struct reply {
	bool ok;
	bool last; /* the connection ends behind it */
	const char *text; /* NULL: it is in pop3.text */
	/* Writes the lines of a multi-line reply, the final "." too.
	 * -1: it broke off, and only the end of the connection can tell. */
	int (*lines)(struct pop3 *);
};

/* Arguments, checked as the table's arity demands. */
struct args {
	struct span text; /* ARG_TEXT */
	bool given; /* ARG_MAYBE: there was a message number */
	size_t msg; /* its index in the mailbox */
	uint64_t lines; /* ARG_TOP */
};

/* Answer commands until the connection is to end.
 * 0: it ended with QUIT; 1: the client left or was sent away. */
int pop3_serve(struct pop3 *);

/* A number in decimal, and in 8 hexadecimal digits; returns the octets
 * written.  For listings of many lines, where printf shows. */
size_t pop3_number(char *out, uint64_t);
size_t pop3_hex(char *out, uint32_t);

/* The handlers.  login.c: */
const struct reply *login_user(struct pop3 *, const struct args *);
const struct reply *login_pass(struct pop3 *, const struct args *);
const struct reply *login_auth(struct pop3 *, const struct args *);
const struct reply *login_stls(struct pop3 *, const struct args *);
const struct reply *login_utf8(struct pop3 *, const struct args *);
unsigned login_offered(const struct pop3 *); /* SASL mechanisms */
bool login_can_tls(const struct pop3 *);

/* session.c: */
const struct reply *session_stat(struct pop3 *, const struct args *);
const struct reply *session_list(struct pop3 *, const struct args *);
const struct reply *session_uidl(struct pop3 *, const struct args *);
const struct reply *session_retr(struct pop3 *, const struct args *);
const struct reply *session_top(struct pop3 *, const struct args *);
const struct reply *session_dele(struct pop3 *, const struct args *);
const struct reply *session_rset(struct pop3 *, const struct args *);
const struct reply *session_last(struct pop3 *, const struct args *);
const struct reply *session_quit(struct pop3 *, const struct args *);

/* Is "number" (from 1) a message that is not marked as deleted?
 * NULL: yes, *index is set; else the reply that says why not. */
const struct reply *session_find(const struct pop3 *, uint64_t number,
    size_t *index);

#endif
