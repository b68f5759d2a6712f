#include "session/relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"

int
relay_fail(const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e == 0 ? NULL : ERR_reason_error_string(e);

	ERR_clear_error();
	return fail_as(EPROTO, "%s: %s", what,
	    reason == NULL ? "the peer closed the connection" : reason);
}

/* What every connection of ours is like. */
static SSL_CTX *
new_context(const SSL_METHOD *method)
{
	SSL_CTX *c = SSL_CTX_new(method);

	if (c == NULL)
		return NULL;
	(void)SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	/* A process that ends with its connection has no use for tickets. */
	(void)SSL_CTX_set_options(c,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	(void)SSL_CTX_set_num_tickets(c, 0);
	(void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(c,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	return c;
}

static BIO *
open_bio(int fd)
{
	/* Whoever had the descriptor before may have read from it. */
	(void)lseek(fd, 0, SEEK_SET);
	return BIO_new_fd(fd, BIO_NOCLOSE);
}

/* A key with a passphrase would ask a terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* The certificate first, what follows is its chain. */
static int
use_certificates(SSL_CTX *c, BIO *in)
{
	X509 *x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
	int ok = x != NULL && SSL_CTX_use_certificate(c, x) == 1;

	X509_free(x);
	while (ok &&
	    (x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(c, x) != 1) {
			X509_free(x);
			ok = 0;
		}
	if (ok)
		ERR_clear_error(); /* of the end of the file */
	return ok;
}

int
contexts_cert(struct contexts *cs, int fd)
{
	SSL_CTX *c;
	BIO *in;
	int ok;

	if (cs->n == RELAY_PAIRS)
		return fail_as(E2BIG, "more than %d certificates", RELAY_PAIRS);
	c = new_context(TLS_server_method());
	in = open_bio(fd);
	ok = c != NULL && in != NULL && use_certificates(c, in);
	(void)BIO_free(in);
	if (!ok) {
		SSL_CTX_free(c);
		return relay_fail("certificate");
	}
	(void)SSL_CTX_set_options(c,
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	cs->ctx[cs->n++] = c;
	return 0;
}

int
contexts_key(struct contexts *cs, int fd)
{
	BIO *in = open_bio(fd);
	EVP_PKEY *key;
	int ok;

	if (cs->n == 0 || in == NULL) {
		(void)BIO_free(in);
		return fail_as(EINVAL, "key without a certificate");
	}
	key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	/* This also checks that the two belong together. */
	ok =
	    key != NULL && SSL_CTX_use_PrivateKey(cs->ctx[cs->n - 1], key) == 1;
	EVP_PKEY_free(key);
	(void)BIO_free(in);
	return ok ? 0 : relay_fail("key");
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
look(const X509 *x, const char *name, struct tls_cert *c)
{
	X509 *mutable = X509_dup(x);
	unsigned n = sizeof(c->sha256);

	*c = (struct tls_cert){ .begins = seconds(X509_get0_notBefore(x)),
		.ends = seconds(X509_get0_notAfter(x)) };
	(void)X509_digest(x, EVP_sha256(), c->sha256, &n);
	if (mutable == NULL)
		return;
	c->named = X509_check_host(mutable, name, 0, 0, NULL) == 1;
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(x),
	    NID_commonName, c->subject, sizeof(c->subject));
	(void)ASN1_item_digest(ASN1_ITEM_rptr(X509_PUBKEY), EVP_sha256(),
	    X509_get_X509_PUBKEY(mutable), c->key_sha256, &n);
	X509_free(mutable);
}

void
contexts_look(const struct contexts *cs, const char *name,
    struct tls_certs *certs)
{
	for (unsigned i = 0; i < cs->n; i++)
		look(SSL_CTX_get0_certificate(cs->ctx[i]), name,
		    &certs->cert[i]);
	certs->count = cs->n;
}

/* The first certificate that has the name; a name that none has gets the
 * first of all, because mail servers ask for what they like. */
static int
choose(SSL *ssl, int *alert, void *arg)
{
	const struct contexts *cs = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	unsigned i;

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (i = 0; i < cs->n; i++)
		if (X509_check_host(SSL_CTX_get0_certificate(cs->ctx[i]), name,
			0, 0, NULL) == 1) {
			(void)SSL_set_SSL_CTX(ssl, cs->ctx[i]);
			break;
		}
	return SSL_TLSEXT_ERR_OK;
}

SSL *
contexts_server(struct contexts *cs)
{
	if (cs->n == 0) {
		(void)fail_as(EINVAL, "no certificate");
		return NULL;
	}
	(void)SSL_CTX_set_tlsext_servername_callback(cs->ctx[0], choose);
	(void)SSL_CTX_set_tlsext_servername_arg(cs->ctx[0], cs);
	return SSL_new(cs->ctx[0]);
}

/* ---- client */

static int
use_records(SSL *ssl, const struct tls_policy *p)
{
	uint32_t i;
	int usable = 0;

	if (SSL_dane_enable(ssl, p->name) <= 0)
		return relay_fail("DANE");
	/* The name is the record's place in the DNS (RFC 7672 s. 3.1.1). */
	(void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (i = 0; i < p->records && i < TLS_RECORDS_MAX; i++) {
		const struct tlsa *t = &p->record[i];

		if (t->len <= TLS_RECORD_MAX &&
		    SSL_dane_tlsa_add(ssl, t->usage, t->selector, t->matching,
			t->data, t->len) > 0)
			usable++;
	}
	ERR_clear_error();
	/* None usable: encrypt all the same (RFC 7672 s. 2.2). */
	if (usable > 0)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return 0;
}

static int
use_authorities(SSL_CTX *c, SSL *ssl, const struct tls_policy *p)
{
	if (SSL_CTX_set_default_verify_dir(c) != 1 ||
	    SSL_set1_host(ssl, p->name) != 1)
		return relay_fail("authorities");
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return 0;
}

SSL *
contexts_client(struct tls_policy *p)
{
	SSL_CTX *c = new_context(TLS_client_method());
	SSL *ssl = NULL;
	int r = 0;

	if (c == NULL || SSL_CTX_dane_enable(c) != 1 ||
	    (ssl = SSL_new(c)) == NULL) {
		(void)relay_fail("TLS");
		return NULL;
	}
	/* Weak is better than nothing where nothing was asked for. */
	if (p->mode == TLS_MAY)
		SSL_set_security_level(ssl, 0);
	else if (p->mode == TLS_DANE)
		r = use_records(ssl, p);
	else
		r = use_authorities(c, ssl, p);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < TLS_ALSO_MAX && r == 0; i++)
		if (p->also[i][0] != '\0' &&
		    SSL_add1_host(ssl, p->also[i]) != 1)
			r = relay_fail("name");
	if (r == 0 && p->name[0] != '\0' &&
	    SSL_set_tlsext_host_name(ssl, p->name) != 1)
		r = relay_fail("name");
	if (r == 0)
		return ssl;
	SSL_free(ssl);
	return NULL;
}
