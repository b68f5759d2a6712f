/* A connection begins in the manager, which only connects; the socket then
 * goes to a new worker, which alone reads from it.  Hosts that cannot be
 * reached cost no process. */
#include "mailq-run/peer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mailq-run/crew.h"
#include "mailq-run/dest.h"
#include "mailq-run/feed.h"
#include "mailq-run/learn.h"
#include "mailq-run/mail.h"
#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/tls.h"

enum { QUIT_MS = 5000, SESSION_MS = 1900 * 1000, AGAIN = 3 };

/* ---- coming and going */

static int
watch(struct run *r, struct peer *p, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = p };

	if (epoll_ctl(r->poll, EPOLL_CTL_ADD, p->fd, &e) == -1)
		return fail("epoll_ctl");
	return 0;
}

static void
starts_no_more(struct peer *p)
{
	if (p->state == PEER_CONNECTING || p->state == PEER_GREETING)
		p->dest->starting--;
}

/* Off the destination's list; the descriptor is closed. */
static void
leave(struct run *r, struct peer *p)
{
	struct dest *d = p->dest;
	struct peer **at = &d->peers;

	starts_no_more(p);
	while (*at != NULL && *at != p)
		at = &(*at)->next;
	if (*at != NULL)
		*at = p->next;
	d->connections--;
	(void)close(p->fd);
	p->state = PEER_FREE;
	if (d->jobs > 0)
		feed_hungry(r, d);
}

/* The others at its address that have come this far. */
static size_t
others(const struct peer *p, enum peer_state from)
{
	size_t n = 0;

	for (const struct peer *o = p->dest->peers; o != NULL; o = o->next)
		n += o != p && o->address == p->address && o->state >= from &&
		    o->state < PEER_QUITTING;
	return n;
}

/* No connection came about.  A host that serves others of ours, or still may,
 * is not dead: it wants fewer connections. */
static void
refused(struct run *r, struct peer *p, const char *status, const char *why)
{
	struct dest *d = p->dest;
	size_t address = p->address;
	size_t greeting = others(p, PEER_GREETING);
	bool serves = others(p, PEER_IDLE) > 0;

	leave(r, p);
	if (greeting == 0)
		dest_address_dead(r, d, address, status, why);
	else
		learn_refused(r, d, address, serves);
}

/* The socket is connected: it gets a worker. */
static void
connected(struct run *r, struct peer *p)
{
	struct start start;
	int pair[2], one = 1, ok;

	if (record_pair(pair) == -1) {
		refused(r, p, "4.3.0", "no worker");
		return;
	}
	secure_start(r, p->dest, p->address, &start);
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ok = start_send(pair[0], &start, p->fd) == 0 &&
	    record_send(r->crew, CREW_WORKER, 0, span(""), pair[1]) == 0;
	(void)close(pair[1]);
	(void)close(p->fd);
	p->fd = pair[0];
	p->state = PEER_GREETING;
	if (!ok || watch(r, p, EPOLLIN) == -1)
		refused(r, p, "4.3.0", "no worker");
}

static struct peer *
free_peer(struct run *r)
{
	for (size_t i = 0; i < RUN_PEERS; i++)
		if (r->peer[i].state == PEER_FREE)
			return &r->peer[i];
	return NULL;
}

static void
failed(struct run *r, struct peer *p, int error)
{
	const struct route_address *a = &p->dest->route.address[p->address];
	char why[HOSTS_WHY], text[64];

	(void)snprintf(why, sizeof(why), "connect: %s", strerror(error));
	if (!p->dest->local)
		hosts_dead(&r->hosts, route_text(&a->addr, text), why,
		    run_time(r));
	refused(r, p, "4.4.1", why);
}

int
peer_open(struct run *r, struct dest *d, size_t address)
{
	const struct route_address *a = &d->route.address[address];
	struct peer *p = free_peer(r);
	int fd;

	if (p == NULL)
		return -1;
	fd = socket(a->addr.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		dest_address_dead(r, d, address, "4.4.1", strerror(errno));
		return -1;
	}
	*p = (struct peer){
		.next = d->peers,
		.dest = d,
		.state = PEER_CONNECTING,
		.address = address,
		.fd = fd,
		.since = clock_ms(),
	};
	d->peers = p;
	d->opened = p->since;
	d->connections++;
	d->starting++;
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) == 0) {
		connected(r, p);
	} else if (errno != EINPROGRESS) {
		failed(r, p, errno);
		return -1;
	} else if (watch(r, p, EPOLLOUT) == -1) {
		refused(r, p, "4.3.0", fail_text());
		return -1;
	}
	return 0;
}

/* ---- letters */

/* Give it the job as letter number "slot".  -1: the job came back. */
static int
give(struct run *r, struct peer *p, struct job *j, size_t slot)
{
	static struct letter l;
	int fd = mail_letter(j, &l), e;

	j->address = p->address;
	if (fd == -1) {
		log_line(LOG_ERR, "read id=%s error=\"%s\"", j->mail->e.env.id,
		    fail_text());
		mail_verdict_all(r, j, VERDICT_DEFER, "4.3.0", "",
		    "cannot read the message");
		mail_job_over(r, j);
		return -1;
	}
	e = letter_send(p->fd, &l, fd);
	(void)close(fd);
	if (e == -1) { /* the worker is gone, as we shall hear */
		dest_requeue(r, j);
		return -1;
	}
	p->job[slot] = j;
	p->letters++;
	return 0;
}

/* The job that comes next for this connection. */
static struct job *
next(struct run *r, struct peer *p)
{
	return p->letters < p->most ? dest_take(r, p->dest, p->address) : NULL;
}

void
peer_hand_out(struct run *r)
{
	for (size_t i = 0; i < RUN_PEERS; i++) {
		struct peer *p = &r->peer[i];
		struct job *j;

		if (p->state != PEER_IDLE)
			continue;
		j = next(r, p);
		p->since = clock_ms();
		if (j == NULL) {
			(void)record_send(p->fd, WORK_QUIT, 0, span(""), -1);
			p->state = PEER_QUITTING;
		} else if (give(r, p, j, 0) == 0) {
			p->state = PEER_BUSY;
		}
	}
}

/* It could send a letter in the same group. */
static int
ahead(struct run *r, struct peer *p)
{
	struct job *j;

	if (p->state != PEER_BUSY || p->job[1] != NULL)
		return fail_as(EBADMSG, "asks out of turn");
	j = next(r, p);
	if (j != NULL && give(r, p, j, 1) == 0)
		return 0;
	return record_send(p->fd, WORK_NOTHING, 0, span(""), -1);
}

static int
greeted(struct run *r, struct peer *p, const struct record *rec)
{
	struct dest *d = p->dest;
	char text[64];

	if (p->state != PEER_GREETING)
		return fail_as(EBADMSG, "is ready twice");
	r->v6 = d->route.address[p->address].addr.ss_family == AF_INET6;
	(void)route_text(&d->route.address[p->address].addr, text);
	hosts_alive(&r->hosts, text);
	starts_no_more(p);
	p->state = PEER_IDLE;
	p->features = (unsigned)rec->value;
	p->most = p->features / FEATURE_MAILS;
	p->most = learn_letters(r, d, p->address, p->most);
	if (d->limit < d->most)
		d->limit++;
	if (d->jobs > 0)
		feed_hungry(r, d);
	return 0;
}

static void
fewer(struct dest *d)
{
	if (d->limit > 1)
		d->limit--;
}

static int
judged(struct run *r, struct peer *p, const struct record *rec)
{
	static struct result res;
	struct job *j = p->job[0];
	char remote[400];

	if (result_read(&res, rec) == -1)
		return -1;
	if (p->state != PEER_BUSY || j == NULL || res.token != j->token ||
	    res.rcpt >= j->rcpts)
		return fail_as(EBADMSG, "result of no letter");
	if (res.verdict == VERDICT_AGAIN && j->again >= AGAIN)
		res.verdict = VERDICT_DEFER;
	if (res.verdict == VERDICT_SENT)
		j->sent = ++p->good > 0;
	mail_verdict(r, j, res.rcpt, res.verdict, res.status,
	    dest_remote(p->dest, p->address, remote), res.reply,
	    (p->features & FEATURE_DSN) == 0 && !p->dest->local);
	if (!res.last)
		return 0;
	if (j->sent)
		p->took++;
	else if (res.code / 100 == 4)
		fewer(p->dest);
	p->job[0] = p->job[1];
	p->job[1] = NULL;
	if (p->job[0] == NULL)
		p->state = PEER_IDLE;
	mail_job_over(r, j);
	return 0;
}

/* A socket for which TLS is to be begun: the crew does it, and tells the
 * worker. */
static int
secure(struct run *r, struct peer *p, int fd)
{
	struct tls_policy policy;
	int pair[2], e;

	if (p->state != PEER_GREETING || fd == -1)
		return fail_as(EBADMSG, "no socket for TLS");
	if (record_pair(pair) == -1)
		return fail("socketpair");
	secure_policy(p->dest, p->address, &policy);
	e = record_send(pair[0], 0, 0, span_n(&policy, sizeof(policy)), fd);
	if (e == 0)
		e = record_send(r->crew, CREW_TLS, 0, span(""), pair[1]);
	if (e == 0)
		e = record_send(p->fd, WORK_TLS, 0, span(""), pair[0]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return e == 0 ? 0 : fail("TLS");
}

/* TLS did not work where it need not. */
static int
clear(struct run *r, struct peer *p)
{
	if (p->state != PEER_GREETING ||
	    secure_tls(p->dest, p->address) != START_MAY)
		return fail_as(EBADMSG, "TLS fails out of turn");
	p->dest->clear |= 1U << p->address;
	leave(r, p);
	return 1;
}

/* The server wants no more, or was lost. */
static int
lost(struct run *r, struct peer *p, const struct record *rec)
{
	static struct result res;
	struct dest *d = p->dest;

	if (result_read(&res, rec) == -1)
		return -1;
	/* All that it had read is answered; a letter that was given to it while
	 * it was leaving was not tried. */
	for (size_t i = 0; i < 2; i++)
		if (p->job[i] != NULL) {
			dest_requeue(r, p->job[i]);
			p->job[i] = NULL;
		}
	if (p->good > 0) {
		learn_ended(r, d, p->address, res.code, p->took);
		fewer(d);
		leave(r, p);
	} else {
		refused(r, p, res.status, res.reply);
	}
	return 1;
}

/* ---- events */

/* The worker is gone, or is made to go, with what it had in hand.  Whether
 * that was delivered nobody knows. */
static void
gone(struct run *r, struct peer *p, const char *why)
{
	bool expected = p->state == PEER_QUITTING;
	char remote[400];

	if (!expected)
		log_line(LOG_ERR, "worker relay=%s reason=\"%s\"",
		    dest_remote(p->dest, p->address, remote), why);
	for (size_t i = 0; i < 2; i++) {
		struct job *j = p->job[i];

		if (j == NULL)
			continue;
		p->job[i] = NULL;
		mail_verdict_all(r, j, VERDICT_DEFER, "4.3.0",
		    dest_remote(p->dest, p->address, remote), why);
		mail_job_over(r, j);
	}
	if (expected || p->good > 0)
		leave(r, p);
	else
		refused(r, p, "4.3.0", why);
}

static void
record(struct run *r, struct peer *p)
{
	static struct record rec;
	int fd = -1, e = record_recv(p->fd, &rec, &fd, -1);

	if (e != 1) {
		gone(r, p, "the worker ended");
		return;
	}
	switch (rec.kind) {
	case WORK_READY:
		e = greeted(r, p, &rec);
		break;
	case WORK_NEXT:
		e = ahead(r, p);
		break;
	case WORK_RESULT:
		e = judged(r, p, &rec);
		break;
	case WORK_TLS:
		e = secure(r, p, fd);
		break;
	case WORK_CLEAR:
		e = clear(r, p);
		break;
	case WORK_LOST:
		e = lost(r, p, &rec);
		break;
	default:
		e = fail_as(EBADMSG, "unknown record");
	}
	if (fd != -1)
		(void)close(fd);
	if (e == -1)
		gone(r, p, fail_text());
}

void
peer_ready(struct run *r, struct peer *p)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (p->state == PEER_FREE)
		return; /* ended by an earlier event of the same turn */
	if (p->state != PEER_CONNECTING) {
		record(r, p);
		return;
	}
	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		failed(r, p, error);
		return;
	}
	if (epoll_ctl(r->poll, EPOLL_CTL_DEL, p->fd, NULL) == -1)
		refused(r, p, "4.3.0", "epoll_ctl");
	else
		connected(r, p);
}

void
peer_tick(struct run *r)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < RUN_PEERS; i++) {
		struct peer *p = &r->peer[i];
		int64_t age = now - p->since;

		switch (p->state) {
		case PEER_CONNECTING:
			if (age > RUN_CONNECT * 1000 / r->hurry)
				failed(r, p, ETIMEDOUT);
			break;
		case PEER_QUITTING:
			if (age > QUIT_MS)
				leave(r, p);
			break;
		case PEER_GREETING:
		case PEER_BUSY:
			if (age > SESSION_MS)
				gone(r, p, "the worker took too long");
			break;
		case PEER_FREE:
		case PEER_IDLE:
			break;
		}
	}
}
