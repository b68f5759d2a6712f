/* Answers while one is away (RFC 3834): the file mailroom-vacation of the
 * Maildir, which has fields for us, an empty line, and the text.
 *
 *	From: Alice <alice@here.test>	whom the answer is from
 *	Subject: away			instead of "Auto: " and theirs
 *	Address: sales@here.test	one more address of the user
 *	Days: 7				until the same sender is told again
 *	Since: 2026-12-21		from that day on
 *	Until: 2027-01-03		and to the end of this one */
#ifndef MAILDIR_CMD_VACATION_H
#define MAILDIR_CMD_VACATION_H

#include <stdbool.h>

#include "message/span.h"

struct cmd;

/* Answer the message, which was delivered, when the file is there and no rule
 * is against it.  "sender": of the envelope; "" for the null path, NULL when
 * nobody knows.  true: an answer was sent.  What goes wrong is said, and no
 * fault of the delivery. */
bool vacation_answer(struct cmd *, struct span message, const char *sender);

#endif
