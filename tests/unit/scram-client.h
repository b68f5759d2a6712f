/* The client's side of SCRAM-SHA-256, for tests. */
#ifndef TESTS_UNIT_SCRAM_CLIENT_H
#define TESTS_UNIT_SCRAM_CLIENT_H

#include "session/base64.h"
#include "session/scram.h"

/* The second message, into *out.  "header" is what stood before "bare" in the
 * first, "data" the binding, "challenge" what the server said. */
static inline void
client_final(struct buf *out, const char *header, struct span data,
    const char *bare, struct span challenge, const char *password)
{
	uint8_t salted[HMAC_SIZE], key[HMAC_SIZE], signature[HMAC_SIZE];
	struct span rest = challenge, nonce, salt;
	struct scram_key k = { .iterations = 0 };
	uint64_t iterations = 0;
	struct buf cb;
	struct hmac h;
	int i;

	nonce = span_from(span_cut(&rest, ','), 2);
	salt = span_from(span_cut(&rest, ','), 2);
	(void)span_number(span_from(rest, 2), 1000000, &iterations);
	k.iterations = (unsigned)iterations;
	k.salt_len = (size_t)base64_get(k.salt, sizeof(k.salt), salt);
	buf_init(&cb, 500);
	buf_str(&cb, header);
	buf_span(&cb, data);
	buf_str(out, "c=");
	base64_put(out, buf_all(&cb));
	buf_free(&cb);
	buf_str(out, ",r=");
	buf_span(out, nonce);
	hmac_pbkdf2(salted, span(password), span_n(k.salt, k.salt_len),
	    k.iterations);
	hmac_once(key, span_n(salted, HMAC_SIZE), span("Client Key"));
	scram_key_make(&k, span(password));
	hmac_begin(&h, span_n(k.stored, HMAC_SIZE));
	hmac_add(&h, span(bare));
	hmac_add(&h, span(","));
	hmac_add(&h, challenge);
	hmac_add(&h, span(","));
	hmac_add(&h, buf_all(out));
	hmac_end(&h, signature);
	for (i = 0; i < HMAC_SIZE; i++)
		key[i] ^= signature[i];
	buf_str(out, ",p=");
	base64_put(out, span_n(key, HMAC_SIZE));
}

#endif
