/* The parser is forked first: it reads what strangers write and can do nothing
 * else, and locks itself up before it hears who they are.  Meanwhile this
 * process greets the client and becomes the monitor, which answers requests of
 * fixed size. */
#include "smtp-session/connection.h"

#include <bsd/string.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/date.h"
#include "message/fail.h"
#include "session/account.h"
#include "session/address.h"
#include "session/log.h"
#include "session/monitor.h"
#include "session/proxy.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/tls.h"
#include "session/users.h"
#include "smtp-session/agent.h"
#include "smtp-session/milter.h"
#include "smtp-session/rights.h"
#include "smtp-session/smtp.h"

#define TROUBLE "421 4.3.0 Local trouble, try again later\r\n"

enum {
	ROOM = 256 * 1024, /* what content may be longer than the limit */
	LAST_RESORT = SMTP_SESSION_SECONDS + 600,
};

/* What the parser is told of its client, in one record; with the client, unless
 * that is a pair of pipes. */
struct welcome {
	struct peer peer;
	char id[12]; /* of the session's log lines */
	char tls[96];
	char only[65];
	bool plus, stress, trusted, from_queue, can_tls, keys, turned;
	uint64_t room; /* in the spool */
	long zone; /* seconds east of UTC */
};
_Static_assert(sizeof(struct welcome) < RECORD_DATA, "must fit a record");

/* The parser of this connection, and what leads to it. */
static struct {
	pid_t pid; /* 0: not forked yet */
	int sock; /* to the parser */
	int agent; /* the first agent's end */
} parser;

static int
say(const char *text)
{
	size_t n = strlen(text);

	return write(STDOUT_FILENO, text, n) == (ssize_t)n ? 0 : -1;
}

static int
trouble(const char *event, int status)
{
	log_line(LOG_ERR, "%s reason=\"%s\"", event, fail_text());
	(void)say(TROUBLE);
	return status;
}

/* ---- the configuration */

static struct stat
look(const struct service *s)
{
	struct stat st = { .st_ino = 0 };
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/mailroom.conf", s->dir);
	if (stat(path, &st) == -1)
		st.st_ino = 0;
	return st;
}

void
connection_load(struct service *s)
{
	s->file = look(s);
	s->configured = config_load(&s->config, s->dir) == 0;
}

static bool
config_changed(const struct service *s)
{
	struct stat now;

	if (getpid() == s->main)
		return false; /* read just now */
	now = look(s);
	return now.st_ino != s->file.st_ino || now.st_dev != s->file.st_dev ||
	    now.st_size != s->file.st_size ||
	    memcmp(&now.st_mtim, &s->file.st_mtim, sizeof(now.st_mtim)) != 0 ||
	    memcmp(&now.st_ctim, &s->file.st_ctim, sizeof(now.st_ctim)) != 0;
}

/* ---- the parser */

static int
lock_up(const struct service *s)
{
	const struct limits l = {
		.memory = 64 << 20,
		.file = s->config.size + ROOM,
		.files = RECORD_FILES,
		.procs = 0,
	};
	(void)signal(SIGXFSZ, SIG_IGN);
	return sandbox_alone(&s->config, &l, SANDBOX_PARSER);
}

/* 1; 0: the client did not stay. */
static int
hear_welcome(struct smtp *smtp, struct welcome *w, int sock)
{
	struct record *r = &smtp->deliver.record;
	int fd;

	if (record_recv(sock, r, &fd, -1) != 1 || r->len != sizeof(*w))
		return 0;
	memcpy(w, r->data, sizeof(*w));
	if (fd != -1) {
		(void)close(STDIN_FILENO);
		(void)close(STDOUT_FILENO);
	}
	smtp->in = fd == -1 ? STDIN_FILENO : fd;
	smtp->out = fd == -1 ? STDOUT_FILENO : fd;
	log_id(w->id);
	date_zone_fixed(w->zone);
	smtp->peer = &w->peer;
	smtp->plus = w->plus;
	smtp->can_tls = w->can_tls;
	smtp->keys = w->keys;
	smtp->stress = w->stress;
	smtp->trusted = w->trusted;
	smtp->from_queue = w->from_queue;
	smtp->turned = w->turned;
	smtp->room = w->room;
	(void)strlcpy(smtp->tls, w->tls, sizeof(smtp->tls));
	(void)strlcpy(smtp->only, w->only, sizeof(smtp->only));
	return 1;
}

static int
serve_client(const struct service *s, int sock, int agent)
{
	static struct smtp smtp;
	static struct welcome w;
	bool locked;

	tls_forget();
	monitor_parser(sock, agent);
	locked = lock_up(s) == 0;
	if (!locked)
		log_line(LOG_ERR, "sandbox-error reason=\"%s\"", fail_text());
	if (hear_welcome(&smtp, &w, sock) == 0)
		return 0;
	if (!locked) {
		(void)!write(smtp.out, TROUBLE, strlen(TROUBLE));
		return EX_OSERR;
	}
	(void)alarm(LAST_RESORT);
	smtp.config = &s->config;
	smtp.milter_list = milter_list(&s->config, &w.peer, s->submission);
	smtp.facts.submission = s->submission;
	smtp.facts.peer = w.peer.kind != PEER_INET ? POLICY_LOCAL :
	    w.peer.loopback			   ? POLICY_LOOPBACK :
						     POLICY_STRANGER;
	smtp_serve(&smtp, sock, agent);
	return 0;
}

static int
fork_parser(const struct service *s)
{
	int pair[2], agent[2] = { -1, -1 };

	if (record_pair(pair) == -1 ||
	    (!s->submission && record_pair(agent) == -1) ||
	    (parser.pid = fork()) == -1)
		return fail("session");
	if (parser.pid == 0) {
		(void)close(pair[0]);
		if (agent[0] != -1)
			(void)close(agent[0]);
		_exit(serve_client(s, pair[1], agent[1]));
	}
	(void)close(pair[1]);
	if (agent[1] != -1)
		(void)close(agent[1]);
	parser.sock = pair[0];
	parser.agent = agent[0];
	return 0;
}

void
connection_ready(void *service)
{
	const struct service *s = service;

	if (!s->configured || config_changed(s))
		return;
	if (fork_parser(s) == -1)
		parser.pid = 0;
}

/* ---- the client's arrival */

/* In accept mode start_sessions has counted all but those behind a balancer. */
static bool
was_counted(const struct service *s, const struct peer *peer)
{
	return getpid() != s->main &&
	    !address_listed(span(s->config.proxy_from), peer->ip);
}

static bool
admitted(const struct service *s, struct rights_ctx *x, struct welcome *w,
    bool counted)
{
	if (x->peer->kind != PEER_INET ||
	    ((counted || admit(&x->in, x->config, "smtp", x->peer)) &&
		(!s->submission ||
		    admit_stranger(&x->in, x->config, x->peer)))) {
		w->stress = x->in.all.stress;
		return true;
	}
	(void)say(CONNECTION_BUSY);
	return false;
}

/* TLS from the first octet (RFC 8314 s. 3.3): the relay takes the client's
 * socket, another takes its place. */
static int
encrypt(struct rights_ctx *x, struct welcome *w)
{
	int sock = tls_session(x->config, STDIN_FILENO, x->peer->ip,
	    &x->binding, w->tls);

	if (sock == -1)
		return -1;
	w->plus = x->binding.exporter_len > 0;
	if (dup2(sock, STDIN_FILENO) == -1 || dup2(sock, STDOUT_FILENO) == -1)
		return -1;
	(void)close(sock);
	return 0;
}

/* 220, or to those whom nobody wants here 554 (RFC 5321 s. 3.1). */
static int
greet(const struct config *c, struct welcome *w)
{
	char text[320];

	w->turned = address_listed(span(c->refuse_from), w->peer.ip);
	if (w->turned)
		log_line(LOG_NOTICE,
		    "refused ip=%s reason=\"not wanted\" setting=refuse-from",
		    w->peer.ip);
	(void)snprintf(text, sizeof(text),
	    w->turned ? "554 5.7.1 No mail from your address\r\n" :
			"220 %s ESMTP\r\n",
	    c->hostname);
	return say(text);
}

/* Which sender addresses a user of this host may use: root, the spool's user
 * and whoever runs us any, others their own. */
static int
find_local_user(const struct service *s, struct welcome *w)
{
	static struct account a;
	struct role spool;
	uid_t uid = w->peer.uid;
	bool queue;

	queue =
	    role_find(&spool, s->config.spool_user) == 0 && spool.uid == uid;
	/* Where all are one user nobody can tell. */
	w->from_queue = queue && role_root() && uid != 0;
	w->trusted =
	    w->peer.kind == PEER_PIPE || uid == 0 || uid == geteuid() || queue;
	if (w->trusted)
		return 0;
	switch (account_by_uid(&a, uid, s->config.helpers)) {
	case 1:
		(void)strlcpy(w->only, a.name, sizeof(w->only));
		return 0;
	case 0: /* no name begins with a blank: he sends as nobody */
		(void)strlcpy(w->only, " ", sizeof(w->only));
		return 0;
	}
	return -1;
}

/* The configuration may be newer than we are, and than a parser that waits. */
static void
be_current(struct service *s)
{
	if (!config_changed(s))
		return;
	connection_load(s);
	if (parser.pid == 0)
		return;
	(void)close(parser.sock); /* so it leaves */
	(void)close(parser.agent);
	parser.pid = 0;
}

/* What the spool has room for; a spool that nobody knows is no reason. */
static uint64_t
spool_room(const char *spool)
{
	struct statvfs st;

	return statvfs(spool, &st) == -1 ? UINT64_MAX :
					   (uint64_t)st.f_bavail * st.f_frsize;
}

static int
introduce(struct service *s, struct welcome *w)
{
	if (parser.pid == 0 && fork_parser(s) == -1)
		return -1;
	w->zone = date_zone_now();
	w->room = spool_room(s->config.spool);
	if (w->peer.kind == PEER_INET)
		w->can_tls = tls_configured(&s->config);
	else if (find_local_user(s, w) == -1)
		return -1;
	w->keys = s->submission && users_have_keys(&s->config);
	if (record_send(parser.sock, 0, 0, span_n((const char *)w, sizeof(*w)),
		w->peer.kind == PEER_PIPE ? -1 : STDIN_FILENO) == -1)
		return fail("welcome");
	/* The client is to see the end when the parser leaves. */
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	return 0;
}

int
connection_serve(const struct peer *peer, void *service)
{
	struct service *s = service;
	static struct welcome w;
	struct rights_ctx rights = { .config = &s->config,
		.peer = peer,
		.in = { { .fd = -1 }, { .fd = -1 } },
		.slots = { .fd = -1 } };
	struct monitor m = { .ctx = &rights,
		.rights = smtp_rights,
		.first = rights_first };

	be_current(s);
	if (!s->configured)
		return trouble("config-error", EX_CONFIG);
	w.peer = *peer;
	log_id_new(w.id);
	log_id(w.id);
	if (proxy_peer(&s->config, &w.peer) == -1)
		return 0;
	rights.peer = &w.peer;
	if (!admitted(s, &rights, &w, was_counted(s, peer)))
		return 0;
	peer = &w.peer;
	if (s->tls && peer->kind == PEER_INET && encrypt(&rights, &w) == -1)
		return 0;
	rights.milters = milter_list(&s->config, peer, s->submission);
	if (greet(&s->config, &w) == -1)
		return 0; /* the client has left */
	if (introduce(s, &w) == -1)
		return trouble("session-error", EX_OSERR);
	m.sock = parser.sock;
	m.child = parser.pid;
	if (w.turned && parser.agent != -1) { /* it will need none */
		(void)close(parser.agent);
		parser.agent = -1;
	}
	rights.agent = parser.agent;
	return monitor_serve(&m);
}
