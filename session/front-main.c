/* MAY HOLD ROOT: what main does, for both the process of a stranger and that of
 * a user. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/account.h"
#include "session/front-parts.h"
#include "session/proxy.h"
#include "session/sandbox.h"

static struct {
	const char *dir; /* of the configuration */
	const char *login; /* executed again after the login: "ID:SIZE:IP" */
	char home[PATH_MAX]; /* of whoever runs us, "" unknown */
	pid_t main; /* of the process that was started */
} option = { .dir = CONFIG_DIR };

static struct config config;
static bool configured;
static struct front_call call = { .config = &config };

static void
load(void)
{
	configured = config_load(&config, option.dir) == 0;
}

/* ---- a user */

/* What the process before this one has to say of him. */
static int
take_over(struct front_user *u, char **args)
{
	struct span rest = span(option.login), id = span_cut(&rest, ':');
	struct span size = span_cut(&rest, ':');

	*u = (struct front_user){ .ip = rest.p };
	if (rest.p == NULL || span_number(size, UINT64_MAX, &u->size) == -1 ||
	    args[0] == NULL || args[1] == NULL || args[2] == NULL ||
	    args[3] == NULL || args[4] != NULL)
		return fail_as(EINVAL, "option -L is internal");
	(void)snprintf(u->id, sizeof(u->id), "%.*s", (int)id.len, id.p);
	u->name = args[0];
	u->maildir = args[1];
	u->shared = args[2];
	u->word = args[3];
	log_inherit(call.front->program);
	log_id(u->id);
	return 0;
}

/* The same for whoever runs us on a pipe, whose home is HOME or, without that,
 * what the system says; *path is where his Maildir lies. */
static int
find_self(struct front_user *u, char path[PATH_MAX])
{
	static struct account a = { .name = "?" };
	const char *home = option.home;
	int found = account_by_uid(&a, getuid(), config.helpers);

	if (found == -1)
		return -1;
	if (home[0] == '\0' && found == 1)
		home = a.home;
	if (home[0] != '/')
		return fail_as(ENOENT, "uid %u has no home", getuid());
	*u = (struct front_user){
		.ip = "",
		.name = a.name,
		.maildir = path,
		.shared = config.shared_folders,
		.word = "",
		.size = config.size,
	};
	return front_maildir(&config, home, path);
}

/* ---- a connection */

static int
session(const struct peer *peer, void *ctx)
{
	const struct front *f = call.front;
	static struct peer client;
	struct front_user self;
	char id[12], path[PATH_MAX];

	(void)ctx;
	/* In accept mode the configuration may be newer than we are. */
	if (getpid() != option.main)
		load();
	log_id_new(id);
	log_id(id);
	if (!configured) {
		if (peer->kind == PEER_PIPE)
			warnx("%s", fail_text());
		(void)front_trouble("config-error", f->trouble);
		return EX_CONFIG;
	}
	client = *peer;
	if (proxy_peer(&config, &client) == -1)
		return 0;
	if (client.kind != PEER_PIPE)
		return front_serve(&call, &client);
	if (find_self(&self, path) == -1)
		return front_trouble("start-error", f->trouble);
	return f->user(&self);
}

noreturn static void
usage(void)
{
	const struct front *f = call.front;

	errx(EX_USAGE, "usage: %s [-S] [-c DIR]%s%s", f->program,
	    f->usage[0] == '\0' ? "" : " ", f->usage);
}

/* All options, our own and those of the program. */
static void
options(int argc, char **argv)
{
	const struct front *f = call.front;
	bool wrong = argc > FRONT_WORDS;
	char letters[32];
	int c;

	opterr = 0; /* descriptor 2 may be the client */
	(void)snprintf(letters, sizeof(letters), "c:L:S%s", f->letters);
	while ((c = getopt(argc, argv, letters)) != -1)
		switch (c) {
		case 'c':
			option.dir = optarg;
			break;
		case 'L':
			option.login = optarg;
			break;
		case 'S':
			call.tls = true;
			break;
		case '?':
			wrong = true;
			break;
		default:
			wrong |= f->option(c, optarg) == -1;
		}
	if (getenv("HOME") != NULL)
		(void)snprintf(option.home, sizeof(option.home), "%s",
		    getenv("HOME"));
	sandbox_start(option.login != NULL ? FRONT_KEEP : LOG_FD);
	if (wrong || (option.login == NULL && argc != optind))
		usage();
}

int
front_main(const struct front *f, int argc, char **argv)
{
	struct front_user user;

	call.front = f;
	call.words = argv + 1;
	call.n = argc - 1;
	options(argc, argv);
	if (option.login != NULL) {
		if (take_over(&user, argv + optind) == -1)
			errx(EX_USAGE, "%s", fail_text());
		return f->user(&user);
	}
	option.main = getpid();
	load();
	log_open(f->program, configured ? config.log : NULL);
	if (configured && start_listens())
		tls_ahead(&config);
	start_limits(config.connections, config.connections_per_address,
	    f->busy);
	start_except(config.proxy_from);
	return start_sessions(session, NULL);
}
