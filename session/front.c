/* MAY HOLD ROOT. */
#include "session/front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/clock.h"
#include "message/fail.h"
#include "session/admit.h"
#include "session/front-parts.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/sasl.h"

enum {
	LOGIN_SECONDS = 180, /* from the greeting to the right password */
	LAST_RESORT = 600, /* alarm() of a process that nothing else ended */
};

static struct conn conn;
static struct admission in = { { .fd = -1 }, { .fd = -1 } };

int
front_trouble(const char *event, const char *trouble)
{
	log_line(LOG_ERR, "%s reason=%s", event, fail_text());
	(void)!write(STDOUT_FILENO, trouble, strlen(trouble));
	return EX_OSERR;
}

int
front_maildir(const struct config *c, const char *home, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", home, c->maildir);

	return n > 0 && n < PATH_MAX ?
	    0 :
	    fail_as(ENAMETOOLONG, "home %.64s... is too long", home);
}

/* ---- the parser */

static int
confine(const struct config *c)
{
	const struct limits l = { .memory = 64 << 20, .files = RECORD_FILES };
	return sandbox_alone(c, &l, SANDBOX_PARSER);
}

/* May a password cross this connection as it is? */
static bool
plain_enough(const struct config *c, const struct peer *peer)
{
	return c->plain_login == PLAIN_ALWAYS || peer->kind != PEER_INET ||
	    (c->plain_login == PLAIN_LOOPBACK && peer->loopback);
}

static struct front_stranger
stranger(const struct entry *e, int monitor)
{
	const struct config *c = e->call->config;
	struct front_stranger s = {
		.conn = &conn,
		.monitor = monitor,
		.tls = e->tls[0] != '\0',
		.with_tls = SASL_PLAIN | SASL_LOGIN,
		.per_user = c->connections_per_user,
	};

	if (users_have_keys(c))
		s.with_tls |= SASL_SCRAM;
	if (e->binding.exporter_len > 0 && (s.with_tls & SASL_SCRAM) != 0)
		s.with_tls |= SASL_SCRAM_PLUS;
	if (s.tls || plain_enough(c, e->peer))
		s.offered = s.with_tls;
	s.can_tls = !s.tls && e->peer->kind == PEER_INET && tls_configured(c);
	return s;
}

static int
parser(const struct entry *e, int monitor)
{
	const struct front *f = e->call->front;
	struct front_stranger s = stranger(e, monitor);

	tls_forget();
	monitor_parser(monitor, -1);
	(void)alarm(LAST_RESORT);
	if (confine(e->call->config) == -1)
		return front_trouble("sandbox-error", f->trouble);
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, false);
	conn.stop = clock_ms() + LOGIN_SECONDS * 1000;
	f->serve(&s);
	conn_end(&conn);
	return 0;
}

/* ---- the monitor */

/* Does not come back, or fails. */
static int
run_again(const struct entry *e, const char *login, const char *path)
{
	const struct front_call *call = e->call;
	const char *argv[FRONT_WORDS + 8] = { call->front->program };
	size_t n = 1;

	for (int i = 0; i < call->n && i < FRONT_WORDS; i++)
		argv[n++] = call->words[i];
	argv[n++] = "-L";
	argv[n++] = login;
	argv[n++] = "--";
	argv[n++] = e->user.name;
	argv[n++] = path;
	argv[n++] = call->config->shared_folders;
	argv[n++] = e->word;
	/* execv writes to none of them, whatever its prototype says. */
	(void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	return fail("exec /proc/self/exe");
}

/* For as long as the new process lives. */
static void
keep_slots(void)
{
	slots_close(&in.stranger);
	if (in.all.fd == FRONT_SLOT)
		(void)fcntl(in.all.fd, F_SETFD, 0);
	else if (in.all.fd != -1)
		(void)dup2(in.all.fd, FRONT_SLOT);
}

/* With his groups only where these let him into shared folders. */
static int
become(const struct entry *e)
{
	const struct user *u = &e->user;

	return e->call->config->shared_folders[0] == '\0' ?
	    role_drop(&u->role) :
	    role_drop_with_groups(&u->role, u->name);
}

/* Become the user, and the program anew. */
static int
hand_over(const struct entry *e)
{
	const struct config *c = e->call->config;
	char path[PATH_MAX], login[96];

	log_line(LOG_INFO, "login user=%s ip=%s%s%s%s", e->user.name,
	    e->peer->ip, e->tls[0] == '\0' ? "" : " tls=\"", e->tls,
	    e->tls[0] == '\0' ? "" : "\"");
	(void)alarm(0);
	(void)snprintf(login, sizeof(login), "%s:%ju:%s", log_id_get(),
	    (uintmax_t)c->size, e->peer->ip);
	if (front_maildir(c, e->user.home, path) == -1 || become(e) == -1)
		return front_trouble("login-error", e->call->front->trouble);
	keep_slots();
	(void)run_again(e, login, path);
	return front_trouble("login-error", e->call->front->trouble);
}

/* One of the slots for connections is held until the user's session ends. */
static bool
admitted(const struct front_call *call, const struct peer *peer)
{
	const char *busy = call->front->busy;

	if (peer->kind != PEER_INET ||
	    (admit(&in, call->config, call->front->program, peer) &&
		admit_stranger(&in, call->config, peer)))
		return true;
	(void)!write(STDOUT_FILENO, busy, strlen(busy));
	return false;
}

bool
front_room(const struct entry *e)
{
	const struct config *c = e->call->config;

	if (e->peer->kind != PEER_INET)
		return true;
	switch (slots_user(&in.all, c->run, e->call->front->program,
	    e->user.name, c->connections_per_user)) {
	case 1:
		return true;
	case 0:
		log_line(LOG_NOTICE,
		    "login-refused user=%s ip=%s reason=\"too many "
		    "connections\" limit=%u setting=connections-per-user",
		    e->user.name, e->peer->ip, c->connections_per_user);
		return false;
	default:
		log_line(LOG_ERR, "slots reason=\"%s\"", fail_text());
		return true;
	}
}

int
front_encrypt(struct entry *e, int sock)
{
	int r;

	sock = tls_session(e->call->config, sock, e->peer->ip, &e->binding,
	    e->tls);
	if (sock == -1)
		return -1;
	r = dup2(sock, STDIN_FILENO) == -1 || dup2(sock, STDOUT_FILENO) == -1 ?
	    fail("dup2") :
	    0;
	(void)close(sock);
	return r;
}

int
front_serve(const struct front_call *call, const struct peer *peer)
{
	const struct front *f = call->front;
	struct entry e = { .call = call, .peer = peer };
	struct monitor m = { .ctx = &e, .rights = front_rights };
	int pair[2], status;

	if (!admitted(call, peer))
		return 0;
	(void)alarm(LAST_RESORT);
	if (call->tls && peer->kind == PEER_INET &&
	    front_encrypt(&e, STDIN_FILENO) == -1)
		return 0;
	(void)!write(STDOUT_FILENO, f->greeting, strlen(f->greeting));
	if (record_pair(pair) == -1 || (m.child = fork()) == -1) {
		(void)fail("start the parser");
		return front_trouble("start-error", f->trouble);
	}
	if (m.child == 0) {
		(void)close(pair[0]);
		_exit(parser(&e, pair[1]));
	}
	(void)close(pair[1]);
	m.sock = pair[0];
	status = monitor_serve(&m);
	return e.in ? hand_over(&e) : status;
}
