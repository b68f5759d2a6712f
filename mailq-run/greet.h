/* The beginning of a connection: greeting, EHLO, STARTTLS (RFC 3207). */
#ifndef MAILQ_RUN_GREET_H
#define MAILQ_RUN_GREET_H

#include "mailq-run/client.h"

/* Greeting, EHLO or HELO.  0; -1: c->trouble says why. */
int greet_server(struct client *);

/* Ask for TLS.  1: the server waits for the handshake; 0: it does not want
 * after all; -1: c->trouble. */
int greet_starttls(struct client *);

/* TLS stands: EHLO again.  0; -1: c->trouble. */
int greet_again(struct client *);

#endif
