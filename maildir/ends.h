/* Does the last line of a message have its end?  POP3 adds one that lacks, and
 * counts it (RFC 1939 s. 3 and 11); internal to the store. */
#ifndef MAILDIR_ENDS_H
#define MAILDIR_ENDS_H

#include <stdbool.h>
#include <stdint.h>

struct folder;

/* Look at the last octet of every message of the view of which that is not
 * known, and keep it in the index.  0; -1: errno, fail_text(). */
int ends_learn(struct folder *);
/* Of one message: true when it lacks the end, as far as can be found out. */
bool ends_open(struct folder *, uint32_t number);

#endif
