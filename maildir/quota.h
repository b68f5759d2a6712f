/* Maildir++ quota: the file maildirsize; internal to the store.
 *
 *	1000000S,1000C
 *	    123456       12
 *	      -100       -1
 *
 * The first line is the limit, each other one a change of octets and messages,
 * and their sum is the use.  Deliveries and removals append; when the file has
 * grown past 5120 octets its sum is counted anew from the folders. */
#ifndef MAILDIR_QUOTA_H
#define MAILDIR_QUOTA_H

#include <stdint.h>

struct store;

/* Note a change; nothing without the file. */
void quota_add(const struct store *, int64_t octets, int64_t messages);
/* Is there room?  0; -1 EDQUOT. */
int quota_room(struct store *, uint64_t octets, uint64_t messages);

#endif
