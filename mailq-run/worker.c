/* Between two letters the worker waits for the manager; while a letter is
 * under way it asks for the next one in time to send it in the same group.
 * Every letter it was given is answered, whatever happens to the connection,
 * because only the worker knows whether the end of the data was sent. */
#include "mailq-run/worker.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <unistd.h>

#include "mailq-run/greet.h"
#include "session/record.h"
#include "session/tls.h"

enum { HANDSHAKE_MS = (TLS_SECONDS + 5) * 1000 };

struct worker {
	int sock;
	struct client client;
	bool tls;
	struct client_work work[2]; /* the one in work, the next */
	size_t turn; /* which of them */
	struct client_work *ahead; /* the next, when it is there */
};

static struct record rec;

/* Receive a letter into "w".  1; 0: something else came (in rec), or it is
 * over; the worker then leaves or goes on by rec.kind. */
static int
receive(struct worker *k, struct client_work *w)
{
	int fd = -1;

	if (record_recv(k->sock, &rec, &fd, -1) != 1)
		rec.kind = WORK_QUIT;
	if (rec.kind == WORK_LETTER && fd != -1 &&
	    letter_read(&w->letter, &rec) == 0) {
		w->fd = fd;
		w->sent = false;
		w->accepted = 0;
		memset(w->judged, 0, sizeof(w->judged));
		return 1;
	}
	if (fd != -1)
		(void)close(fd);
	return 0;
}

/* client_letter asks for what goes into the same group. */
static struct client_work *
next(void *ctx)
{
	struct worker *k = ctx;
	struct client_work *w = &k->work[!k->turn];

	if (record_send(k->sock, WORK_NEXT, 0, span(""), -1) == -1)
		return NULL;
	k->ahead = receive(k, w) == 1 ? w : NULL;
	return k->ahead;
}

static void
answer(struct worker *k, struct client_work *w)
{
	for (size_t i = 0; i < w->letter.rcpts; i++) {
		struct result *r = &w->result[i];

		r->token = w->letter.token;
		r->rcpt = (uint16_t)i;
		r->last = i + 1 == w->letter.rcpts;
		if (result_send(k->sock, WORK_RESULT, r) == -1)
			break;
	}
	(void)close(w->fd);
}

/* Letters until there is none, or the server wants no more. */
static void
letters(struct worker *k)
{
	struct client_work *w = &k->work[k->turn];

	while (receive(k, w) == 1) {
		do {
			k->ahead = NULL;
			client_letter(&k->client, w, next, k);
			answer(k, w);
			if (k->ahead == NULL)
				break;
			k->turn = !k->turn;
			w = k->ahead;
		} while (!k->client.over);
		if (k->client.over)
			break;
	}
	if (k->client.over && k->ahead != NULL) {
		client_untried(k->ahead);
		answer(k, k->ahead);
	}
}

static unsigned
features(const struct worker *k)
{
	const struct client *c = &k->client;

	return (k->tls ? FEATURE_TLS : 0U) |
	    (c->pipelining ? FEATURE_PIPELINING : 0U) |
	    (c->dsn ? FEATURE_DSN : 0U);
}

/* Have the handshake done by others.  0: *fd is where to go on; -1. */
static int
handshake(struct worker *k, int *fd)
{
	int way = -1, got;

	got = record_send(k->sock, WORK_TLS, 0, span(""), k->client.talk.fd);
	(void)close(k->client.talk.fd);
	if (got == -1 || record_recv(k->sock, &rec, &way, -1) != 1 ||
	    rec.kind != WORK_TLS || way == -1)
		return -1;
	got = record_recv(way, &rec, fd, HANDSHAKE_MS);
	(void)close(way);
	return got == 1 && rec.value == 1 && *fd != -1 &&
		fcntl(*fd, F_SETFL, O_NONBLOCK) == 0 ?
	    0 :
	    -1;
}

/* Go over to TLS if the server offers it.  0: with it or without; -1: not on
 * this connection. */
static int
secure(struct worker *k)
{
	int fd = -1, got;

	if (!k->client.starttls)
		return 0;
	got = greet_starttls(&k->client);
	if (got != 1)
		return got;
	if (handshake(k, &fd) == -1) {
		client_lose(&k->client, TALK_GONE, "changing to TLS");
		(void)record_send(k->sock, WORK_CLEAR, 0, span(""), -1);
		return -1;
	}
	k->tls = true;
	return greet_again(&k->client, fd);
}

int
worker_serve(int sock)
{
	static struct worker k;
	struct start start;
	char hello[256];
	int fd = -1, got;

	k.sock = sock;
	if (record_recv(sock, &rec, &fd, -1) != 1 || fd == -1 ||
	    start_read(&start, &rec) == -1)
		return 0;
	(void)strlcpy(hello, start.hello, sizeof(hello));
	client_init(&k.client, fd, sock, hello, start.hurry);
	got = greet_server(&k.client);
	if (got == 0 && start.tls)
		got = secure(&k);
	if (got == 0 &&
	    record_send(sock, WORK_READY, (int32_t)features(&k), span(""),
		-1) == 0)
		letters(&k);
	if (k.client.over)
		(void)result_send(sock, WORK_LOST, &k.client.trouble);
	else
		client_quit(&k.client);
	return 0;
}
