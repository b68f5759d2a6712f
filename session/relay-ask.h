/* Between tls.c and tls-relay; not for others. */
#ifndef SESSION_RELAY_ASK_H
#define SESSION_RELAY_ASK_H

/* tls-relay ROLE EMPTY, with this descriptor connected to who started it;
 * everything else comes as records. */
enum { RELAY_FD = 4, RELAY_PAIRS = 16 };

enum relay_ask {
	RELAY_CERT, /* descriptor: PEM, with its chain */
	RELAY_KEY, /* descriptor: PEM, of the certificate before */
	RELAY_LOOK, /* data: a name; answer with struct tls_certs, and end */
	RELAY_CLIENT, /* data: struct tls_policy */
	RELAY_MASTER, /* from now on: each record brings another such socket */
	RELAY_NET, /* descriptor: the socket to the peer */
	RELAY_SESSION, /* descriptor: the session's; now begin */
};

enum relay_answer {
	RELAY_UP, /* data: struct tls_info */
	RELAY_FAILED, /* data: why */
};

#endif
