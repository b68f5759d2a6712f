/* Between two letters the worker waits for the manager; while a letter is
 * under way it asks for the next one in time to send it in the same group.
 * Every letter it was given is answered, whatever happens to the connection,
 * because only the worker knows whether the end of the data was sent. */
#include "mailq-run/worker.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mailq-run/greet.h"
#include "mailq-run/login.h"
#include "session/record.h"
#include "session/tls.h"

enum { HANDSHAKE_MS = (TLS_SECONDS + 5) * 1000, MAILS_MOST = 1000 };

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

static int32_t
features(const struct worker *k)
{
	const struct client *c = &k->client;
	uint64_t most = c->mails < MAILS_MOST ? c->mails : 0;

	return (int32_t)((k->tls ? FEATURE_TLS : 0U) |
	    (c->pipelining ? FEATURE_PIPELINING : 0U) |
	    (c->dsn ? FEATURE_DSN : 0U) | most * FEATURE_MAILS);
}

/* Have the handshake done by others.  0: *fd is where to go on; -1: "rec" may
 * say why. */
static int
handshake(struct worker *k, int *fd)
{
	int way = -1, got;

	got = record_send(k->sock, WORK_TLS, 0, span(""), k->client.talk.fd);
	(void)close(k->client.talk.fd);
	if (got == -1 || record_recv(k->sock, &rec, &way, -1) != 1 ||
	    rec.kind != WORK_TLS || way == -1) {
		rec.len = 0;
		return -1;
	}
	got = record_recv(way, &rec, fd, HANDSHAKE_MS);
	(void)close(way);
	if (got != 1)
		rec.len = 0;
	if (got != 1 || rec.value != 1 || *fd == -1 ||
	    fcntl(*fd, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	if (rec.len == sizeof(k->client.binding))
		memcpy(&k->client.binding, rec.data, rec.len);
	return 0;
}

static bool
must(const struct start *s)
{
	return s->tls == START_MUST || s->tls == START_SURE;
}

/* Go over to TLS, or leave with the reason. */
static int
encrypt(struct worker *k, const struct start *s)
{
	int fd = -1;

	rec.len = 0;
	if (handshake(k, &fd) == 0) {
		k->tls = true;
		k->client.sure = s->tls == START_SURE;
		talk_change(&k->client.talk, fd);
		return 0;
	}
	if (must(s))
		return client_refuse(&k->client, "4.7.5",
		    "TLS, which %s demands: %.*s", s->by, (int)rec.len,
		    rec.data);
	client_lose(&k->client, TALK_GONE, "changing to TLS");
	(void)record_send(k->sock, WORK_CLEAR, 0, span(""), -1);
	return -1;
}

/* After the first EHLO.  0: with TLS, or without because nobody minds; -1: not
 * on this connection. */
static int
secure(struct worker *k, const struct start *s)
{
	int got = 0;

	if (k->tls || (!must(s) && s->tls != START_MAY))
		return 0;
	if (k->client.starttls) {
		got = greet_starttls(&k->client);
		if (got == -1)
			return -1;
	}
	if (got == 1)
		return encrypt(k, s) == -1 ? -1 : greet_again(&k->client);
	return must(s) ?
	    client_refuse(&k->client, "4.7.4",
		"the host offers no TLS, which %s demands", s->by) :
	    0;
}

/* Everything before the first letter. */
static int
begin(struct worker *k, const struct start *s)
{
	if (s->smtps && encrypt(k, s) == -1)
		return -1;
	if (greet_server(&k->client) == -1 || secure(k, s) == -1)
		return -1;
	if (s->user[0] == '\0')
		return 0;
	if (!k->tls)
		return client_refuse(&k->client, "4.7.0",
		    "no password goes out in clear");
	return login_server(&k->client, s->user, s->password);
}

int
worker_serve(int sock)
{
	static struct worker k;
	static struct record first;
	struct start start;
	int fd = -1, got;

	k.sock = sock;
	if (record_recv(sock, &first, &fd, -1) != 1 || fd == -1 ||
	    start_read(&start, &first) == -1)
		return 0;
	client_init(&k.client, fd, sock, start.hello, start.hurry);
	k.client.inside = start.tls == START_INSIDE;
	got = begin(&k, &start);
	if (got == 0 &&
	    record_send(sock, WORK_READY, features(&k), span(""), -1) == 0)
		letters(&k);
	if (k.client.over)
		(void)result_send(sock, WORK_LOST, &k.client.trouble);
	else
		client_quit(&k.client);
	return 0;
}
