/* smtp-session: one SMTP connection under a superserver (RFC 5321).
 *
 * MAY HOLD ROOT.  The greeting is a constant and leaves before anything else
 * is set up.  Then this process becomes the monitor, which answers requests
 * of fixed size, and its child the parser, which reads what strangers write
 * and can do nothing else. */
#include "smtp-session/smtp.h"

#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/date.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/monitor.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/slots.h"
#include "session/tls.h"
#include "session/users.h"
#include "smtp-session/explain.h"
#include "smtp-session/milter.h"
#include "smtp-session/rights.h"

#define PROGRAM "smtp-session"
#define TROUBLE "421 4.3.0 Local trouble, try again later\r\n"
#define BUSY "421 4.7.0 Too many connections, try again later\r\n"

enum {
	ROOM = 256 * 1024, /* what content may be longer than the limit */
	LAST_RESORT = SMTP_SESSION_SECONDS + 600,
};

static struct {
	const char *dir; /* of the configuration */
	bool submission;
	bool tls; /* from the first octet */
	bool explain; /* say what would be decided */
	pid_t main; /* of the process that was started */
} option = { .dir = CONFIG_DIR };

static struct config config;
static bool configured;
static struct smtp smtp;

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

static void
load(void)
{
	configured = config_load(&config, option.dir) == 0;
}

/* Which sender addresses a user of this host may use: root, the spool's user
 * and whoever runs us any, others their own. */
static void
find_local_user(const struct peer *peer)
{
	const struct passwd *pw;
	struct role spool;

	smtp.trusted = peer->kind == PEER_PIPE || peer->uid == 0 ||
	    peer->uid == geteuid() ||
	    (role_find(&spool, config.spool_user) == 0 &&
		spool.uid == peer->uid);
	if (smtp.trusted)
		return;
	pw = getpwuid(peer->uid);
	/* No name begins with a blank: somebody unknown sends as nobody. */
	(void)strlcpy(smtp.only, pw == NULL ? " " : pw->pw_name,
	    sizeof(smtp.only));
}

static int
lock_up(void)
{
	const struct limits l = {
		.memory = 64 << 20,
		.file = config.size + ROOM,
		.files = RECORD_FILES,
		.procs = 0,
	};
	char empty[PATH_MAX];
	struct role net;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)snprintf(empty, sizeof(empty), "%s/empty", config.run);
	if (role_root() &&
	    (role_find(&net, config.net_user) == -1 ||
		role_jail(&net, empty) == -1))
		return -1;
	if (sandbox_limits(&l) == -1 || sandbox_files(NULL, 0) == -1)
		return -1;
	return sandbox_calls(SANDBOX_PARSER);
}

/* The sandboxed child. */
static int
parser(const struct peer *peer, const char *milters, int sock)
{
	bool can_tls, keys;

	(void)close(LOG_FD);
	monitor_client(sock);
	(void)alarm(LAST_RESORT);
	date_zone();
	can_tls = peer->kind == PEER_INET && tls_configured(&config);
	tls_forget();
	keys = option.submission && users_have_keys(&config);
	if (peer->kind != PEER_INET)
		find_local_user(peer);
	if (lock_up() == -1)
		return trouble("sandbox-error", EX_OSERR);
	smtp.can_tls = can_tls;
	smtp.keys = keys;
	smtp.milter_list = milters;
	smtp.config = &config;
	smtp.peer = peer;
	smtp.facts.submission = option.submission;
	smtp.facts.peer = peer->kind != PEER_INET ? POLICY_LOCAL :
	    peer->loopback			  ? POLICY_LOOPBACK :
						    POLICY_STRANGER;
	smtp_serve(&smtp, sock);
	return 0;
}

/* In the other form of starting, start_sessions counts. */
static bool
admitted(const struct peer *peer)
{
	static struct slots slots; /* held until we end */
	const char *word;

	if (getpid() != option.main || peer->kind != PEER_INET)
		return true;
	switch (slots_take(&slots, config.run, "smtp", peer->ip,
	    config.connections, config.connections_per_address, &word)) {
	case 1:
		smtp.stress = slots.stress;
		return true;
	case 0:
		log_line(LOG_NOTICE,
		    "refused ip=%s reason=\"too many "
		    "connections\" setting=%s",
		    peer->ip, word);
		(void)say(BUSY);
		return false;
	}
	log_line(LOG_ERR, "slots reason=\"%s\"", fail_text());
	return true;
}

/* TLS from the first octet (RFC 8314 s. 3.3): the relay takes the client's
 * socket, another takes its place. */
static int
encrypt(struct rights_ctx *x)
{
	static struct tls_info info;
	int sock = tls_server(&config, STDIN_FILENO, &info);

	if (sock == -1) {
		log_line(LOG_NOTICE, "no-tls ip=%s reason=\"%s\"", x->peer->ip,
		    fail_text());
		return -1;
	}
	x->binding = info.binding;
	smtp.plus = info.binding.exporter_len > 0;
	(void)snprintf(smtp.tls, sizeof(smtp.tls), "%s %s", info.version,
	    info.cipher);
	if (dup2(sock, STDIN_FILENO) == -1 || dup2(sock, STDOUT_FILENO) == -1)
		return -1;
	(void)close(sock);
	return 0;
}

static int
session(const struct peer *peer, void *ctx)
{
	struct rights_ctx rights = { .config = &config, .peer = peer };
	struct monitor m = { .ctx = &rights, .rights = smtp_rights };
	char greeting[320], id[12];
	int pair[2];

	(void)ctx;
	/* In accept mode the configuration may be newer than we are. */
	if (getpid() != option.main)
		load();
	if (!configured)
		return trouble("config-error", EX_CONFIG);
	log_id_new(id);
	log_id(id);
	if (!admitted(peer))
		return 0;
	if (option.tls && peer->kind == PEER_INET && encrypt(&rights) == -1)
		return 0;
	rights.milters = milter_list(&config, peer, option.submission);
	(void)snprintf(greeting, sizeof(greeting), "220 %s ESMTP\r\n",
	    config.hostname);
	if (say(greeting) == -1)
		return 0; /* the client has left */
	if (record_pair(pair) == -1 || (m.child = fork()) == -1) {
		(void)fail("session");
		return trouble("session-error", EX_OSERR);
	}
	if (m.child == 0) {
		(void)close(pair[0]);
		_exit(parser(peer, rights.milters, pair[1]));
	}
	(void)close(pair[1]);
	/* The client is to see the end when the parser leaves. */
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	m.sock = pair[0];
	return monitor_serve(&m);
}

noreturn static void
usage(void)
{
	(void)fprintf(stderr,
	    "usage: smtp-session [-sS] [-c directory]\n"
	    "       smtp-session [-s] [-c directory] -explain ip helo from "
	    "rcpt [file]\n");
	exit(EX_USAGE);
}

/* -explain IP HELO FROM RCPT [FILE], behind other options. */
static int
explain_main(int argc, char **argv)
{
	if (argc < 4 || argc > 5)
		usage();
	if (!configured)
		errx(EX_CONFIG, "%s", fail_text());
	return explain(&config, option.submission, argv[0], argv[1], argv[2],
	    argv[3], argc == 5 ? argv[4] : NULL);
}

static bool
listens(void)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &yes,
		   &len) == 0 &&
	    yes != 0;
}

/* "-explain" is option e with the argument "xplain". */
static void
options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "c:e:sS")) != -1) {
		switch (c) {
		case 'c':
			option.dir = optarg;
			break;
		case 'e':
			if (strcmp(optarg, "xplain") != 0)
				usage();
			option.explain = true;
			break;
		case 'S':
			option.tls = true;
			break;
		case 's':
			option.submission = true;
			break;
		default:
			usage();
		}
	}
	if (!option.explain && argc > optind)
		usage();
}

int
main(int argc, char *argv[])
{
	sandbox_start(3);
	options(argc, argv);
	option.main = getpid();
	load();
	if (option.explain)
		return explain_main(argc - optind, argv + optind);
	log_open(PROGRAM, configured ? config.log : NULL);
	/* Those that accept connections read certificates once for many. */
	if (configured && listens() && tls_configured(&config) &&
	    tls_preload(&config) == -1)
		log_line(LOG_NOTICE, "no-preload reason=\"%s\"", fail_text());
	start_limits(config.connections, config.connections_per_address, BUSY);
	return start_sessions(session, NULL);
}
