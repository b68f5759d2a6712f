/* The server's side of SCRAM-SHA-256 and its -PLUS form (RFC 5802, 7677):
 * text in, text out, no descriptor and nothing remembered elsewhere.
 *
 * It runs in the checker, which alone sees the keys of a user. */
#ifndef SESSION_SCRAM_H
#define SESSION_SCRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"
#include "session/hmac.h"
#include "session/users.h"

enum {
	SCRAM_SALT_MAX = 64,
	SCRAM_TEXT_MAX = 1024, /* of any message of the client */
	SCRAM_ITERATIONS = 4096, /* of keys that we make (RFC 7677 s. 4) */
	SCRAM_ITERATIONS_MAX = 1000000,
	SCRAM_BINDING_MAX = 64,
};

/* What stands for a password: nobody can log in elsewhere with it. */
struct scram_key {
	unsigned iterations;
	size_t salt_len;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored[HMAC_SIZE], server[HMAC_SIZE];
};

/* Of a password entry "{SCRAM-SHA-256}ITERATIONS,SALT,STORED,SERVER" (three
 * times base64; as Dovecot has it).  1; 0: another scheme; -1: malformed. */
int scram_key_parse(struct scram_key *, const char *entry);
void scram_key_put(struct buf *, const struct scram_key *); /* the same */

/* Of a password, with the salt and iterations that *k has already. */
void scram_key_make(struct scram_key *k, struct span password);

/* Is this the password (for AUTH PLAIN)? */
bool scram_key_is(const struct scram_key *, struct span password);

/* For a name that is not here, like "other" in all that shows: the same
 * iterations, and for each name always the same salt. */
void scram_key_dummy(struct scram_key *, const struct scram_key *other,
    const char *name);

/* What ties a login to the TLS connection (RFC 5929, 9266); lengths 0: no
 * TLS. */
struct scram_binding {
	size_t exporter_len, end_point_len;
	uint8_t exporter[SCRAM_BINDING_MAX];
	uint8_t end_point[SCRAM_BINDING_MAX];
};

struct scram {
	char name[USER_NAME_MAX + 1]; /* who it claims to be; "" when no name
				       * of ours can be like that */
	struct scram_key
	    key; /* set by the caller between first and challenge */
	char nonce[SCRAM_TEXT_MAX];
	char bare[SCRAM_TEXT_MAX]; /* client-first-message-bare */
	char server_first[SCRAM_TEXT_MAX * 2];
	char header[SCRAM_TEXT_MAX]; /* gs2-header */
	struct span data; /* of the binding that the client chose, borrowed */
};

/* The first message.  "plus": the -PLUS mechanism; "binding" is borrowed until
 * the end; NULL when -PLUS was not offered.
 * 0: s->name is set.  -1: malformed, or another identity is wanted (a=), or
 * the client was told that we have no -PLUS (flag y). */
int scram_first(struct scram *s, struct span text, bool plus,
    const struct scram_binding *binding);

/* With s->key set: the challenge.  "nonce" is 18 random octets. */
void scram_challenge(struct scram *s, const uint8_t nonce[18], struct buf *out);

/* The second message.  1: right, *out is what proves us to the client.
 * 0: wrong password.  -1: malformed, or another connection's (binding). */
int scram_final(struct scram *s, struct span text, struct buf *out);

#endif
