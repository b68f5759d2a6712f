#include "session/scram.h"

#include <stdio.h>
#include <strings.h>

#include "session/base64.h"

static const char scheme[] = "{SCRAM-SHA-256}";

/* ---- keys */

int
scram_key_parse(struct scram_key *k, const char *entry)
{
	struct span rest, part;
	uint64_t n;
	int len;

	if (strncasecmp(entry, scheme, sizeof(scheme) - 1) != 0)
		return 0;
	rest = span(entry + sizeof(scheme) - 1);
	part = span_cut(&rest, ',');
	if (span_number(part, SCRAM_ITERATIONS_MAX, &n) == -1 || n == 0)
		return -1;
	k->iterations = (unsigned)n;
	len = base64_get(k->salt, sizeof(k->salt), span_cut(&rest, ','));
	if (len <= 0)
		return -1;
	k->salt_len = (size_t)len;
	if (base64_get(k->stored, HMAC_SIZE, span_cut(&rest, ',')) != HMAC_SIZE)
		return -1;
	return base64_get(k->server, HMAC_SIZE, rest) == HMAC_SIZE ? 1 : -1;
}

void
scram_key_put(struct buf *b, const struct scram_key *k)
{
	buf_printf(b, "%s%u,", scheme, k->iterations);
	base64_put(b, span_n(k->salt, k->salt_len));
	buf_char(b, ',');
	base64_put(b, span_n(k->stored, HMAC_SIZE));
	buf_char(b, ',');
	base64_put(b, span_n(k->server, HMAC_SIZE));
}

static void
sha256(uint8_t out[HMAC_SIZE], const uint8_t in[HMAC_SIZE])
{
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, in, HMAC_SIZE);
	SHA256Final(out, &ctx);
}

void
scram_key_make(struct scram_key *k, struct span password)
{
	uint8_t salted[HMAC_SIZE], client[HMAC_SIZE];
	struct span key = span_n(salted, HMAC_SIZE);

	hmac_pbkdf2(salted, password, span_n(k->salt, k->salt_len),
	    k->iterations);
	hmac_once(client, key, span("Client Key"));
	sha256(k->stored, client);
	hmac_once(k->server, key, span("Server Key"));
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
}

bool
scram_key_is(const struct scram_key *k, struct span password)
{
	struct scram_key made = *k;

	scram_key_make(&made, password);
	return hmac_same(made.stored, k->stored, HMAC_SIZE);
}

void
scram_key_dummy(struct scram_key *k, const struct scram_key *other,
    const char *name)
{
	uint8_t salt[HMAC_SIZE];
	size_t i;

	*k = *other;
	hmac_once(salt, span_n(other->server, HMAC_SIZE), span(name));
	for (i = 0; i < k->salt_len; i++)
		k->salt[i] = salt[i % HMAC_SIZE];
	/* Nobody knows a password of this one. */
	hmac_once(k->stored, span_n(other->stored, HMAC_SIZE), span(name));
	hmac_once(k->server, span_n(k->stored, HMAC_SIZE), span(name));
}

/* ---- the first message */

static bool
keep(char *to, size_t size, struct span s)
{
	if (s.len >= size || memchr(s.p, '\0', s.len) != NULL)
		return false;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return true;
}

/* "=2C" is a comma, "=3D" an equals sign, any other use of one is an error.
 * A name that is too long is nobody's. */
static int
take_name(struct scram *s, struct span in)
{
	size_t i, n = 0;
	bool fits = true;

	for (i = 0; i < in.len; i++) {
		char c = in.p[i];

		if (c == '=') {
			struct span code =
			    span_n(in.p + i, in.len - i < 3 ? in.len - i : 3);

			if (span_eq(code, span("=2C")))
				c = ',';
			else if (!span_eq(code, span("=3D")))
				return -1;
			i += 2;
		}
		if (c == '\0')
			return -1;
		if (n < USER_NAME_MAX)
			s->name[n++] = c;
		else
			fits = false;
	}
	s->name[fits ? n : 0] = '\0';
	return in.len > 0 ? 0 : -1;
}

/* "n", "y" or "p=NAME": does it suit the mechanism? */
static int
take_flag(struct scram *s, struct span flag, bool plus,
    const struct scram_binding *b)
{
	s->data = span_n("", 0);
	if (span_eq(flag, span("n")))
		return plus ? -1 : 0;
	/* "I could, but you cannot": somebody took our offer away. */
	if (span_eq(flag, span("y")))
		return plus || b != NULL ? -1 : 0;
	if (!plus || b == NULL)
		return -1;
	if (span_eq(flag, span("p=tls-exporter")))
		s->data = span_n(b->exporter, b->exporter_len);
	else if (span_eq(flag, span("p=tls-server-end-point")))
		s->data = span_n(b->end_point, b->end_point_len);
	return s->data.len > 0 ? 0 : -1;
}

static bool
printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e || s.p[i] == ',')
			return false;
	return s.len > 0;
}

int
scram_first(struct scram *s, struct span text, bool plus,
    const struct scram_binding *binding)
{
	struct span rest = text, flag, who, name, nonce;

	memset(s, 0, sizeof(*s));
	flag = span_cut(&rest, ',');
	if (rest.p == NULL || take_flag(s, flag, plus, binding) == -1)
		return -1;
	who = span_cut(&rest, ',');
	if (rest.p == NULL || !keep(s->bare, sizeof(s->bare), rest) ||
	    !keep(s->header, sizeof(s->header),
		span_n(text.p, text.len - rest.len)))
		return -1;
	/* "m=" would stand first, and nobody knows what it may mean. */
	name = span_cut(&rest, ',');
	if (rest.p == NULL || name.len < 2 || memcmp(name.p, "n=", 2) != 0 ||
	    take_name(s, span_from(name, 2)) == -1)
		return -1;
	/* To act for somebody else is not offered. */
	if (who.len > 0 &&
	    (who.len < 2 || memcmp(who.p, "a=", 2) != 0 ||
		!span_eq(span_from(who, 2), span_from(name, 2))))
		return -1;
	nonce = span_cut(&rest, ',');
	if (nonce.len < 3 || memcmp(nonce.p, "r=", 2) != 0 ||
	    !printable(span_from(nonce, 2)))
		return -1;
	return keep(s->nonce, sizeof(s->nonce) - 32, span_from(nonce, 2)) ? 0 :
									    -1;
}

void
scram_challenge(struct scram *s, const uint8_t nonce[18], struct buf *out)
{
	struct buf b;

	buf_init(&b, sizeof(s->server_first) - 1);
	base64_put(&b, span_n(nonce, 18));
	(void)strncat(s->nonce, b.p, sizeof(s->nonce) - strlen(s->nonce) - 1);
	buf_reset(&b);
	buf_printf(&b, "r=%s,s=", s->nonce);
	base64_put(&b, span_n(s->key.salt, s->key.salt_len));
	buf_printf(&b, ",i=%u", s->key.iterations);
	(void)keep(s->server_first, sizeof(s->server_first), buf_all(&b));
	buf_span(out, buf_all(&b));
	buf_free(&b);
}

/* ---- the second */

/* "c=" must be the header of the first message, and what this connection is
 * known by. */
static bool
binding_is(const struct scram *s, struct span c)
{
	char got[SCRAM_TEXT_MAX];
	size_t header = strlen(s->header);
	int n = base64_get(got, sizeof(got), c);

	return n >= 0 && (size_t)n == header + s->data.len &&
	    memcmp(got, s->header, header) == 0 &&
	    (s->data.len == 0 ||
		hmac_same(got + header, s->data.p, s->data.len));
}

static void
auth_message(struct hmac *h, const struct scram *s, struct span unproved)
{
	hmac_add(h, span(s->bare));
	hmac_add(h, span(","));
	hmac_add(h, span(s->server_first));
	hmac_add(h, span(","));
	hmac_add(h, unproved);
}

static bool
proof_is(const struct scram *s, struct span unproved,
    const uint8_t proof[HMAC_SIZE])
{
	uint8_t key[HMAC_SIZE], made[HMAC_SIZE];
	struct hmac h;
	int i;

	hmac_begin(&h, span_n(s->key.stored, HMAC_SIZE));
	auth_message(&h, s, unproved);
	hmac_end(&h, key); /* the client's signature */
	for (i = 0; i < HMAC_SIZE; i++)
		key[i] ^= proof[i];
	sha256(made, key);
	explicit_bzero(key, sizeof(key));
	return hmac_same(made, s->key.stored, HMAC_SIZE);
}

int
scram_final(struct scram *s, struct span text, struct buf *out)
{
	struct span rest = text, c, r, unproved;
	uint8_t proof[HMAC_SIZE], signature[HMAC_SIZE];
	struct hmac h;
	size_t p;

	if (text.len > SCRAM_TEXT_MAX)
		return -1;
	c = span_cut(&rest, ',');
	if (rest.p == NULL || c.len < 2 || memcmp(c.p, "c=", 2) != 0 ||
	    !binding_is(s, span_from(c, 2)))
		return -1;
	r = span_cut(&rest, ',');
	if (rest.p == NULL || r.len < 2 || memcmp(r.p, "r=", 2) != 0 ||
	    !span_eq(span_from(r, 2), span(s->nonce)))
		return -1;
	/* Extensions may stand here; the proof is last. */
	for (p = text.len; p > 0 && text.p[p - 1] != ','; p--)
		continue;
	unproved = span_n(text.p, p > 0 ? p - 1 : 0);
	rest = span_from(text, p);
	if (rest.len < 2 || memcmp(rest.p, "p=", 2) != 0 ||
	    base64_get(proof, sizeof(proof), span_from(rest, 2)) != HMAC_SIZE)
		return -1;
	if (!proof_is(s, unproved, proof))
		return 0;
	hmac_begin(&h, span_n(s->key.server, HMAC_SIZE));
	auth_message(&h, s, unproved);
	hmac_end(&h, signature);
	buf_str(out, "v=");
	base64_put(out, span_n(signature, HMAC_SIZE));
	return 1;
}
