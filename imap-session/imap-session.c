/* imap-session: one IMAP connection under a superserver (RFC 9051, RFC 3501).
 *
 * MAY HOLD ROOT, until session/front.c has become the user.  On a pipe there is
 * no login: see service_run. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "imap-session/capability.h"
#include "imap-session/login.h"
#include "imap-session/service.h"
#include "message/fail.h"
#include "session/config.h"
#include "session/conn.h"
#include "session/front.h"
#include "session/log.h"
#include "session/sandbox.h"
#include "session/start.h"

#define PROGRAM "imap-session"
#define GREETING "* OK IMAP server ready\r\n"
#define BUSY "* BYE [LIMIT] Too many connections from your address\r\n"
#define TROUBLE "* BYE [UNAVAILABLE] Service not available now\r\n"

static struct {
	const char *dir; /* of the configuration */
	const char *settings[FRONT_SETTINGS + 1]; /* for after the login */
	size_t words;
	const char *login; /* executed again after the login: "ID:IP" */
	uint64_t largest; /* octets of a message */
	char home[PATH_MAX]; /* of whoever runs us, "" unknown */
} option = { .dir = CONFIG_DIR };

static struct config config;

static int
serve(const struct front_user *u)
{
	static struct conn conn;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, true);
	return service_run(&conn, u, option.largest);
}

static int
session(const struct peer *peer, void *ctx)
{
	const struct front f = {
		.program = PROGRAM,
		.option = "-L",
		.settings = option.settings,
		.greeting = GREETING,
		.trouble = TROUBLE,
		.busy = BUSY,
		.config = &config,
		.serve = login_serve,
	};
	struct front_user self;
	char id[12], path[PATH_MAX];

	(void)ctx;
	log_id_new(id);
	log_id(id);
	if (peer->kind != PEER_PIPE)
		return front_serve(&f, peer);
	if (front_self(&self, &config, option.home, path) == -1)
		return front_trouble("start-error", TROUBLE);
	return serve(&self);
}

/* A word for the new process; false: too many. */
static bool
hand_on(const char *word)
{
	if (option.words == FRONT_SETTINGS)
		return false;
	option.settings[option.words++] = word;
	return true;
}

static void
options(int argc, char **argv)
{
	bool wrong = false;
	int c;

	opterr = 0; /* descriptor 2 may be the client */
	while ((c = getopt(argc, argv, "c:x:M:L:")) != -1)
		switch (c) {
		case 'c':
			option.dir = optarg;
			break;
		case 'x':
			wrong |= capability_off(span(optarg)) == -1 ||
			    !hand_on("-x") || !hand_on(optarg);
			break;
		case 'M':
			option.largest = strtoull(optarg, NULL, 10);
			break;
		case 'L':
			option.login = optarg;
			break;
		default:
			wrong = true;
		}
	if (getenv("HOME") != NULL)
		(void)snprintf(option.home, sizeof(option.home), "%s",
		    getenv("HOME"));
	sandbox_start(option.login != NULL ? FRONT_KEEP : LOG_FD);
	if (wrong || (option.login == NULL && argc != optind))
		errx(EX_USAGE, "usage: " PROGRAM " [-c DIR] [-x CAPABILITY]");
}

int
main(int argc, char **argv)
{
	static char size[24];
	struct front_user user;

	options(argc, argv);
	if (option.login != NULL) {
		if (front_user(&user, PROGRAM, option.login, argv + optind) ==
		    -1)
			errx(EX_USAGE, "%s", fail_text());
		return serve(&user);
	}
	if (config_load(&config, option.dir) == -1) {
		log_open(PROGRAM, NULL);
		(void)front_trouble("config-error", TROUBLE);
		errx(EX_CONFIG, "%s", fail_text());
	}
	option.largest = config.size;
	(void)snprintf(size, sizeof(size), "-M%ju", (uintmax_t)config.size);
	(void)hand_on(size);
	log_open(PROGRAM, config.log);
	start_limits(config.connections, config.connections_per_address, BUSY);
	return start_sessions(session, NULL);
}
