/* LOGIN and AUTHENTICATE: what a stranger may do (RFC 9051 s. 6.2). */
#ifndef IMAP_SESSION_LOGIN_H
#define IMAP_SESSION_LOGIN_H

#include "session/conn.h"

struct imap;

/* Serve the not authenticated state over "c" (front.serve); greets nobody.
 * "offered": SASL mechanisms, 0 when no password may cross this connection.
 * Returns when the client left or was sent away. */
void login_serve(struct conn *c, int monitor, unsigned offered);

/* The same.  In S_START only. */
unsigned login_offered(const struct imap *);

#endif
