/* When two messages are the same one: Message-ID and body are alike, whatever
 * was added to the header on the way. */
#ifndef MAILDIR_CMD_DIGEST_H
#define MAILDIR_CMD_DIGEST_H

#include <stdbool.h>

#include "message/span.h"

enum { DIGEST_SIZE = 65 };

/* Hexadecimal, with a NUL.  Line ends and the empty lines at the end of the
 * body do not matter.  false: it has no Message-ID, so nobody can say. */
bool digest_message(char out[DIGEST_SIZE], struct span message);

#endif
