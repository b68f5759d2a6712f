#include "mailq-run/login.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <stdint.h>
#include <string.h>

#include "message/buf.h"
#include "session/base64.h"
#include "session/hmac.h"
#include "session/scram.h"

enum {
	WAIT_COMMAND = 300,
	TEXT = 4096, /* of any message of a mechanism */
	NONCE = 18,
};

unsigned
login_offered(struct span words)
{
	static const struct {
		const char *word;
		unsigned bit;
	} known[] = {
		{ "PLAIN", LOGIN_PLAIN },
		{ "LOGIN", LOGIN_LOGIN },
		{ "SCRAM-SHA-256", LOGIN_SCRAM },
		{ "SCRAM-SHA-256-PLUS", LOGIN_PLUS },
	};
	unsigned bits = 0;
	struct span word;

	while ((word = span_word(&words)).len > 0)
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (span_same(word, span(known[i].word)))
				bits |= known[i].bit;
	return bits;
}

/* Send "word" and the base64 of a message, hear the answer.  0; -1. */
static int
say(struct client *c, const char *word, const struct buf *message)
{
	struct buf text;
	int e;

	buf_init(&text, 2 * TEXT);
	base64_put(&text, buf_all(message));
	talk_printf(&c->talk, "%s%s", word, text.p);
	if (text.len > 0)
		explicit_bzero(text.p, text.len);
	e = client_hear(c, WAIT_COMMAND, "logging in");
	buf_free(&text);
	return e;
}

/* What a 334 holds, into out[TEXT].  Its length; -1: no challenge. */
static int
challenge(struct client *c, char *out)
{
	struct span text = span_n(c->talk.reply.text, c->talk.reply.len);
	int n;

	if (c->talk.reply.code != 334)
		return -1;
	n = base64_get(out, TEXT - 1, span_trim(span_cut(&text, '\n')));
	if (n >= 0)
		out[n] = '\0';
	return n;
}

static int
plain(struct client *c, const char *user, const char *password)
{
	struct buf b;
	int e;

	buf_init(&b, TEXT);
	buf_char(&b, '\0');
	buf_str(&b, user);
	buf_char(&b, '\0');
	buf_str(&b, password);
	e = say(c, "AUTH PLAIN ", &b);
	explicit_bzero(b.p, b.len);
	buf_free(&b);
	return e;
}

/* The name, then the password, whatever the questions are called. */
static int
by_questions(struct client *c, const char *user, const char *password)
{
	struct buf b;
	int e;

	buf_init(&b, TEXT);
	talk_printf(&c->talk, "AUTH LOGIN");
	e = client_hear(c, WAIT_COMMAND, "logging in");
	if (e == 0 && c->talk.reply.code == 334) {
		buf_str(&b, user);
		e = say(c, "", &b);
	}
	if (e == 0 && c->talk.reply.code == 334) {
		buf_reset(&b);
		buf_str(&b, password);
		e = say(c, "", &b);
		explicit_bzero(b.p, b.len);
	}
	buf_free(&b);
	return e;
}

/* ---- SCRAM */

struct scram_try {
	const char *password;
	const char *flag; /* in front of ",,": how it is bound */
	struct span data; /* what it is bound to */
	struct buf bare, final; /* our messages, without gs2-header and proof */
	uint8_t salted[HMAC_SIZE];
	char first[TEXT]; /* the server's */
};

static void
put_first(struct buf *b, const char *user)
{
	uint8_t nonce[NONCE];

	buf_str(b, "n=");
	for (; *user != '\0'; user++)
		if (*user == '=')
			buf_str(b, "=3D");
		else if (*user == ',')
			buf_str(b, "=2C");
		else
			buf_char(b, *user);
	buf_str(b, ",r=");
	arc4random_buf(nonce, sizeof(nonce));
	base64_put(b, span_n(nonce, sizeof(nonce)));
}

/* Bind it to the TLS connection where both can (RFC 5802 s. 6, 9266); where
 * only we can, say so: a server that has offered it then knows that somebody
 * took its offer away.  Returns the mechanism. */
static const char *
bind_try(struct scram_try *t, const struct client *c)
{
	const struct scram_binding *b = &c->binding;
	bool have = b->exporter_len > 0 || b->end_point_len > 0;

	t->data = span("");
	t->flag = have ? "y" : "n";
	if (!have || (c->auth & LOGIN_PLUS) == 0)
		return "AUTH SCRAM-SHA-256 ";
	if (b->exporter_len > 0) {
		t->flag = "p=tls-exporter";
		t->data = span_n(b->exporter, b->exporter_len);
	} else {
		t->flag = "p=tls-server-end-point";
		t->data = span_n(b->end_point, b->end_point_len);
	}
	return "AUTH SCRAM-SHA-256-PLUS ";
}

/* The header of the first message once more, and what it announces. */
static void
put_binding(struct scram_try *t)
{
	struct buf all;

	buf_init(&all, TEXT);
	buf_printf(&all, "%s,,", t->flag);
	buf_span(&all, t->data);
	buf_str(&t->final, "c=");
	base64_put(&t->final, buf_all(&all));
	buf_free(&all);
}

/* The value of attribute "a" at the front of *rest; empty: it is not there. */
static struct span
attribute(struct span *rest, char a)
{
	struct span s = span_cut(rest, ',');

	return s.len > 2 && s.p[0] == a && s.p[1] == '=' ? span_from(s, 2) :
							   span("");
}

/* What the server said first: our nonce with more behind it, salt, count. */
static int
read_first(struct scram_try *t, size_t len)
{
	struct span rest = span_n(t->first, len), nonce, salt, count, ours;
	uint8_t raw[SCRAM_SALT_MAX];
	uint64_t iterations;
	int n;

	nonce = attribute(&rest, 'r');
	salt = attribute(&rest, 's');
	count = attribute(&rest, 'i');
	ours = buf_all(&t->bare);
	ours = span_from(ours, ours.len - NONCE / 3 * 4);
	n = base64_get(raw, sizeof(raw), salt);
	if (nonce.len <= ours.len || memcmp(nonce.p, ours.p, ours.len) != 0 ||
	    n <= 0 ||
	    span_number(count, SCRAM_ITERATIONS_MAX, &iterations) == -1 ||
	    iterations == 0)
		return -1;
	hmac_pbkdf2(t->salted, span(t->password), span_n(raw, (size_t)n),
	    (unsigned)iterations);
	put_binding(t);
	buf_str(&t->final, ",r=");
	buf_span(&t->final, nonce);
	return 0;
}

/* HMAC of what both have said, under "key". */
static void
sign(uint8_t out[HMAC_SIZE], const uint8_t key[HMAC_SIZE],
    const struct scram_try *t, const struct buf *final)
{
	struct hmac h;

	hmac_begin(&h, span_n(key, HMAC_SIZE));
	hmac_add(&h, buf_all(&t->bare));
	hmac_add(&h, span(","));
	hmac_add(&h, span(t->first));
	hmac_add(&h, span(","));
	hmac_add(&h, buf_all(final));
	hmac_end(&h, out);
}

/* "expect" becomes what the server has to prove itself with. */
static void
put_proof(struct scram_try *t, struct buf *expect)
{
	uint8_t key[HMAC_SIZE], stored[HMAC_SIZE], signature[HMAC_SIZE];
	SHA2_CTX sha;
	struct buf said;

	buf_init(&said, TEXT);
	buf_span(&said, buf_all(&t->final));
	hmac_once(key, span_n(t->salted, HMAC_SIZE), span("Client Key"));
	SHA256Init(&sha);
	SHA256Update(&sha, key, sizeof(key));
	SHA256Final(stored, &sha);
	sign(signature, stored, t, &said);
	for (size_t i = 0; i < HMAC_SIZE; i++)
		key[i] ^= signature[i];
	buf_str(&t->final, ",p=");
	base64_put(&t->final, span_n(key, HMAC_SIZE));
	hmac_once(key, span_n(t->salted, HMAC_SIZE), span("Server Key"));
	sign(signature, key, t, &said);
	buf_str(expect, "v=");
	base64_put(expect, span_n(signature, HMAC_SIZE));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(stored, sizeof(stored));
	buf_free(&said);
}

static int
not_scram(struct client *c, const char *what)
{
	return client_refuse(c, "4.7.0", "logging in: %s", what);
}

static int
exchange(struct client *c, struct scram_try *t, struct buf *expect)
{
	struct buf out;
	const char *word;
	char last[TEXT];
	int n, e;

	buf_init(&out, TEXT);
	word = bind_try(t, c);
	buf_printf(&out, "%s,,", t->flag);
	buf_span(&out, buf_all(&t->bare));
	e = say(c, word, &out);
	buf_reset(&out);
	if (e == 0 && c->talk.reply.code == 334) {
		n = challenge(c, t->first);
		if (n == -1 || read_first(t, (size_t)n) == -1) {
			buf_free(&out);
			return not_scram(c, "the challenge is no SCRAM");
		}
		put_proof(t, expect);
		e = say(c, "", &t->final);
	}
	if (e == 0 && c->talk.reply.code == 334) {
		/* Only who knows the password's key can say this. */
		n = challenge(c, last);
		if (n == -1 ||
		    !span_eq(span_n(last, (size_t)n), buf_all(expect)))
			e = not_scram(c, "the server does not know us");
		else
			e = say(c, "", &out);
	} else if (e == 0 && c->talk.reply.code == 235) {
		e = not_scram(c, "the server does not prove itself");
	}
	buf_free(&out);
	return e;
}

static int
scram(struct client *c, const char *user, const char *password)
{
	static struct scram_try t;
	struct buf expect;
	int e;

	t.password = password;
	buf_init(&t.bare, TEXT);
	buf_init(&t.final, TEXT);
	buf_init(&expect, TEXT);
	put_first(&t.bare, user);
	e = exchange(c, &t, &expect);
	buf_free(&t.bare);
	buf_free(&t.final);
	buf_free(&expect);
	explicit_bzero(t.salted, sizeof(t.salted));
	return e;
}

int
login_server(struct client *c, const char *user, const char *password)
{
	int e;

	if ((c->auth & (LOGIN_SCRAM | LOGIN_PLUS)) != 0)
		e = scram(c, user, password);
	else if ((c->auth & LOGIN_PLAIN) != 0)
		e = plain(c, user, password);
	else if ((c->auth & LOGIN_LOGIN) != 0)
		e = by_questions(c, user, password);
	else
		return client_refuse(c, "4.7.0",
		    "the host offers no way to log in that we know");
	if (e == -1)
		return -1;
	if (client_class(c) == 2)
		return 0;
	c->over = true;
	judge_reply(&c->trouble, &c->talk.reply, VERDICT_NEXT);
	return -1;
}
