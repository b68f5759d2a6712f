/* An SMTP client on one connection (RFC 5321, 2920, 1870, 6152, 6531, 3461).
 *
 * Straight-line and blocking, with a time limit on everything.  What the
 * server says is judged per recipient; what is no reply closes the connection
 * and keeps the mail. */
#ifndef MAILQ_RUN_CLIENT_H
#define MAILQ_RUN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailq-run/judge.h"
#include "mailq-run/letter.h"
#include "mailq-run/talk.h"
#include "session/scram.h"

struct client {
	struct talk talk;
	const char *hello;
	/* what the server can do */
	bool pipelining, body8, utf8, dsn, starttls, requiretls;
	unsigned auth; /* LOGIN_* of login.h */
	uint64_t size; /* longest message; 0: no limit known */
	/* RFC 9422: transactions here, recipients of each; 0: no limit known */
	uint64_t mails, rcpts;
	/* what the connection is */
	bool inside; /* it does not leave this host */
	bool sure; /* encrypted, and we know with whom */
	struct scram_binding binding; /* of TLS; lengths 0: none */
	/* state of the dialogue */
	bool reset; /* a transaction is open that must be given up */
	bool took; /* a letter */
	bool over; /* no further letter: it said 421, or is lost */
	struct result trouble; /* why, when it is over */
	struct dialogue dialogue; /* of the letter in work */
};

/* A letter in work. */
struct client_work {
	struct letter letter;
	int fd; /* of the message; not closed here */
	bool sent; /* MAIL, RCPT and DATA are on their way already */
	size_t accepted; /* recipients */
	bool judged[LETTER_RCPTS];
	struct result result[LETTER_RCPTS];
};

/* Take over the connected, non-blocking socket; "leash" as in talk.h. */
void client_init(struct client *, int fd, int leash, const char *hello,
    unsigned hurry);

/* Read one reply.  0; -1: the session is over, c->trouble says what happened
 * while "doing" this.  421 is both. */
int client_hear(struct client *, int seconds, const char *doing);
/* The first digit of the last one. */
int client_class(const struct client *);
/* The session is over: by what happened to it, by our own decision (-1). */
void client_lose(struct client *, enum talk_got, const char *doing);
int client_refuse(struct client *, const char *status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Deliver one letter: every recipient is judged afterwards.  "next" is asked,
 * when the server does pipelining and before the end of the content is sent,
 * for the letter to go out in the same group (NULL: none); it comes back with
 * "sent" set and is to be given to the next call.  After c->over no letter
 * may follow. */
void client_letter(struct client *, struct client_work *,
    struct client_work *(*next)(void *ctx), void *ctx);

/* Judge all recipients of a letter that was never worked on. */
void client_untried(struct client_work *);

void client_quit(struct client *);

#endif
