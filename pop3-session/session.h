/* A mailbox served to its owner (RFC 1939 s. 5 and 6). */
#ifndef POP3_SESSION_SESSION_H
#define POP3_SESSION_SESSION_H

#include <stdbool.h>

#include "session/conn.h"

struct service {
	struct conn *conn; /* may read ahead */
	const char *maildir; /* path */
	const char *user; /* for the log */
	const char *ip; /* the same; "" on a pipe */
	const char *welcome; /* text of the first +OK */
	bool trash; /* DELE moves to the folder .Trash */
};

/* Open the Maildir (made when only it is missing), give up every other file
 * and most system calls, answer +OK or -ERR [SYS/TEMP], and serve until the
 * client is done.  An exit status for main. */
int session_serve(const struct service *);

#endif
