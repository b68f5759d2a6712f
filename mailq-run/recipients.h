/* Addresses for sendmail: from its arguments and from header fields. */
#ifndef MAILQ_RUN_RECIPIENTS_H
#define MAILQ_RUN_RECIPIENTS_H

#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

enum { RECIPIENTS_MAX = 20000 };

enum recipient_fate {
	RECIPIENT_OPEN, /* not offered yet, or put off to the next round */
	RECIPIENT_TAKEN, /* 250, but the message is not accepted yet */
	RECIPIENT_SENT,
	RECIPIENT_REFUSED, /* 5xx */
	RECIPIENT_LATER, /* 4xx */
};

struct recipient_line {
	size_t at; /* of the address in text, NUL-terminated */
	enum recipient_fate fate;
};

struct recipients {
	struct buf text;
	struct recipient_line *line;
	size_t n, room;
};

void recipients_init(struct recipients *);
void recipients_free(struct recipients *);

/* Add all addresses of an RFC 5322 address list, without names, comments and
 * groups; blanks between words without brackets part addresses as commas do
 * (as "-t" has always read old headers).  An address that is there already is
 * not added again.  Whether an address is one is for the server to say; only
 * control octets and brackets inside are refused here.
 * 0; -1: fail_text() (EINVAL, ENOMEM, E2BIG). */
int recipients_add(struct recipients *, struct span list);

const char *recipients_get(const struct recipients *, size_t i);

#endif
