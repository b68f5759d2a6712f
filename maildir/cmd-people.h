/* Who is meant: addresses of fields, and those of the user. */
#ifndef MAILDIR_CMD_PEOPLE_H
#define MAILDIR_CMD_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/buf.h"
#include "message/span.h"

struct cmd;
struct letter;

/* { NULL, 0 } is nobody. */
struct people {
	char **address; /* n, and NULL; "" is not among them */
	size_t n;
};

/* Add the addresses of a field's value.  0; -1: there are more than it may
 * have. */
int people_add(struct people *, struct span value);
/* In any case of letters. */
bool people_have(const struct people *, struct span address);
void people_free(struct people *);

/* Append the addresses of a field's value, with their names decoded, in the
 * form in which they are typed: what a name says is never an address.  Those
 * in "known" are left out, and who was put is known then; NULL: all. */
void people_put(struct buf *, struct span value, struct people *known);

/* Add the user's own addresses: of -F, EMAIL, this host, and that to which the
 * message was delivered. */
void people_self(struct cmd *, const struct letter *, struct people *);
/* Append the user as the one whom the message is from: -F, the one of EMAIL
 * that it was for, where it was delivered to, EMAIL, or the user at this host.
 * letter: NULL, there is none. */
void people_from(struct cmd *, const struct letter *, struct buf *);

#endif
