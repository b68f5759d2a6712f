/* mailq-run: deliver what waits in the spool and is due.
 *
 * Root stays in this process, which only forks (crew.c); the manager runs as
 * the spool user, workers and resolver as the net user, jailed.  Started by
 * anybody else all of them stay that user. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/crew.h"
#include "mailq-run/manager.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/span.h"
#include "session/log.h"
#include "session/sandbox.h"

enum { YEARS_10 = 10 * 365 * 86400 };

static void
usage(void)
{
	(void)fputs("usage: mailq-run [-v] [-c directory]\n", stderr);
	exit(EX_USAGE);
}

/* Not in the manual: a clock that is ahead, and shorter time limits, for
 * tests. */
static int64_t
number(const char *s)
{
	uint64_t n;

	if (span_number(span(s), YEARS_10, &n) == -1 || n == 0)
		usage();
	return (int64_t)n;
}

static const char *
options(struct manager *m, int argc, char **argv)
{
	const char *dir = CONFIG_DIR;
	int c;

	m->hurry = 1;
	while ((c = getopt(argc, argv, "H:T:c:v")) != -1)
		switch (c) {
		case 'H':
			m->hurry = (unsigned)number(optarg);
			break;
		case 'T':
			m->shift = number(optarg);
			break;
		case 'c':
			dir = optarg;
			break;
		case 'v':
			m->verbose = true;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
	return dir;
}

/* Descriptor 0 is the socket RUN/kick. */
static bool
is_kick(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_DGRAM;
}

static void __attribute__((noreturn)) trouble(int status)
{
	log_line(LOG_ERR, "start error=\"%s\"", fail_text());
	errx(status, "%s", fail_text());
}

static void
find_roles(struct crew *crew, struct role *spool, const struct config *c)
{
	if (role_root() &&
	    (role_find(&crew->net, c->net_user) == -1 ||
		role_find(spool, c->spool_user) == -1))
		trouble(EX_CONFIG);
	(void)snprintf(crew->empty, sizeof(crew->empty), "%s/empty", c->run);
}

/* The manager, in the child. */
static int
manage(struct manager *m, const struct role *spool, int pair[2])
{
	(void)close(pair[1]);
	m->crew = pair[0];
	if (role_drop(spool) == -1 || prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		trouble(EX_OSERR);
	return manager_run(m);
}

int
main(int argc, char **argv)
{
	static struct config c;
	static struct dns_servers servers;
	struct manager m = { .c = &c };
	struct crew crew = { .config = &c, .servers = &servers };
	struct monitor monitor = { .ctx = &crew, .rights = crew_rights };
	struct role spool;
	struct routes routes;
	struct retry retry;
	const char *dir;
	int pair[2];

	sandbox_start(3);
	dir = options(&m, argc, argv);
	if (config_load(&c, dir) == -1) {
		log_open("mailq-run", NULL);
		trouble(EX_CONFIG);
	}
	log_open("mailq-run", c.log);
	date_zone();
	if (retry_parse(&retry, c.retry) == -1 ||
	    routes_load(&routes, &c) == -1 ||
	    dns_servers(&servers, c.dns) == -1)
		trouble(EX_CONFIG);
	m.retry = &retry;
	m.routes = &routes;
	m.kicked = is_kick();
	crew.hurry = (int)m.hurry;
	find_roles(&crew, &spool, &c);
	if (record_pair(pair) == -1)
		err(EX_OSERR, "socketpair");
	monitor.child = fork();
	if (monitor.child == -1)
		err(EX_OSERR, "fork");
	if (monitor.child == 0)
		return manage(&m, &spool, pair);
	(void)close(pair[0]);
	monitor.sock = pair[1];
	return monitor_serve(&monitor);
}
