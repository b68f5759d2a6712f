/* MAY HOLD ROOT. */
#include "session/front.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/front-parts.h"
#include "session/log.h"
#include "session/monitor.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/sasl.h"
#include "session/slots.h"

enum {
	LOGIN_SECONDS = 180, /* from the greeting to the right password */
	LAST_RESORT = 600, /* alarm() of a process that nothing else ended */
};

static struct conn conn;
static struct slots slots = { .fd = -1 };

int
front_trouble(const char *event, const char *trouble)
{
	log_line(LOG_ERR, "%s reason=%s", event, fail_text());
	(void)!write(STDOUT_FILENO, trouble, strlen(trouble));
	return EX_OSERR;
}

static int
maildir_path(const struct config *c, const char *home, char path[PATH_MAX])
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
	const struct limits l = { .memory = 64 << 20, .files = 6 };
	struct role net;
	char empty[PATH_MAX];

	(void)snprintf(empty, sizeof(empty), "%s/empty", c->run);
	if (role_root() &&
	    (role_find(&net, c->net_user) == -1 ||
		role_jail(&net, empty) == -1))
		return -1;
	if (sandbox_limits(&l) == -1 || sandbox_files(NULL, 0) == -1)
		return -1;
	return sandbox_calls(SANDBOX_PARSER);
}

/* What may be tried on this connection. */
static unsigned
offered(const struct config *c, const struct peer *peer)
{
	if (c->plain_login != PLAIN_ALWAYS && peer->kind == PEER_INET &&
	    (c->plain_login != PLAIN_LOOPBACK || !peer->loopback))
		return 0;
	return SASL_PLAIN | SASL_LOGIN | (users_have_keys(c) ? SASL_SCRAM : 0);
}

static int
parser(const struct front *f, const struct peer *peer, int monitor)
{
	unsigned mechanisms = offered(f->config, peer);
	struct timespec now;

	(void)close(LOG_FD);
	monitor_client(monitor);
	(void)alarm(LAST_RESORT);
	if (confine(f->config) == -1)
		return front_trouble("sandbox-error", f->trouble);
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, false);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	conn.stop = ((int64_t)now.tv_sec + LOGIN_SECONDS) * 1000;
	f->serve(&conn, monitor, mechanisms);
	conn_end(&conn);
	return 0;
}

/* ---- the monitor */

/* Does not come back, or fails. */
static int
run_again(const struct entry *e, const char *login, const char *path)
{
	const struct front *f = e->front;
	const char *argv[FRONT_SETTINGS + 8] = { f->program };
	size_t n = 1;

	for (size_t i = 0; f->settings != NULL && f->settings[i] != NULL &&
	     i < FRONT_SETTINGS;
	     i++)
		argv[n++] = f->settings[i];
	argv[n++] = f->option;
	argv[n++] = login;
	argv[n++] = "--";
	argv[n++] = e->user.name;
	argv[n++] = path;
	argv[n++] = e->word;
	/* execv writes to none of them, whatever its prototype says. */
	(void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	return fail("exec /proc/self/exe");
}

/* Become the user, and the program anew. */
static int
hand_over(const struct entry *e)
{
	const struct front *f = e->front;
	char path[PATH_MAX], login[64];

	log_line(LOG_INFO, "login user=%s ip=%s", e->user.name, e->peer->ip);
	(void)alarm(0);
	(void)snprintf(login, sizeof(login), "%s:%s", log_id_get(),
	    e->peer->ip);
	if (maildir_path(f->config, e->user.home, path) == -1 ||
	    role_drop(&e->user.role) == -1)
		return front_trouble("login-error", f->trouble);
	if (slots.fd != -1)
		(void)dup2(slots.fd, FRONT_SLOT);
	(void)run_again(e, login, path);
	return front_trouble("login-error", f->trouble);
}

/* One of the slots for connections, held until the user's session ends too. */
static bool
admitted(const struct front *f, const struct peer *peer)
{
	const char *word;

	if (peer->kind != PEER_INET)
		return true;
	switch (slots_take(&slots, f->config->run, f->program, peer->ip,
	    f->config->connections, f->config->connections_per_address,
	    &word)) {
	case 1:
		return true;
	case 0:
		log_line(LOG_NOTICE,
		    "refused ip=%s reason=\"too many connections\" "
		    "setting=%s",
		    peer->ip, word);
		(void)!write(STDOUT_FILENO, f->busy, strlen(f->busy));
		return false;
	default: /* better too many than none */
		log_line(LOG_ERR, "slots reason=\"%s\"", fail_text());
		return true;
	}
}

int
front_serve(const struct front *f, const struct peer *peer)
{
	struct entry e = { .front = f, .peer = peer };
	struct monitor m = { .ctx = &e, .rights = front_rights };
	int pair[2], status;

	if (!admitted(f, peer))
		return 0;
	(void)!write(STDOUT_FILENO, f->greeting, strlen(f->greeting));
	(void)alarm(LAST_RESORT);
	if (record_pair(pair) == -1 || (m.child = fork()) == -1) {
		(void)fail("start the parser");
		return front_trouble("start-error", f->trouble);
	}
	if (m.child == 0) {
		(void)close(pair[0]);
		_exit(parser(f, peer, pair[1]));
	}
	(void)close(pair[1]);
	m.sock = pair[0];
	status = monitor_serve(&m);
	return e.in ? hand_over(&e) : status;
}

/* ---- the new process */

int
front_user(struct front_user *u, const char *program, const char *login,
    char **args)
{
	size_t colon = strcspn(login, ":");

	if (args[0] == NULL || args[1] == NULL || args[2] == NULL ||
	    args[3] != NULL || login[colon] == '\0')
		return fail_as(EINVAL, "option -L is internal");
	*u = (struct front_user){
		.ip = login + colon + 1,
		.name = args[0],
		.maildir = args[1],
		.word = args[2],
	};
	(void)snprintf(u->id, sizeof(u->id), "%.*s", (int)colon, login);
	log_inherit(program);
	log_id(u->id);
	return 0;
}

int
front_self(struct front_user *u, const struct config *c, const char *home,
    char path[PATH_MAX])
{
	const struct passwd *pw = getpwuid(getuid());

	if (home[0] == '\0' && pw != NULL)
		home = pw->pw_dir;
	if (home[0] != '/')
		return fail_as(ENOENT, "uid %u has no home", getuid());
	*u = (struct front_user){
		.ip = "",
		.name = pw != NULL ? pw->pw_name : "?",
		.maildir = path,
		.word = "",
	};
	return maildir_path(c, home, path);
}
