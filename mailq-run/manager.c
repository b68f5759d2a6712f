/* One loop over names, connections and workers.
 *
 * Who runs: flock on SPOOL/lock.  A second one finds it taken and leaves; so
 * that its reason is not lost, each one touches that file before it tries,
 * and the one that runs watches it, and new/, and looks again.  After the
 * lock is let go it looks a last time: whoever was turned away before that had
 * touched the file before that. */
#include "mailq-run/manager.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/crew.h"
#include "mailq-run/dest.h"
#include "mailq-run/feed.h"
#include "mailq-run/fetch.h"
#include "mailq-run/forget.h"
#include "mailq-run/lookup.h"
#include "mailq-run/mail.h"
#include "mailq-run/peer.h"
#include "mailq-run/progress.h"
#include "mailq-run/run.h"
#include "message/clock.h"
#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/sandbox.h"

enum {
	AT_ONCE = 64, /* mails taken, and events handled, per turn */
	FILES = RUN_MAILS + 3 * RUN_PEERS + 100,
	SCAN_MS = 60000, /* what became due meanwhile */
	TICK_MS = 1000,
};

time_t
run_time(const struct run *r)
{
	return time(NULL) + r->shift;
}

uint32_t
run_hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

/* ---- setting up */

/* Those that a router translates to ours. */
static void
know_outside(struct route_self *s, const char *addresses)
{
	struct span rest = span(addresses), one;
	struct sockaddr_storage ss;
	socklen_t len;
	char literal[80];

	while ((one = span_word(&rest)).len > 0 && s->own < ROUTE_OWN) {
		(void)snprintf(literal, sizeof(literal), "[%s%.*s]",
		    span_find(one, ':') < one.len ? "IPv6:" : "", (int)one.len,
		    one.p);
		if (domain_literal(span(literal), &ss, &len) == 0)
			s->addr[s->own++] = ss;
	}
}

/* Addresses of our interfaces; loopback is judged by itself. */
static int
know_self(struct run *r)
{
	struct ifaddrs *list, *i;
	struct route_self *s = &r->self;

	s->hostname = r->c->hostname;
	s->inside = r->c->loopback_mx;
	s->random = arc4random_uniform;
	know_outside(s, r->c->nat_address);
	if (getifaddrs(&list) == -1)
		return fail("addresses of this machine");
	for (i = list; i != NULL && s->own < ROUTE_OWN; i = i->ifa_next) {
		if (i->ifa_addr == NULL || strcmp(i->ifa_name, "lo") == 0)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			memcpy(&s->addr[s->own++], i->ifa_addr,
			    sizeof(struct sockaddr_in));
		else if (i->ifa_addr->sa_family == AF_INET6)
			memcpy(&s->addr[s->own++], i->ifa_addr,
			    sizeof(struct sockaddr_in6));
	}
	freeifaddrs(list);
	return 0;
}

static int
poll_add(struct run *r, int fd, void *what)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(r->poll, EPOLL_CTL_ADD, fd, &e) == -1)
		return fail("epoll_ctl");
	return 0;
}

static int
open_resolver(struct run *r)
{
	int pair[2];

	if (record_pair(pair) == -1)
		return fail("socketpair");
	r->dns = pair[0];
	if (record_send(r->crew, CREW_RESOLVER, 0, span(""), pair[1]) == -1)
		return fail("start the resolver");
	(void)close(pair[1]);
	return poll_add(r, r->dns, &r->dns);
}

static int
open_watch(struct run *r)
{
	r->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (r->watch == -1)
		return fail("inotify");
	if (fchdir(r->spool) == -1 ||
	    inotify_add_watch(r->watch, "new", IN_MOVED_TO) == -1 ||
	    inotify_add_watch(r->watch, "lock", IN_ATTRIB) == -1)
		return fail("watch the spool");
	return poll_add(r, r->watch, &r->watch);
}

static void
more_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1 || l.rlim_cur >= FILES)
		return;
	l.rlim_cur = l.rlim_max < FILES ? l.rlim_max : FILES;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

/* Files: the spool, and the configuration for `domains`. */
static int
lock_down(const struct run *r)
{
	int dirs[2] = { r->spool, -1 }, e;

	dirs[1] = open(r->c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	e = sandbox_files(dirs, dirs[1] == -1 ? 1 : 2);
	if (dirs[1] != -1)
		(void)close(dirs[1]);
	return e;
}

static int
set_up(struct run *r)
{
	more_files();
	r->poll = epoll_create1(EPOLL_CLOEXEC);
	if (r->poll == -1)
		return fail("epoll");
	if (know_self(r) == -1 || open_watch(r) == -1 || open_resolver(r) == -1)
		return -1;
	if (r->kick != -1 && poll_add(r, r->kick, &r->kick) == -1)
		return -1;
	return lock_down(r);
}

/* ---- what is due */

/* New mail is in new/: that is no reason to read all of due/. */
static void
drain_kick(struct run *r)
{
	char octet;

	while (recv(r->kick, &octet, 1, MSG_DONTWAIT) > 0)
		if (octet == SPOOL_KICK_NEW)
			r->look_new = true;
		else
			r->look_all = true;
}

static void
drain_watch(struct run *r)
{
	_Alignas(struct inotify_event) char events[4096];
	ssize_t n;

	while ((n = read(r->watch, events, sizeof(events))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e;

			e = (const void *)(events + at);
			if ((e->mask & IN_ATTRIB) != 0)
				r->look_all = true;
			else
				r->look_new = true;
			at += (ssize_t)(sizeof(*e) + e->len);
		}
}

static void
begin_scan(struct run *r)
{
	unsigned places = SPOOL_NEW;

	if (r->look_all || clock_ms() >= r->next_scan)
		places |= SPOOL_DUE;
	else if (!r->look_new)
		return;
	if ((places & SPOOL_DUE) != 0)
		r->next_scan = clock_ms() + SCAN_MS;
	r->look_all = r->look_new = false;
	r->scanning = true;
	r->scan_began = clock_ms();
	if (scan_open(&r->scan, r->spool, places, run_time(r)) == -1) {
		log_line(LOG_ERR, "scan error=\"%s\"", fail_text());
		r->scanning = false;
	}
}

/* Take up what is due, as far as there is room. */
static void
refill(struct run *r)
{
	struct scan_name name;

	if (!r->scanning)
		begin_scan(r);
	for (size_t n = 0; r->scanning && n < AT_ONCE && r->mails < RUN_MAILS;
	     n++) {
		int got = scan_next(&r->scan, &name);

		if (got == -1) {
			log_line(LOG_ERR, "scan error=\"%s\"", fail_text());
		} else if (got == 0) {
			scan_close(&r->scan);
			r->scanning = false;
		} else if (mail_take(r, name.id) == -1) {
			log_line(LOG_ERR, "spool id=%s error=\"%s\"", name.id,
			    fail_text());
		}
	}
}

/* ---- the loop */

static bool
connected(const struct run *r)
{
	for (size_t i = 0; i < RUN_PEERS; i++)
		if (r->peer[i].state != PEER_FREE)
			return true;
	return false;
}

static bool
busy(const struct run *r)
{
	return r->scanning || r->look_new || r->look_all || r->mails > 0 ||
	    connected(r);
}

static bool
is_fetch(const struct run *r, const void *p)
{
	return (uintptr_t)p >= (uintptr_t)r->fetch &&
	    (uintptr_t)p < (uintptr_t)(r->fetch + RUN_FETCHES);
}

static int
dispatch(struct run *r, struct epoll_event *e)
{
	if (e->data.ptr == &r->dns)
		return lookup_ready(r);
	if (e->data.ptr == &r->watch)
		drain_watch(r);
	else if (e->data.ptr == &r->kick)
		drain_kick(r);
	else if (is_fetch(r, e->data.ptr))
		fetch_ready(r, e->data.ptr);
	else
		peer_ready(r, e->data.ptr);
	return 0;
}

/* While the spool is being read, a moment is worth waiting for more messages
 * to the same hosts. */
static bool
gathering(const struct run *r)
{
	return r->scanning && r->mails < RUN_MAILS &&
	    clock_ms() - r->scan_began < RUN_GATHER;
}

/* How long to sleep. */
static int
patience(struct run *r)
{
	int ms = feed_tick(r);

	if (r->scanning && r->mails < RUN_MAILS)
		return 0;
	return ms == -1 ? TICK_MS : ms;
}

static int
turn(struct run *r)
{
	struct epoll_event events[AT_ONCE];
	int n;

	n = epoll_wait(r->poll, events, AT_ONCE, patience(r));
	if (n == -1 && errno != EINTR)
		return fail("epoll_wait");
	for (int i = 0; i < n; i++)
		if (dispatch(r, &events[i]) == -1)
			return -1;
	return 0;
}

/* Until there is nothing to do.  What is done is durable before a connection
 * gets its next letter, or leave to go. */
static int
work(struct run *r)
{
	int64_t ticked = clock_ms();

	for (;;) {
		refill(r);
		forget(r);
		mail_flush(r);
		peer_hand_out(r);
		if (!gathering(r))
			feed_all(r);
		if (!busy(r))
			return 0;
		if (turn(r) == -1)
			return -1;
		if (clock_ms() - ticked >= TICK_MS) {
			ticked = clock_ms();
			peer_tick(r);
			fetch_tick(r);
			progress_show(r);
		}
	}
}

/* 1: ours; 0: another one runs; -1. */
static int
lock(struct run *r)
{
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK ? 0 : fail("lock");
}

static int
run(struct run *r)
{
	int e = 0;

	if (set_up(r) == -1)
		return -1;
	progress_begin(r);
	for (;;) {
		e = work(r);
		if (e == -1)
			break;
		scan_tidy(r->spool, run_time(r), false);
		hosts_save(&r->hosts, r->spool, run_time(r));
		(void)flock(r->lock, LOCK_UN);
		drain_watch(r);
		if (r->kick != -1)
			drain_kick(r);
		if (!r->look_new && !r->look_all)
			break;
		e = lock(r);
		if (e != 1)
			break;
	}
	progress_end(r);
	return e;
}

int
manager_run(const struct manager *m)
{
	static struct run r;
	int got;

	r.c = m->c;
	r.retry = *m->retry;
	r.routes = m->routes;
	r.shift = m->shift;
	r.hurry = m->hurry;
	r.verbose = m->verbose;
	r.crew = m->crew;
	r.kick = m->kicked ? 0 : -1;
	r.ask_last = &r.ask;
	r.domains_most = FORGET_ABOVE;
	r.hungry_last = &r.hungry;
	r.peer = calloc(RUN_PEERS, sizeof(*r.peer));
	if (r.peer == NULL)
		return EX_OSERR;
	r.spool = spool_open(m->c->spool);
	r.lock = r.spool == -1 ?
	    -1 :
	    openat(r.spool, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (r.lock == -1) {
		log_line(LOG_ERR, "spool error=\"%s\"",
		    r.spool == -1 ? fail_text() : strerror(errno));
		if (m->verbose)
			(void)fprintf(stderr, "mailq-run: %s\n", fail_text());
		return EX_CANTCREAT;
	}
	if (r.kick != -1)
		drain_kick(&r);
	/* Started over new mail alone?  Who runs already sees that itself. */
	if (r.look_new && !r.look_all) {
		r.next_scan = clock_ms() + SCAN_MS;
	} else {
		r.look_all = true;
		(void)futimens(r.lock, NULL);
	}
	got = lock(&r);
	if (got == 0)
		return 0;
	hosts_load(&r.hosts, r.spool, run_time(&r));
	if (got == 1)
		got = run(&r);
	if (got == -1)
		log_line(LOG_ERR, "run error=\"%s\"", fail_text());
	return got == -1 ? EX_TEMPFAIL : 0;
}
