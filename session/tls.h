/* TLS for a session, by a process of its own (tls-relay), which alone links
 * a TLS library and sees keys.
 *
 * The relay gets the client's socket and one end of a socketpair and moves
 * octets between them; the session goes on with the other end as if nothing
 * had happened.  What it has to know about the connection comes once, as one
 * fixed record beside the stream.  An end of the stream is EOF whether the
 * peer closed it in form or somebody cut it: neither ends a message. */
#ifndef SESSION_TLS_H
#define SESSION_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/config.h"
#include "session/scram.h"

enum {
	TLS_SECONDS = 30, /* for a handshake */
	TLS_NAME_MAX = 255,
	TLS_ALSO_MAX = 2,
	TLS_PEER_MAX = 4096,
	TLS_RECORDS_MAX = 16, /* TLSA */
	TLS_RECORD_MAX = 160,
	TLS_TEXT = 96,
};

struct tls_info {
	char version[16]; /* "TLSv1.3" */
	char cipher[64];
	uint32_t bits;
	char sni[TLS_NAME_MAX + 1]; /* what the client asked for, "" nothing */
	struct scram_binding binding;
	uint32_t verified; /* 1: the peer is who the policy wants */
	char trouble[128]; /* why not; "" */
	uint8_t peer_sha256[32]; /* of its certificate */
	uint32_t peer_len; /* 0: it showed none, or a larger one */
	uint8_t peer[TLS_PEER_MAX]; /* DER */
};

/* ---- the server's side; MAY HOLD ROOT: certificates are read by who calls,
 * at every connection, so a renewed one needs no reload.
 *
 * DIR/tls/cert.pem (with its chain) and key.pem are the pair for all; each
 * directory below DIR/tls with cert.pem and key.pem, or fullchain.pem and
 * privkey.pem, is a further one, for the names in it (SNI). */

/* Is there any?  One look, no reading. */
bool tls_configured(const struct config *);

/* Can they all be read?  0; -1: fail_text() names the file. */
int tls_ready(const struct config *);

/* Do the handshake on "sock", wait for its end, and return the descriptor
 * from which the session reads and writes from now on (close-on-exec).  The
 * caller puts it in the place of "sock", which it must not use any more.
 * -1: fail_text(); nothing in clear may follow on "sock". */
int tls_server(const struct config *, int sock, struct tls_info *);

/* The same for a session: a failure is logged with the address "ip", else
 * *b is what logins can be bound to, and text[TLS_TEXT] version and cipher. */
int tls_session(const struct config *, int sock, const char *ip,
    struct scram_binding *b, char *text);

/* For programs that accept connections: start a relay that has read the
 * certificates, from which tls_server then has a copy made; without it, or
 * when a certificate has changed since, each connection has its own start.
 * 0 / -1 with fail_text(), which is no reason to stop. */
int tls_preload(const struct config *);

/* That, where there are certificates; what goes wrong is logged. */
void tls_ahead(const struct config *);

/* Give up what tls_preload left open; for processes that never call
 * tls_server (parsers). */
void tls_forget(void);

/* What can be told of the certificates without a connection. */
struct tls_cert {
	int64_t begins, ends; /* seconds since 1970 */
	uint32_t named; /* it is for that name */
	char subject[128]; /* of people: its first name */
	uint8_t key_sha256[32]; /* of SubjectPublicKeyInfo: TLSA 3 1 1 */
	uint8_t sha256[32]; /* of all of it: TLSA 3 0 1 */
};

struct tls_certs {
	uint32_t count;
	struct tls_cert cert[16];
};
/* Read all pairs in their order, as for a connection, by a relay.  0; -1. */
int tls_look(const struct config *, const char *name, struct tls_certs *);

/* ---- the client's side */

enum tls_mode {
	TLS_MAY, /* encrypt, whoever it is */
	TLS_VERIFY, /* a certificate of "name" by a known authority */
	TLS_DANE, /* one that the records below name (RFC 7672) */
};

struct tls_policy {
	uint32_t mode;
	char name[TLS_NAME_MAX + 1]; /* SNI too; "" none */
	/* further good names, "" none (RFC 7672 s. 3.2.2) */
	char also[TLS_ALSO_MAX][TLS_NAME_MAX + 1];
	uint32_t records;
	struct tlsa {
		uint8_t usage, selector, matching;
		uint8_t len;
		uint8_t data[TLS_RECORD_MAX];
	} record[TLS_RECORDS_MAX];
};

/* As tls_server; a peer that is not who the policy wants is -1 too. */
int tls_client(const struct config *, int sock, const struct tls_policy *,
    struct tls_info *);

#endif
