/* mailroom-check: does this host look like one that mail can come to and leave
 * from?  Changes nothing.
 *
 * MAY HOLD ROOT: it reads the configuration and asks for the state of files;
 * what comes from the network is read by children in a jail, the spool by one
 * that has become its owner. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "message/date.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/sandbox.h"

static const struct topic {
	const char *name;
	void (*look)(struct check *);
} topics[] = {
	{ "config", check_config },
	{ "aliases", check_aliases },
	{ "files", check_files },
	{ "disk", check_disk },
	{ "services", check_services },
	{ "queue", check_queue },
	{ "name", check_name },
	{ "mx", check_mx },
	{ "tls", check_tls },
	{ "dnssec", check_dnssec },
	{ "port25", check_port25 },
};

enum { TOPICS = sizeof(topics) / sizeof(*topics), ALL = (1 << TOPICS) - 1 };

static _Noreturn void
usage(void)
{
	(void)fputs("usage: mailroom-check [-v] [-c directory] [-p host] "
		    "[-r root] [-x topic] [topic ...]\n"
		    "       mailroom-check [-c directory] --records "
		    "[domain ...]\ntopics:",
	    stderr);
	for (size_t i = 0; i < TOPICS; i++)
		(void)fprintf(stderr, " %s", topics[i].name);
	(void)fputs("\n", stderr);
	exit(EX_USAGE);
}

static unsigned
topic(const char *name)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (strcmp(topics[i].name, name) == 0)
			return 1U << i;
	warnx("no topic \"%s\"", name);
	usage();
}

/* A configuration that cannot be read serves nobody. */
static int
load(struct check *k, const char *dir)
{
	if (config_load(&k->config, dir) == 0)
		return 0;
	k->topic = "config";
	check_say(k, CHECK_FAULT, "mailroom.conf",
	    "correct it: all mail waits until then (mailroom.conf(5))", "%s",
	    fail_text());
	return -1;
}

static void
look(struct check *k, unsigned wanted)
{
	/* The routes say how mail leaves, whether they are a topic or not. */
	k->topic = "config";
	if ((wanted & 1) == 0 && routes_load(&k->routes, &k->config) == -1)
		check_say(k, CHECK_FAULT, "routes", "correct that line", "%s",
		    fail_text());
	for (size_t i = 0; i < TOPICS; i++)
		if ((wanted & 1U << i) != 0) {
			k->topic = topics[i].name;
			topics[i].look(k);
		}
}

static int
records(struct check *k, const char *dir, char **domain)
{
	if (config_load(&k->config, dir) == -1 ||
	    check_records(k, domain) == -1)
		errx(EX_CONFIG, "%s", fail_text());
	return 0;
}

int
main(int argc, char **argv)
{
	static struct check k = { .root = "", .dns = -1 };
	static const struct option longer[] = {
		{ "records", no_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 },
	};
	const char *dir = CONFIG_DIR;
	unsigned wanted = 0, unwanted = 0;
	bool print = false;
	int c;

	sandbox_start(3);
	while ((c = getopt_long(argc, argv, "c:p:r:vx:", longer, NULL)) != -1)
		switch (c) {
		case 'c':
			dir = optarg;
			break;
		case 'p':
			k.host = optarg;
			break;
		case 'r':
			k.root = optarg;
			break;
		case 'v':
			k.verbose = true;
			break;
		case 'x':
			unwanted |= topic(optarg);
			break;
		case 'R':
			print = true;
			break;
		default:
			usage();
		}
	log_open("mailroom-check", "/dev/null");
	date_zone();
	if (print)
		return records(&k, dir, argv + optind);
	for (; optind < argc; optind++)
		wanted |= topic(argv[optind]);
	if (load(&k, dir) == 0)
		look(&k, (wanted != 0 ? wanted : ALL) & ~unwanted);
	if (fflush(stdout) == EOF)
		err(EX_IOERR, "standard output");
	return (int)k.worst;
}
