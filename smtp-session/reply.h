/* What a command is answered. */
#ifndef SMTP_SESSION_REPLY_H
#define SMTP_SESSION_REPLY_H

#include <stdbool.h>

#include "message/span.h"

struct smtp;

/* One reply.  Lines of "text" are divided by LF. */
struct reply {
	unsigned code;
	const char *status; /* RFC 3463; NULL for replies that have none */
	const char *text;
	bool close; /* the last one of this session */
};

/* Make up a reply. */
const struct reply *smtp_say(struct smtp *, unsigned code, const char *status,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same constant reply with a reason for the log. */
const struct reply *smtp_because(struct smtp *, const struct reply *,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Onto the wire, with all its lines; into the log, as a refusal. */
void reply_write(struct smtp *, const struct reply *);
void reply_log(struct smtp *, const struct reply *);

/* The name a client gave itself, as far as it is one word of a log line. */
struct span reply_helo(const struct smtp *);

#endif
