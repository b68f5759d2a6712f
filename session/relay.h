/* The parts of tls-relay. */
#ifndef SESSION_RELAY_H
#define SESSION_RELAY_H

#include <openssl/ssl.h>

#include "session/relay-ask.h"
#include "session/tls.h"

/* ---- relay-context.c: certificates and policies; -1 with fail_text() */

struct contexts {
	unsigned n; /* the first is for all names */
	SSL_CTX *ctx[RELAY_PAIRS];
};

int contexts_cert(struct contexts *, int fd);
int contexts_key(struct contexts *, int fd);
/* What they are like, and whether each is for "name". */
void contexts_look(const struct contexts *, const char *name,
    struct tls_certs *);
SSL *contexts_server(struct contexts *);
SSL *contexts_client(struct tls_policy *);

/* What OpenSSL has to say about its last error, as fail_text().  -1. */
int relay_fail(const char *what);

/* ---- relay-pump.c */

/* Both are non-blocking.  0; -1: fail_text(). */
int relay_handshake(SSL *, int net);

void relay_info(SSL *, struct tls_info *);

/* Until both sides are done. */
void relay_pump(SSL *, int net, int session);

#endif
