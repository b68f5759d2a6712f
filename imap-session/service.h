/* A user's mailboxes served to him. */
#ifndef IMAP_SESSION_SERVICE_H
#define IMAP_SESSION_SERVICE_H

#include <stdint.h>

#include "session/conn.h"
#include "session/front.h"

/* From now on mail stays in new/ until it is seen. */
void service_keep_new(void);

/* Open the Maildir (made when only it is missing), give up every other file
 * and most system calls, answer the LOGIN whose tag is user->word (greet with
 * PREAUTH when that is ""), and serve until the client is done.  "largest":
 * octets of a message that APPEND takes.  An exit status for main. */
int service_run(struct conn *, const struct front_user *, uint64_t largest);

#endif
