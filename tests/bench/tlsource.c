/* Many SMTP sessions over TLS, as quick as one client can be: the handshakes
 * are full ones, the context is made once.
 *
 * usage: tlsource [-q] ADDR PORT RCPT PARALLEL SESSIONS MESSAGES OCTETS
 *
 * SESSIONS, shared by so many processes, each with STARTTLS and MESSAGES of
 * OCTETS; prints the seconds it took.  With -q the client acknowledges at once
 * what comes, which ordinary ones do not: who sends in small pieces without
 * TCP_NODELAY loses 40 ms to that. */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in to = { .sin_family = AF_INET };
static const char *rcpt;
static char *body;
static size_t body_len;
static bool quick;

struct client {
	int fd;
	SSL *ssl; /* NULL in clear */
	char in[8192];
	size_t have;
};

static void
say(struct client *c, const char *p, size_t len)
{
	while (len > 0) {
		int n = c->ssl != NULL ?
		    SSL_write(c->ssl, p, len > 16384 ? 16384 : (int)len) :
		    (int)write(c->fd, p, len);

		if (n <= 0)
			errx(1, "write");
		p += n;
		len -= (size_t)n;
	}
}

/* The kernel forgets both with what is sent. */
static void
be_quick(const struct client *c)
{
	int one = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (quick)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one,
		    sizeof(one));
}

/* The last line of the next reply must begin with "code". */
static void
hear(struct client *c, const char *code)
{
	for (;;) {
		char *lf = memchr(c->in, '\n', c->have);
		int n;

		if (lf != NULL) {
			size_t len = (size_t)(lf - c->in) + 1;
			bool last = len > 3 && c->in[3] != '-';

			if (last && strncmp(c->in, code, 3) != 0)
				errx(1, "%.*s", (int)len, c->in);
			c->have -= len;
			memmove(c->in, lf + 1, c->have);
			if (last)
				return;
			continue;
		}
		be_quick(c);
		n = c->ssl != NULL ?
		    SSL_read(c->ssl, c->in + c->have,
			(int)(sizeof(c->in) - c->have)) :
		    (int)read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
		if (n <= 0)
			errx(1, "server left");
		c->have += (size_t)n;
	}
}

static void
message(struct client *c)
{
	char head[300];
	int n = snprintf(head, sizeof(head),
	    "MAIL FROM:<a@far.test>\r\nRCPT TO:<%s>\r\nDATA\r\n", rcpt);

	say(c, head, (size_t)n);
	hear(c, "250");
	hear(c, "250");
	hear(c, "354");
	say(c, body, body_len);
	hear(c, "250");
}

static void
session(SSL_CTX *ctx, int messages)
{
	struct client c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };

	if (c.fd == -1 ||
	    connect(c.fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "connect");
	hear(&c, "220");
	say(&c, "EHLO a\r\n", 8);
	hear(&c, "250");
	say(&c, "STARTTLS\r\n", 10);
	hear(&c, "220");
	c.ssl = SSL_new(ctx);
	if (c.ssl == NULL || SSL_set_fd(c.ssl, c.fd) != 1 ||
	    SSL_connect(c.ssl) != 1)
		errx(1, "handshake");
	say(&c, "EHLO a\r\n", 8);
	hear(&c, "250");
	while (messages-- > 0)
		message(&c);
	say(&c, "QUIT\r\n", 6);
	hear(&c, "221");
	(void)SSL_shutdown(c.ssl);
	SSL_free(c.ssl);
	(void)close(c.fd);
}

static void
make_body(size_t octets)
{
	static const char head[] = "Subject: load\r\n\r\n";
	static const char line[] = "an office writes such lines all day long, "
				   "and this is one of them\r\n";

	body = malloc(octets + 200);
	if (body == NULL)
		err(1, NULL);
	body_len = sizeof(head) - 1;
	memcpy(body, head, body_len);
	while (body_len < octets) {
		memcpy(body + body_len, line, sizeof(line) - 1);
		body_len += sizeof(line) - 1;
	}
	memcpy(body + body_len, ".\r\n", 3);
	body_len += 3;
}

int
main(int argc, char *argv[])
{
	struct timespec a, b;
	int parallel, sessions, status, bad = 0;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (argc > 1 && strcmp(argv[1], "-q") == 0) {
		quick = true;
		argv++;
		argc--;
	}
	if (argc != 8 || ctx == NULL)
		errx(64,
		    "usage: tlsource [-q] ADDR PORT RCPT PARALLEL SESSIONS "
		    "MESSAGES OCTETS");
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		errx(64, "%s", argv[1]);
	rcpt = argv[3];
	parallel = atoi(argv[4]);
	sessions = atoi(argv[5]);
	make_body((size_t)atol(argv[7]));
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	for (int p = 0; p < parallel; p++)
		if (fork() == 0) {
			for (int i = p; i < sessions; i += parallel)
				session(ctx, atoi(argv[6]));
			exit(0);
		}
	while (wait(&status) != -1)
		bad |= status;
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	(void)printf("%.6f\n",
	    (double)(b.tv_sec - a.tv_sec) +
		(double)(b.tv_nsec - a.tv_nsec) / 1e9);
	return bad == 0 ? 0 : 1;
}
