/* smtp-session: one SMTP connection under a superserver (RFC 5321), or all
 * that come to a listening socket. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/date.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/sandbox.h"
#include "session/start.h"
#include "session/tls.h"
#include "smtp-session/connection.h"
#include "smtp-session/explain.h"

#define PROGRAM "smtp-session"

static struct service service = { .dir = CONFIG_DIR };
static bool explaining; /* say what would be decided */
static bool checking; /* the aliases */

noreturn static void
usage(void)
{
	(void)fprintf(stderr,
	    "usage: smtp-session [-sS] [-c directory]\n"
	    "       smtp-session [-c directory] -aliases\n"
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
	if (!service.configured)
		errx(EX_CONFIG, "%s", fail_text());
	return explain(&service.config, service.submission, argv[0], argv[1],
	    argv[2], argv[3], argc == 5 ? argv[4] : NULL);
}

/* "-explain" is option e with the argument "xplain", "-aliases" option a with
 * "liases". */
static void
options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "a:c:e:sS")) != -1) {
		switch (c) {
		case 'a':
			if (strcmp(optarg, "liases") != 0)
				usage();
			checking = true;
			break;
		case 'c':
			service.dir = optarg;
			break;
		case 'e':
			if (strcmp(optarg, "xplain") != 0)
				usage();
			explaining = true;
			break;
		case 'S':
			service.tls = true;
			break;
		case 's':
			service.submission = true;
			break;
		default:
			usage();
		}
	}
	if (!explaining && argc > optind)
		usage();
}

/* Those that accept connections read certificates and the zone once for
 * many. */
static void
read_ahead(void)
{
	date_zone();
	if (service.configured)
		tls_ahead(&service.config);
}

int
main(int argc, char *argv[])
{
	const struct config *c = &service.config;

	sandbox_start(3);
	options(argc, argv);
	service.main = getpid();
	connection_load(&service);
	if (checking && !service.configured)
		errx(EX_CONFIG, "%s", fail_text());
	if (checking)
		return explain_aliases(c);
	if (explaining)
		return explain_main(argc - optind, argv + optind);
	log_open(PROGRAM, service.configured ? c->log : NULL);
	if (start_listens())
		read_ahead();
	else
		connection_ready(&service);
	start_limits(c->connections, c->connections_per_address,
	    CONNECTION_BUSY);
	start_except(c->proxy_from);
	start_ahead(connection_ready);
	return start_sessions(connection_serve, &service);
}
