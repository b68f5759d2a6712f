/* Single steps of the spool, for tests that let each system call fail.
 *
 * usage: spool DIR write ID FROM RCPT ...   entry from standard input; "" makes
 *                                           an id; prints it when it is kept
 *        spool DIR verdict ID N STATE STATUS REPLY
 *        spool DIR defer ID SECONDS         from now
 *        spool DIR report ID KIND           text from standard input
 *        spool DIR hold|release|finish ID
 *        spool DIR take ID [SECONDS]        lock, print, keep it so long
 *        spool DIR scan [SECONDS]           what is due that far from now
 *        spool DIR tidy
 *        spool DIR fill N [SECONDS]         N deferred entries, quickly
 *
 * Exit status: 0; 1 (standard error says why); entry_take's answer + 10. */
#include <bsd/stdlib.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/entry.h"
#include "mailq-run/scan.h"
#include "message/fail.h"

static void
must(int r)
{
	if (r == -1)
		errx(1, "%s", fail_text());
}

static long
number(const char *s)
{
	const char *why;
	long n = (long)strtonum(s, -1000000, 1000000000, &why);

	if (why != NULL)
		errx(64, "%s: %s", s, why);
	return n;
}

static void
copy_in(struct spool_draft *d)
{
	char block[65536];
	ssize_t n;

	while ((n = read(0, block, sizeof(block))) > 0)
		if (spool_add(d, block, (size_t)n) == -1) {
			spool_abort(d);
			must(-1);
		}
}

static int
write_entry(int spool, char **arg)
{
	struct spool_rcpt rcpt[SPOOL_RCPTS];
	struct spool_envelope e = { .from = arg[1],
		.user = "",
		.envid = "",
		.arrival = time(NULL),
		.rcpt = rcpt };
	struct spool_draft d;

	(void)snprintf(e.id, sizeof(e.id), "%s", arg[0]);
	for (arg += 2; *arg != NULL; arg++)
		rcpt[e.rcpts++] = (struct spool_rcpt){ .addr = *arg,
			.orcpt = "",
			.state = SPOOL_TODO };
	must(spool_begin(&d, spool, &e));
	copy_in(&d);
	if (spool_seal(&d) == -1) {
		(void)fprintf(stderr, "%s\n", fail_text());
		spool_abort(&d);
		return 1;
	}
	must(spool_commit(&d));
	(void)printf("%s\n", d.id);
	return 0;
}

static void
print_entry(const struct entry *e)
{
	(void)printf("%s %c ", e->env.id,
	    e->place == SPOOL_NEW     ? 'n' :
		e->place == SPOOL_DUE ? 'd' :
					'h');
	for (size_t i = 0; i < e->env.rcpts; i++)
		(void)putchar((char)e->env.rcpt[i].state);
	(void)printf("%s\n", e->history.delayed ? " delayed" : "");
}

static int
report(struct entry *e, const char *kind)
{
	struct spool_rcpt to = { .addr = e->env.from,
		.orcpt = "",
		.state = SPOOL_TODO };
	struct spool_envelope env = { .from = "",
		.user = "",
		.envid = "",
		.arrival = time(NULL),
		.rcpt = &to,
		.rcpts = 1 };
	struct spool_draft d;

	must(entry_report_begin(e, &d, &env));
	copy_in(&d);
	return entry_report(e,
	    kind[0] == 'd'     ? REPORT_DELAYED :
		kind[0] == 's' ? REPORT_SUCCESS :
				 REPORT_FAILED,
	    &d, time(NULL));
}

static int
act(struct entry *e, const char *verb, char **arg)
{
	time_t now = time(NULL);

	if (strcmp(verb, "verdict") == 0) {
		entry_verdict(e, (size_t)number(arg[0]),
		    (enum spool_state)arg[1][0], span(arg[2]),
		    span("mx.example.org"), span(arg[3]), now);
		return entry_settle(e);
	}
	if (strcmp(verb, "defer") == 0)
		return entry_defer(e, now + number(arg[0]));
	if (strcmp(verb, "report") == 0)
		return report(e, arg[0]);
	if (strcmp(verb, "hold") == 0)
		return entry_hold(e);
	if (strcmp(verb, "release") == 0)
		return entry_release(e);
	if (strcmp(verb, "finish") == 0)
		return entry_finish(e, NULL);
	print_entry(e);
	(void)fflush(stdout);
	if (arg[0] != NULL)
		(void)sleep((unsigned)number(arg[0]));
	return 0;
}

static int
scan(int spool, long ahead)
{
	struct scan s;
	struct scan_name n;
	int r;

	must(scan_open(&s, spool, SPOOL_NEW | SPOOL_DUE | SPOOL_HELD,
	    time(NULL) + ahead));
	while ((r = scan_next(&s, &n)) == 1)
		(void)printf("%d %s\n", n.place, n.id);
	must(r);
	scan_close(&s);
	return 0;
}

/* Deferred entries with one try in their log, by hand for speed. */
static int
fill(int spool, long count, long ahead)
{
	char addr[64], path[PLACE_PATH], to_path[PLACE_PATH], body[4096];
	struct spool_rcpt to = { .addr = addr,
		.orcpt = "",
		.state = SPOOL_TODO };
	struct spool_envelope env = { .from = "alice@here.test",
		.user = "",
		.envid = "",
		.arrival = time(NULL),
		.rcpt = &to,
		.rcpts = 1 };
	struct history_line l = { .when = env.arrival,
		.state = SPOOL_TODO,
		.status = span("4.4.1"),
		.remote = span("mx.example.org"),
		.reply = span("connect: Connection timed out") };
	const struct timespec at[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = env.arrival + ahead } };

	memset(body, 'x', sizeof(body));
	body[sizeof(body) - 1] = '\n';
	for (long i = 0; i < count; i++) {
		struct spool_draft d;
		struct history h;

		(void)snprintf(env.id, sizeof(env.id), "Fill%ld", i);
		(void)snprintf(addr, sizeof(addr), "u%ld@d%ld.example", i,
		    i % 500);
		must(spool_begin(&d, spool, &env));
		must(spool_add(&d, "Subject: fill\n\n", 15));
		must(spool_add(&d, body, sizeof(body)));
		(void)futimens(d.fd, at);
		(void)close(d.fd);
		(void)snprintf(path, sizeof(path), "tmp/%s", d.id);
		must(renameat(spool, path, spool,
		    place_path(to_path, SPOOL_NEW, d.id)));
		must(place_move(spool, d.id, SPOOL_NEW, SPOOL_DUE, false));
		must(history_load(&h, spool, d.id, 1));
		history_add(&h, &l);
		must(history_save(&h, spool, d.id, false));
		history_free(&h);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	enum entry_got got;
	struct entry e;
	int spool, r;

	if (argc < 3)
		errx(64, "usage: spool DIR VERB ...");
	spool = spool_open(argv[1]);
	must(spool);
	argv += 2;
	if (strcmp(argv[0], "write") == 0)
		return write_entry(spool, argv + 1);
	if (strcmp(argv[0], "scan") == 0)
		return scan(spool, argc > 3 ? number(argv[1]) : 0);
	if (strcmp(argv[0], "fill") == 0)
		return fill(spool, number(argv[1]),
		    argc > 4 ? number(argv[2]) : 86400);
	if (strcmp(argv[0], "tidy") == 0) {
		scan_tidy(spool, time(NULL), true);
		return 0;
	}
	got = entry_take(&e, spool, argv[1]);
	if (got != ENTRY_OK) {
		warnx("%s", fail_text());
		return 10 + (int)got;
	}
	r = act(&e, argv[0], argv + 2);
	if (r == -1)
		warnx("%s", fail_text());
	entry_close(&e);
	return r == -1;
}
