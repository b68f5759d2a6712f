/* HMAC-SHA-256 (RFC 2104) and PBKDF2 with it (RFC 8018 s. 5.2). */
#ifndef SESSION_HMAC_H
#define SESSION_HMAC_H

#include <sha2.h>
#include <stdint.h>

#include "message/span.h"

enum { HMAC_SIZE = 32 };

struct hmac {
	SHA2_CTX inner, outer;
};

void hmac_begin(struct hmac *, struct span key);
void hmac_add(struct hmac *, struct span);
void hmac_end(struct hmac *, uint8_t out[HMAC_SIZE]); /* and clear it */

void hmac_once(uint8_t out[HMAC_SIZE], struct span key, struct span data);
void hmac_pbkdf2(uint8_t out[HMAC_SIZE], struct span password, struct span salt,
    unsigned iterations);

/* Equal octets, in a time that does not depend on where they differ. */
int hmac_same(const void *a, const void *b, size_t n);

#endif
