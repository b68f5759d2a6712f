#include "session/relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/clock.h"
#include "message/fail.h"

enum {
	PIECE = 16384, /* the largest record of TLS */
	LINGER_MS = 2000, /* for a peer that still sends after our end */
};

/* ---- handshake */

int
relay_handshake(SSL *ssl, int net)
{
	int64_t end = clock_ms() + TLS_SECONDS * 1000, left;
	struct pollfd p = { .fd = net };
	long bad;
	int r;

	while ((r = SSL_do_handshake(ssl)) != 1) {
		int e = SSL_get_error(ssl, r);

		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) {
			bad = SSL_get_verify_result(ssl);
			if (bad == X509_V_OK)
				return relay_fail("handshake");
			return fail_as(EPROTO, "handshake: %s",
			    X509_verify_cert_error_string(bad));
		}
		p.events = e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		left = end - clock_ms();
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return fail_as(ETIMEDOUT, "handshake: too slow");
	}
	return 0;
}

/* ---- what is told about it */

/* Only what a host name may have; more is not for logs and headers. */
static void
put_sni(char *to, const char *name)
{
	size_t n = name == NULL ? 0 : strlen(name);

	to[0] = '\0';
	if (n <= TLS_NAME_MAX && n > 0 &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyz0123456789.-_"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n)
		memcpy(to, name, n + 1);
}

/* The server's certificate under the hash of its signature, SHA-256 when that
 * is weaker or none (RFC 5929 s. 4.1). */
static void
put_end_point(struct scram_binding *b, const X509 *x)
{
	const EVP_MD *md = EVP_sha256();
	unsigned len = 0;
	int nid = NID_undef;

	if (x == NULL)
		return;
	(void)X509_get_signature_info((X509 *)(uintptr_t)x, &nid, NULL, NULL,
	    NULL);
	if (nid == NID_sha384)
		md = EVP_sha384();
	else if (nid == NID_sha512)
		md = EVP_sha512();
	if (X509_digest(x, md, b->end_point, &len) == 1)
		b->end_point_len = len;
}

/* RFC 9266; before TLS 1.3 it is only safe with the extended master secret. */
static void
put_exporter(struct scram_binding *b, SSL *ssl)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return;
	if (SSL_export_keying_material(ssl, b->exporter, 32, label,
		sizeof(label) - 1, NULL, 0, 0) == 1)
		b->exporter_len = 32;
}

static void
put_peer(struct tls_info *i, SSL *ssl)
{
	X509 *x = SSL_get0_peer_certificate(ssl);
	unsigned char *p = i->peer;
	long bad = SSL_get_verify_result(ssl);
	int len;

	if (x == NULL)
		return;
	(void)X509_digest(x, EVP_sha256(), i->peer_sha256, NULL);
	len = i2d_X509(x, NULL);
	if (len > 0 && len <= TLS_PEER_MAX)
		i->peer_len = (uint32_t)i2d_X509(x, &p);
	i->verified =
	    SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && bad == X509_V_OK;
	if (bad != X509_V_OK)
		(void)snprintf(i->trouble, sizeof(i->trouble), "%s",
		    X509_verify_cert_error_string(bad));
}

void
relay_info(SSL *ssl, struct tls_info *i)
{
	*i = (struct tls_info){ .verified = 0 };
	(void)snprintf(i->version, sizeof(i->version), "%s",
	    SSL_get_version(ssl));
	(void)snprintf(i->cipher, sizeof(i->cipher), "%s",
	    SSL_get_cipher_name(ssl));
	i->bits = (uint32_t)SSL_get_cipher_bits(ssl, NULL);
	put_sni(i->sni, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	put_exporter(&i->binding, ssl);
	put_end_point(&i->binding,
	    SSL_is_server(ssl) ? SSL_get_certificate(ssl) :
				 SSL_get0_peer_certificate(ssl));
	put_peer(i, ssl);
}

/* ---- the pump */

/* One direction: what was read and not yet written. */
struct flow {
	size_t at, end;
	bool eof; /* nothing more will be read */
	short wants; /* what the TLS side waits for on the network */
	char data[PIECE];
};

struct pump {
	SSL *ssl;
	int net, session;
	bool broken; /* the TLS connection cannot be used any more */
	bool told; /* the session knows that the peer has ended */
	struct flow up, down; /* network to session, session to network */
};

static bool
empty(const struct flow *f)
{
	return f->at == f->end;
}

/* The result of SSL_read or SSL_write that moved nothing. */
static void
tls_stopped(struct pump *p, struct flow *f, int r)
{
	switch (SSL_get_error(p->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		f->wants = POLLIN;
		return;
	case SSL_ERROR_WANT_WRITE:
		f->wants = POLLOUT;
		return;
	case SSL_ERROR_ZERO_RETURN: /* close_notify: it may still read */
		p->up.eof = true;
		return;
	default: /* cut off, or an alert: nothing can follow */
		ERR_clear_error();
		p->up.eof = p->broken = true;
	}
}

static bool
move_up(struct pump *p)
{
	struct flow *f = &p->up;
	bool moved = false;
	ssize_t n;

	f->wants = 0;
	if (empty(f) && !f->eof) {
		int r = SSL_read(p->ssl, f->data, PIECE);

		f->at = 0;
		f->end = r > 0 ? (size_t)r : 0;
		moved = r > 0;
		if (r <= 0)
			tls_stopped(p, f, r);
	}
	while (!empty(f)) {
		n = send(p->session, f->data + f->at, f->end - f->at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN)
			return moved;
		if (n == -1) { /* the session reads no more */
			f->at = f->end;
			f->eof = true;
			break;
		}
		f->at += (size_t)n;
		moved = true;
	}
	if (f->eof && !p->told) {
		(void)shutdown(p->session, SHUT_WR);
		p->told = moved = true;
	}
	return moved;
}

static bool
move_down(struct pump *p)
{
	struct flow *f = &p->down;
	bool moved = false;
	ssize_t n;

	f->wants = 0;
	if (empty(f) && !f->eof) {
		n = recv(p->session, f->data, PIECE, MSG_DONTWAIT);
		f->at = 0;
		f->end = n > 0 ? (size_t)n : 0;
		moved = n > 0;
		f->eof = n == 0 || (n == -1 && errno != EAGAIN);
		moved |= f->eof;
	}
	while (!empty(f) && !p->broken) {
		int r =
		    SSL_write(p->ssl, f->data + f->at, (int)(f->end - f->at));

		if (r <= 0) {
			tls_stopped(p, f, r);
			break;
		}
		f->at += (size_t)r;
		moved = true;
	}
	return moved;
}

static void
wait_for_more(struct pump *p)
{
	struct pollfd fds[2] = { { .fd = p->net }, { .fd = p->session } };

	fds[0].events = p->up.wants | p->down.wants;
	if (!empty(&p->up))
		fds[1].events |= POLLOUT;
	if (empty(&p->down) && !p->down.eof)
		fds[1].events |= POLLIN;
	if (fds[0].events == 0)
		fds[0].fd = -1;
	if (fds[1].events == 0)
		fds[1].fd = -1;
	(void)poll(fds, 2, -1);
}

/* Say goodbye, and let the peer see all of it: a socket that is closed with
 * something unread throws away what it had still to send. */
static void
finish(struct pump *p)
{
	struct pollfd fd = { .fd = p->net, .events = POLLIN };
	int64_t end = clock_ms() + LINGER_MS, left;

	if (!p->broken)
		(void)SSL_shutdown(p->ssl);
	(void)shutdown(p->net, SHUT_WR);
	while ((left = end - clock_ms()) > 0 && poll(&fd, 1, (int)left) == 1)
		if (read(p->net, p->up.data, PIECE) <= 0)
			break;
}

void
relay_pump(SSL *ssl, int net, int session)
{
	static struct pump p;

	p.ssl = ssl;
	p.net = net;
	p.session = session;
	/* The session has the last word: when it is done, all is. */
	while (!(p.down.eof && empty(&p.down)) && !(p.broken && p.told)) {
		bool up = move_up(&p), down = move_down(&p);

		if (!up && !down)
			wait_for_more(&p);
	}
	finish(&p);
}
