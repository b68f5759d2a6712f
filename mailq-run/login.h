/* AUTH at a smart host (RFC 4954): SCRAM-SHA-256 (RFC 5802, 7677) where it is
 * offered, bound to the TLS connection where that is too, else PLAIN, else
 * LOGIN.  Only to be used over TLS. */
#ifndef MAILQ_RUN_LOGIN_H
#define MAILQ_RUN_LOGIN_H

#include "mailq-run/client.h"

enum { LOGIN_PLAIN = 1, LOGIN_LOGIN = 2, LOGIN_SCRAM = 4, LOGIN_PLUS = 8 };

/* The mechanisms we know of a list, as bits. */
unsigned login_offered(struct span words);

/* Log in.  0; -1: c->trouble says why; the mail waits, whatever the answer
 * was: it judges us, not the mail. */
int login_server(struct client *, const char *user, const char *password);

#endif
