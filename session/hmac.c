#include "session/hmac.h"

enum { BLOCK = 64 };

void
hmac_begin(struct hmac *h, struct span key)
{
	uint8_t k[BLOCK] = { 0 }, pad[BLOCK];
	int i;

	if (key.len > BLOCK) {
		SHA256Init(&h->inner);
		SHA256Update(&h->inner, (const uint8_t *)key.p, key.len);
		SHA256Final(k, &h->inner);
	} else if (key.len > 0) {
		memcpy(k, key.p, key.len);
	}
	for (i = 0; i < BLOCK; i++)
		pad[i] = k[i] ^ 0x36;
	SHA256Init(&h->inner);
	SHA256Update(&h->inner, pad, BLOCK);
	for (i = 0; i < BLOCK; i++)
		pad[i] = k[i] ^ 0x5c;
	SHA256Init(&h->outer);
	SHA256Update(&h->outer, pad, BLOCK);
	explicit_bzero(k, sizeof(k));
	explicit_bzero(pad, sizeof(pad));
}

void
hmac_add(struct hmac *h, struct span s)
{
	SHA256Update(&h->inner, (const uint8_t *)s.p, s.len);
}

void
hmac_end(struct hmac *h, uint8_t out[HMAC_SIZE])
{
	SHA256Final(out, &h->inner);
	SHA256Update(&h->outer, out, HMAC_SIZE);
	SHA256Final(out, &h->outer);
	explicit_bzero(h, sizeof(*h));
}

void
hmac_once(uint8_t out[HMAC_SIZE], struct span key, struct span data)
{
	struct hmac h;

	hmac_begin(&h, key);
	hmac_add(&h, data);
	hmac_end(&h, out);
}

/* One block is all that this hash is asked for. */
void
hmac_pbkdf2(uint8_t out[HMAC_SIZE], struct span password, struct span salt,
    unsigned iterations)
{
	uint8_t u[HMAC_SIZE];
	struct hmac keyed, h;
	unsigned i, k;

	hmac_begin(&keyed, password); /* the key is worked in once */
	h = keyed;
	hmac_add(&h, salt);
	hmac_add(&h, span_n("\0\0\0\1", 4));
	hmac_end(&h, u);
	memcpy(out, u, HMAC_SIZE);
	for (i = 1; i < iterations; i++) {
		h = keyed;
		hmac_add(&h, span_n(u, HMAC_SIZE));
		SHA256Final(u, &h.inner);
		SHA256Update(&h.outer, u, HMAC_SIZE);
		SHA256Final(u, &h.outer);
		for (k = 0; k < HMAC_SIZE; k++)
			out[k] ^= u[k];
	}
	explicit_bzero(&keyed, sizeof(keyed));
	explicit_bzero(&h, sizeof(h));
	explicit_bzero(u, sizeof(u));
}

int
hmac_same(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;
	uint8_t differ = 0;

	while (n-- > 0)
		differ |= *p++ ^ *q++;
	return differ == 0;
}
