/* USER and PASS: what a stranger may do (RFC 1939 s. 4 and 7). */
#ifndef POP3_SESSION_LOGIN_H
#define POP3_SESSION_LOGIN_H

#include <stdbool.h>

#include "session/conn.h"

enum { /* requests of the parser to its monitor; 0 is ASK_LOG */
	ASK_LOGIN = 1, /* data: name, NUL, password */
};

enum { /* the monitor's answers; a good password gets none: see login_serve */
	LOGIN_BAD = 1, /* after its pause */
	LOGIN_TEMP,
};

enum {
	LOGIN_TRIES = 3,
	LOGIN_LONGEST = 768, /* octets of ASK_LOGIN's data */
};

/* Serve the AUTHORIZATION state over "c", which must not read ahead; greets
 * nobody.  "plain": passwords may cross this connection.  Returns when the
 * client left or was sent away: 0 after a QUIT, else 1.  After the right
 * password it does not return, because the monitor kills this process and
 * becomes the user's session, which answers the PASS and finds every later
 * octet still unread. */
int login_serve(struct conn *c, int monitor, bool plain);

#endif
