/* One command off the connection: its lines, with the literals between.
 *
 * The whole of it lies in memory before it is looked at, each literal behind
 * its "{n}" CRLF, and is bounded; only the messages of APPEND stay in the
 * connection, and the command stops at their "{n}" (see "message"). */
#ifndef IMAP_SESSION_COMMAND_H
#define IMAP_SESSION_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "message/span.h"
#include "session/conn.h"

struct limit {
	size_t line; /* octets of a line */
	size_t literal; /* of one literal */
	size_t total; /* of the command; at most COMMAND_MAX */
	int seconds; /* for each line or literal */
};

enum { COMMAND_MAX = 256 * 1024 };

struct literal {
	uint64_t octets;
	bool now; /* "+": the client does not wait for our leave */
	bool binary; /* "~" */
};

struct command {
	char *text; /* COMMAND_MAX octets */
	size_t len;
	bool message; /* ends with the literal of a message */
	struct literal literal; /* that one */
	const char *why; /* COMMAND_BAD, COMMAND_NO: what to say */
};

enum command_got {
	COMMAND_OK,
	COMMAND_BAD, /* it was skipped */
	COMMAND_NO, /* the same, too big */
	COMMAND_BYE, /* too much to skip: say "why" and close */
	COMMAND_IDLE, /* nothing came in time */
	COMMAND_GONE, /* the client left */
};

/* 0; -1: no memory. */
int command_init(struct command *);
void command_free(struct command *);

/* Read the next one; after a message, what follows it (from behind the
 * message to the line end or to the next message). */
enum command_got command_read(struct command *, struct conn *,
    const struct limit *);
enum command_got command_more(struct command *, struct conn *,
    const struct limit *);

/* The command is over: skip the message that nobody has read, if it comes
 * without our leave.  COMMAND_OK, BYE, IDLE, GONE. */
enum command_got command_end(struct command *, struct conn *,
    const struct limit *);

/* Tell the client to send a literal, if it waits for that. */
void command_go_on(struct conn *, const struct literal *);

static inline struct span
command_span(const struct command *c)
{
	return (struct span){ c->text, c->len };
}

/* The literal that a line ends with.  1: *l is set; 0: none; -1: one that is
 * no number or too large for 32 bits. */
int command_literal(struct span line, struct literal *l);

#endif
