/* DEFLATE on a connection (RFC 4978, RFC 1951): from the next octet on, both
 * ways.
 *
 * It stands in the process of the session, not in tls-relay, so that it works
 * alike with TLS, without, and on a pipe, and nobody has to be told at which
 * octet to begin. */
#ifndef SESSION_DEFLATE_H
#define SESSION_DEFLATE_H

#include "session/conn.h"

/* Nothing collected or unread is in the connection.  Each conn_flush ends what
 * the peer can read so far.  0; -1: fail_text(), everything is as before. */
int deflate_start(struct conn *);

#endif
