/* Replies of an SMTP server, read strictly (RFC 5321 s. 4.2): what is no reply
 * is never guessed at, because a wrong guess loses mail. */
#ifndef MAILQ_RUN_REPLY_H
#define MAILQ_RUN_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "message/span.h"

enum {
	REPLY_LINE = 2048, /* octets of a line */
	REPLY_LINES = 100, /* of a reply */
	REPLY_OCTETS = 65536, /* of a reply */
	REPLY_TEXT = 4096, /* of these so many are kept */
};

struct reply {
	int code; /* 200 to 599 */
	char text[REPLY_TEXT]; /* lines without line ends, LF between */
	size_t len; /* of text, which is also NUL-terminated */
	/* progress */
	char line[REPLY_LINE + 1];
	size_t fill;
	size_t lines, octets;
	bool whole;
};

enum reply_got {
	REPLY_MORE, /* all input is eaten, the reply goes on */
	REPLY_WHOLE,
	REPLY_BAD, /* no reply, or beyond a limit: close, keep the mail */
};

/* Ready for the next reply. */
void reply_reset(struct reply *);

/* Take octets off the front of *in up to the end of the reply.  Lines end
 * in CRLF or LF; each has three digits (200 to 599, the same in all lines)
 * and a blank, "-" or nothing behind them. */
enum reply_got reply_feed(struct reply *, struct span *in);

/* The enhanced status code (RFC 2034) the text begins with, if it is one of
 * the reply's class, into status[12]; else "C.0.0" for code Cxx. */
void reply_status(const struct reply *, char *status);

/* "word" is one of the keywords of an EHLO reply; *args is what follows. */
bool reply_keyword(const struct reply *, const char *word, struct span *args);

#endif
