/* pop3-session: one POP3 connection under a superserver (RFC 1939).
 *
 * MAY HOLD ROOT.  As root this process only waits (the monitor), while a
 * sandboxed child reads what strangers write.  After the right password it
 * drops to the user and executes itself anew, so that nothing of the login
 * is left in the process that touches the user's mail.  Nothing has been read
 * from the client beyond the line of the password, so what it pipelined is
 * still there.  On a pipe there is no login: see session_serve. */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "pop3-session/login.h"
#include "pop3-session/session.h"
#include "session/auth.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/log.h"
#include "session/monitor.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/start.h"
#include "session/users.h"

#define PROGRAM "pop3-session"
#define GREETING "+OK POP3 server ready\r\n"
#define BUSY "-ERR [SYS/TEMP] Too many connections from your address\r\n"
#define TROUBLE "-ERR [SYS/TEMP] Service not available now\r\n"

enum {
	LOGIN_SECONDS = 180, /* from the greeting to the right password */
	PAUSE = 2, /* seconds after a wrong one */
	LAST_RESORT = 600, /* alarm() of a process that nothing else ended */
};

static struct {
	const char *dir; /* of the configuration */
	bool trash;
	const char *login; /* "ID:IP": executed again after the login */
	char home[PATH_MAX]; /* of whoever runs us, "" unknown */
} option = { .dir = CONFIG_DIR };

static struct config config;
static struct conn conn;

struct front {
	const struct peer *peer;
	struct user user; /* who has logged in */
	bool in;
};

static int
trouble(const char *event)
{
	log_line(LOG_ERR, "%s reason=%s", event, fail_text());
	(void)!write(STDOUT_FILENO, TROUBLE, strlen(TROUBLE));
	return EX_OSERR;
}

/* Whose Maildir: "HOME/Maildir" into path[PATH_MAX]. */
static int
maildir_path(const char *home, char *path)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", home, config.maildir);

	return n > 0 && n < PATH_MAX ?
	    0 :
	    fail_as(ENAMETOOLONG, "home %.64s... is too long", home);
}

/* The sandboxed child. */
static int
parser(const struct peer *peer, int sock)
{
	const struct limits l = { .memory = 64 << 20, .files = 6 };
	struct timespec now;
	struct role net;
	char empty[PATH_MAX];
	bool plain = config.plain_login == PLAIN_ALWAYS ||
	    peer->kind != PEER_INET ||
	    (config.plain_login == PLAIN_LOOPBACK && peer->loopback);

	(void)close(LOG_FD);
	monitor_client(sock);
	(void)alarm(LAST_RESORT);
	(void)snprintf(empty, sizeof(empty), "%s/empty", config.run);
	if ((role_root() &&
		(role_find(&net, config.net_user) == -1 ||
		    role_jail(&net, empty) == -1)) ||
	    sandbox_limits(&l) == -1 || sandbox_files(NULL, 0) == -1 ||
	    sandbox_calls(SANDBOX_PARSER) == -1)
		return trouble("sandbox-error");
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, false);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	conn.stop = ((int64_t)now.tv_sec + LOGIN_SECONDS) * 1000;
	(void)login_serve(&conn, sock, plain);
	return 0;
}

/* ASK_LOGIN: a name, NUL, and the password (its NUL stands behind the data).
 * The child is done with after the right one: what stays of a parser that
 * has been taken over must not share the connection with the user. */
static int
answer_login(struct monitor *m, const struct record *r, int fd)
{
	struct front *f = m->ctx;
	size_t name = strnlen(r->data, r->len);

	(void)fd;
	if (name == r->len)
		return fail_as(EBADMSG, "login without a password");
	switch (auth_check(&config, r->data, r->data + name + 1, f->peer->ip,
	    &f->user)) {
	case AUTH_OK:
		f->in = true;
		(void)kill(m->child, SIGKILL);
		(void)waitpid(m->child, NULL, 0);
		return 1;
	case AUTH_BAD:
		log_line(LOG_NOTICE, "login-refused user=%s ip=%s", r->data,
		    f->peer->ip);
		(void)sleep(PAUSE);
		return record_send(m->sock, LOGIN_BAD, 0, span(""), -1);
	case AUTH_TEMP:
		break;
	}
	log_line(LOG_ERR, "login-error user=%s ip=%s reason=%s", r->data,
	    f->peer->ip, fail_text());
	return record_send(m->sock, LOGIN_TEMP, 0, span(""), -1);
}

static const struct right rights[MONITOR_KINDS] = {
	[ASK_LOG] = { 100, LOG_LINE_MAX, monitor_log },
	[ASK_LOGIN] = { LOGIN_TRIES, LOGIN_LONGEST, answer_login },
};

/* Become the user, and this program anew. */
static int
hand_over(const struct front *f)
{
	char path[PATH_MAX], login[64];
	const char *options = option.trash ? "-tL" : "-L";

	log_line(LOG_INFO, "login user=%s ip=%s", f->user.name, f->peer->ip);
	(void)alarm(0);
	(void)snprintf(login, sizeof(login), "%s:%s", log_id_get(),
	    f->peer->ip);
	if (maildir_path(f->user.home, path) == -1 ||
	    role_drop(&f->user.role) == -1)
		return trouble("login-error");
	(void)execl("/proc/self/exe", PROGRAM, options, login, "--",
	    f->user.name, path, (char *)NULL);
	(void)fail("exec /proc/self/exe");
	return trouble("login-error");
}

static int
front(const struct peer *peer)
{
	struct front f = { .peer = peer };
	struct monitor m = { .ctx = &f, .rights = rights };
	int pair[2], status;

	(void)!write(STDOUT_FILENO, GREETING, strlen(GREETING));
	(void)alarm(LAST_RESORT);
	if (record_pair(pair) == -1 || (m.child = fork()) == -1) {
		(void)fail("start the parser");
		return trouble("start-error");
	}
	if (m.child == 0) {
		(void)close(pair[0]);
		_exit(parser(peer, pair[1]));
	}
	(void)close(pair[1]);
	m.sock = pair[0];
	status = monitor_serve(&m);
	return f.in ? hand_over(&f) : status;
}

/* On a pipe: the mailbox of whoever runs us. */
static int
own(const struct peer *peer)
{
	const struct passwd *pw = getpwuid(peer->uid);
	char path[PATH_MAX];
	struct service s = {
		.conn = &conn,
		.maildir = path,
		.ip = "",
		.user = pw != NULL ? pw->pw_name : "?",
		.welcome = "Your own mail",
		.trash = option.trash,
	};
	const char *home = option.home;

	if (home[0] == '\0' && pw != NULL)
		home = pw->pw_dir;
	if (home[0] != '/') {
		(void)fail_as(ENOENT, "uid %u has no home", peer->uid);
		return trouble("start-error");
	}
	if (maildir_path(home, path) == -1)
		return trouble("start-error");
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, true);
	return session_serve(&s);
}

static int
session(const struct peer *peer, void *ctx)
{
	char id[12];

	(void)ctx;
	log_id_new(id);
	log_id(id);
	return peer->kind == PEER_PIPE ? own(peer) : front(peer);
}

/* After the login: "-L ID:IP NAME MAILDIR". */
static int
logged_in(const char *name, const char *maildir)
{
	const struct span login = span(option.login);
	size_t colon = span_find(login, ':');
	char id[16];
	struct service s = {
		.conn = &conn,
		.maildir = maildir,
		.user = name,
		.ip = colon < login.len ? login.p + colon + 1 : "",
		.welcome = "Logged in",
		.trash = option.trash,
	};

	(void)snprintf(id, sizeof(id), "%.*s", (int)colon, login.p);
	log_inherit(PROGRAM);
	log_id(id);
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, true);
	return session_serve(&s);
}

static void
usage(void)
{
	errx(EX_USAGE, "usage: " PROGRAM " [-t] [-c DIR]");
}

int
main(int argc, char **argv)
{
	int c;
	bool wrong = false;

	opterr = 0; /* descriptor 2 may be the client */
	if (getenv("HOME") != NULL)
		(void)snprintf(option.home, sizeof(option.home), "%s",
		    getenv("HOME"));
	while ((c = getopt(argc, argv, "c:L:t")) != -1)
		switch (c) {
		case 'c':
			option.dir = optarg;
			break;
		case 'L':
			option.login = optarg;
			break;
		case 't':
			option.trash = true;
			break;
		default:
			wrong = true;
		}
	sandbox_start(option.login != NULL ? LOG_FD + 1 : LOG_FD);
	if (wrong || argc - optind != (option.login != NULL ? 2 : 0))
		usage();
	if (option.login != NULL)
		return logged_in(argv[optind], argv[optind + 1]);
	if (config_load(&config, option.dir) == -1) {
		log_open(PROGRAM, NULL);
		(void)trouble("config-error");
		errx(EX_CONFIG, "%s", fail_text());
	}
	log_open(PROGRAM, config.log);
	start_limits(config.connections, config.connections_per_address, BUSY);
	return start_sessions(session, NULL);
}
