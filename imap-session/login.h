/* LOGIN and AUTHENTICATE: what a stranger may do (RFC 9051 s. 6.2). */
#ifndef IMAP_SESSION_LOGIN_H
#define IMAP_SESSION_LOGIN_H

#include "session/front.h"

struct imap;

/* Serve the not authenticated state (front.serve); greets nobody.  Returns
 * when the client left or was sent away. */
void login_serve(struct front_stranger *);

/* SASL mechanisms, 0 when no password may cross this connection; and is there
 * STARTTLS?  In S_START only. */
unsigned login_offered(const struct imap *);
bool login_can_tls(const struct imap *);

#endif
