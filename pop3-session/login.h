/* USER and PASS: what a stranger may do (RFC 1939 s. 4 and 7). */
#ifndef POP3_SESSION_LOGIN_H
#define POP3_SESSION_LOGIN_H

#include "session/conn.h"

/* Serve the AUTHORIZATION state over "c" (front.serve); greets nobody.
 * "offered": SASL mechanisms, 0 when no password may cross this connection.
 * Returns when the client left or was sent away. */
void login_serve(struct conn *c, int monitor, unsigned offered);

#endif
