/* Certificates, and the way out: what others see of this host over TCP. */
#include <arpa/inet.h>
#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "message/fail.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/tls.h"

enum {
	DAY = 24 * 60 * 60,
	SOON = 14, /* days before its end */
	CONNECT_MS = 10000,
	GREETING_MS = 20000,
	LINE = 200, /* of a greeting that is shown */
};

/* Who takes mail from everybody, when nobody is named. */
#define WELL_KNOWN "gmail.com"

/* ---- certificates */

static void
check_dates(struct check *k, const char *dir, const struct tls_cert *c)
{
	static const char fix[] = "renew it and put it there; nothing has to "
				  "be restarted";
	int64_t left = c->ends - (int64_t)time(NULL);
	const time_t ends = (time_t)c->ends;
	struct tm tm;
	char day[16] = "";

	if (gmtime_r(&ends, &tm) != NULL)
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	if (left < 0)
		check_say(k, CHECK_FAULT, dir, fix,
		    "the certificate of %s has ended on %s", c->subject, day);
	else if (left < SOON * DAY)
		check_say(k, CHECK_WARNING, dir, fix,
		    "the certificate of %s ends on %s, in %lld days",
		    c->subject, day, (long long)(left / DAY));
	else if (c->begins > (int64_t)time(NULL))
		check_say(k, CHECK_FAULT, dir, "look at the clock of this host",
		    "the certificate of %s has not begun yet", c->subject);
	else
		check_ok(k, "the certificate of %s holds until %s", c->subject,
		    day);
}

/* Does one of the certificates have what the record names?  1; 0; -1: that
 * kind cannot be told from here. */
static int
fits(const struct tls_certs *certs, const struct dns_rr *rr)
{
	const unsigned char *p = (const void *)rr->data;

	if (rr->len != 3 + 32 || p[0] != 3 || p[1] > 1 || p[2] != 1)
		return -1;
	for (uint32_t i = 0; i < certs->count; i++)
		if (memcmp(p + 3,
			p[1] == 1 ? certs->cert[i].key_sha256 :
				    certs->cert[i].sha256,
			32) == 0)
			return 1;
	return 0;
}

/* Records that no longer fit keep all mail away whose senders look at them. */
static void
check_tlsa(struct check *k, const struct tls_certs *certs)
{
	static struct dns_answer a;
	char name[DNS_NAME + 16];

	(void)snprintf(name, sizeof(name), "_25._tcp.%s", k->config.hostname);
	if (strlen(name) >= DNS_NAME ||
	    check_ask(k, DNS_TLSA, name, &a) != DNS_OK)
		return;
	for (size_t i = 0; i < a.count; i++) {
		int r = fits(certs, &a.rr[i]);

		if (r != 0) {
			if (r == 1)
				check_ok(k, "%s names our key", name);
			return;
		}
	}
	check_say(k, CHECK_FAULT, name,
	    "publish the TLSA record that mailroom-check --records prints",
	    "none of its records names our key, so that senders who look at "
	    "them keep their mail");
}

void
check_tls(struct check *k)
{
	static struct tls_certs certs;
	char dir[PATH_MAX], fix[PATH_MAX + 128];
	uint32_t named = 0;

	config_path(&k->config, "tls", dir);
	if (!tls_configured(&k->config)) {
		check_say(k, CHECK_WARNING, dir,
		    "put cert.pem and key.pem there (mailroom.conf(5))",
		    "there is no certificate: mail comes in clear, and nobody "
		    "can log in");
		return;
	}
	if (tls_look(&k->config, k->config.hostname, &certs) == -1) {
		check_say(k, CHECK_FAULT, dir,
		    "put a certificate with its chain into cert.pem, its key "
		    "without passphrase into key.pem, chmod 600 key.pem",
		    "no client gets TLS: %s", fail_text());
		return;
	}
	for (uint32_t i = 0; i < certs.count; i++) {
		check_dates(k, dir, &certs.cert[i]);
		named += certs.cert[i].named;
	}
	(void)snprintf(fix, sizeof(fix), "get one for %s", k->config.hostname);
	if (named == 0)
		check_say(k, CHECK_WARNING, dir, fix,
		    "none of the certificates is for %s", k->config.hostname);
	else
		check_ok(k, "a certificate is for %s", k->config.hostname);
	if (strchr(k->config.hostname, '.') != NULL)
		check_tlsa(k, &certs);
}

/* ---- port 25 */

/* Where to, and as whom it is shown. */
struct target {
	char name[DNS_NAME];
	uint16_t port;
	struct check_addresses at;
};

/* In the child: the first line of whoever answers, with its code; or why not
 * with 0. */
static int
greeting(const struct check_address *at, uint16_t port, char line[LINE])
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	bool v4 = at->family == AF_INET;
	struct pollfd p = { .events = POLLOUT };
	int e = 0;
	socklen_t len = sizeof(e);
	ssize_t n = -1;

	memcpy(&in.sin_addr, at->octets, 4);
	memcpy(&in6.sin6_addr, at->octets, 16);
	p.fd =
	    socket(at->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p.fd == -1 ||
	    (connect(p.fd,
		 v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
		 v4 ? sizeof(in) : sizeof(in6)) == -1 &&
		errno != EINPROGRESS))
		e = errno;
	else if (poll(&p, 1, CONNECT_MS) != 1)
		e = ETIMEDOUT;
	else
		(void)getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &e, &len);
	if (e == 0) {
		p.events = POLLIN;
		if (poll(&p, 1, GREETING_MS) == 1)
			n = recv(p.fd, line, LINE - 1, 0);
	}
	(void)snprintf(line + (n > 0 ? n : 0), (size_t)(LINE - (n > 0 ? n : 0)),
	    "%s",
	    n > 0      ? "" :
		e == 0 ? "no greeting" :
			 strerror(e));
	return n >= 3 && line[0] >= '2' && line[0] <= '5' ? line[0] - '0' : 0;
}

static _Noreturn void
try_all(const struct check *k, const struct target *t, int sock)
{
	const struct limits l = { .memory = 64 << 20,
		.files = 32,
		.cpu = 20,
		.procs = role_root() ? 0 : -1 };
	char line[LINE] = "";
	int digit = 0;

	if (sandbox_alone(&k->config, &l, SANDBOX_DNS) == -1)
		(void)snprintf(line, sizeof(line), "%s", fail_text());
	else
		for (size_t i = 0; i < t->at.count && i < 3 && digit == 0; i++)
			digit = greeting(&t->at.at[i], t->port, line);
	(void)record_send(sock, 0, digit, span(line), -1);
	_exit(0);
}

/* A child tries, and its answer comes in *r.  0; -1: fail_text(). */
static int
ask(struct check *k, const struct target *t, struct record *r)
{
	int pair[2], got;
	pid_t pid;

	if (record_pair(pair) == -1)
		return fail("socketpair");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		try_all(k, t, pair[1]);
	(void)close(pair[1]);
	got = pid == -1 ? -1 : record_recv(pair[0], r, NULL, -1);
	(void)close(pair[0]);
	if (pid == -1)
		return fail("fork");
	return got == 1 ? 0 : fail_as(EPIPE, "the child that tried is gone");
}

static void
call(struct check *k, const struct target *t)
{
	static struct record r;
	char where[DNS_NAME + 8];
	struct span line;

	(void)snprintf(where, sizeof(where), "%s:%u", t->name, t->port);
	if (ask(k, t, &r) == -1) {
		check_say(k, CHECK_WARNING, where, "try it again",
		    "whether mail can leave was not tried: %s", fail_text());
		return;
	}
	line = record_span(&r);
	line = span_trim(span_cut(&line, '\n'));
	for (size_t i = 0; i < line.len; i++)
		if (r.data[i] < ' ' || r.data[i] > '~')
			r.data[i] = '?';
	if (r.value == 2)
		check_ok(k, "%s answers", where);
	else if (r.value != 0)
		check_say(k, CHECK_WARNING, where,
		    "look at our name and its PTR (mailroom-check name), and "
		    "at lists of bad hosts",
		    "it does not greet us: %.*s", (int)line.len, line.p);
	else
		check_say(k, CHECK_FAULT, where,
		    "ask your provider to open port 25, or send by a smart "
		    "host (mailroom-routes(5))",
		    "no mail can leave: %.*s", (int)line.len, line.p);
}

/* The host named on the command line, the smart host, or somebody's mail
 * exchanger.  0; -1: told. */
static int
find_target(struct check *k, struct target *t)
{
	static struct dns_answer a;
	const struct routes_line *smart = routes_find(&k->routes, "");

	t->port = k->config.smtp_port;
	(void)strlcpy(t->name, WELL_KNOWN, sizeof(t->name));
	if (k->host != NULL) {
		(void)strlcpy(t->name, k->host, sizeof(t->name));
	} else if (smart != NULL && !smart->mx) {
		(void)strlcpy(t->name, smart->host, sizeof(t->name));
		t->port = smart->port;
	} else if (check_ask(k, DNS_MX, WELL_KNOWN, &a) == DNS_OK) {
		(void)strlcpy(t->name, a.rr[0].data, sizeof(t->name));
	}
	t->at.at[0] = (struct check_address){ .family = AF_INET };
	if (inet_pton(AF_INET, t->name, t->at.at[0].octets) == 1)
		return (int)(t->at.count = 1) - 1;
	t->at.at[0].family = AF_INET6;
	if (inet_pton(AF_INET6, t->name, t->at.at[0].octets) == 1)
		return (int)(t->at.count = 1) - 1;
	if (check_lookup(k, t->name, &t->at, &a) == DNS_OK)
		return 0;
	check_say(k, CHECK_WARNING, t->name,
	    "look at the name servers, or name another host with -p",
	    "whether mail can leave was not tried: its address is not known");
	return -1;
}

void
check_port25(struct check *k)
{
	struct target t = { .port = 0 };

	if (find_target(k, &t) == 0)
		call(k, &t);
}
