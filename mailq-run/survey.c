#include "mailq-run/survey.h"

#include <err.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailq-run/scan.h"
#include "message/fail.h"

enum { PARTS = 4 };

/* One part of several: of the directories of due/ each has its share, the
 * first has the rest. */
static int
look(int spool, unsigned part, unsigned parts,
    int (*each)(void *ctx, const struct entry *), void *ctx)
{
	unsigned places =
	    part == 0 ? SPOOL_NEW | SPOOL_DUE | SPOOL_HELD : SPOOL_DUE;
	struct scan s;
	struct scan_name n;
	struct entry e;
	int r, bad = 0;

	if (scan_open(&s, spool, places, (time_t)1 << 40) == -1)
		return -1;
	s.part = part;
	s.parts = parts;
	while ((r = scan_next(&s, &n)) != 0) {
		enum entry_got got;

		if (r == -1) {
			warnx("%s", fail_text());
			bad = -1;
			continue;
		}
		got = entry_look(&e, spool, n.id, n.place);
		if (got == ENTRY_OK && each(ctx, &e) == -1)
			bad = -1;
		if (got == ENTRY_BAD || got == ENTRY_ERROR) {
			warnx("%s: %s", n.id, fail_text());
			bad = -1;
		}
		entry_close(&e);
	}
	scan_close(&s);
	return bad;
}

int
survey_all(int spool, int (*each)(void *ctx, const struct entry *), void *ctx)
{
	return look(spool, 0, 1, each, ctx);
}

/* ---- counting */

struct counting {
	struct counts *counts;
	time_t now;
};

static int
count_one(void *ctx, const struct entry *e)
{
	const struct counting *c = ctx;

	return counts_add(c->counts, e, c->now);
}

/* In a child, which tells what it counted over the pipe. */
static void __attribute__((noreturn))
count_part(int spool, int pipe, unsigned part, unsigned parts, time_t now)
{
	struct counts own;
	struct counting c = { &own, now };
	int r;

	counts_init(&own);
	r = look(spool, part, parts, count_one, &c);
	if (counts_send(pipe, &own) == -1)
		r = -1;
	_exit(r == 0 ? 0 : 1);
}

/* Start one.  The end of its pipe; -1: there is none. */
static int
start(int spool, unsigned part, unsigned parts, time_t now, pid_t *pid)
{
	int pipes[2];

	if (pipe(pipes) == -1)
		return -1;
	*pid = fork();
	if (*pid == 0) {
		(void)close(pipes[0]);
		count_part(spool, pipes[1], part, parts, now);
	}
	(void)close(pipes[1]);
	if (*pid != -1)
		return pipes[0];
	(void)close(pipes[0]);
	return -1;
}

/* Its counts are added to ours. */
static int
collect(int pipe, pid_t pid, struct counts *counts)
{
	int status, r = counts_receive(pipe, counts);

	if (waitpid(pid, &status, 0) == -1 || status != 0)
		r = -1;
	return r;
}

int
survey_count(int spool, struct counts *counts, time_t now)
{
	struct counting c = { counts, now };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned parts = processors > PARTS ? PARTS :
	    processors > 1		    ? (unsigned)processors :
					      1;
	int pipe[PARTS], r;
	pid_t pid[PARTS];

	for (unsigned i = 1; i < parts; i++)
		pipe[i] = start(spool, i, parts, now, &pid[i]);
	r = look(spool, 0, parts, count_one, &c);
	for (unsigned i = 1; i < parts; i++)
		if ((pipe[i] == -1 ? look(spool, i, parts, count_one, &c) :
				     collect(pipe[i], pid[i], counts)) == -1)
			r = -1;
	return r;
}
