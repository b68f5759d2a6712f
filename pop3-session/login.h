/* USER and PASS: what a stranger may do (RFC 1939 s. 4 and 7). */
#ifndef POP3_SESSION_LOGIN_H
#define POP3_SESSION_LOGIN_H

#include "session/front.h"

/* Serve the AUTHORIZATION state (front.serve); greets nobody.  Returns when
 * the client left or was sent away. */
void login_serve(struct front_stranger *);

#endif
