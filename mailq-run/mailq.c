/* mailq: look at waiting mail and decide about it.
 *
 * MAY HOLD ROOT, until it becomes the spool user: before the spool is
 * touched. */
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/counts.h"
#include "mailq-run/edit.h"
#include "mailq-run/entry.h"
#include "mailq-run/scan.h"
#include "mailq-run/show.h"
#include "message/date.h"
#include "message/fail.h"
#include "session/config.h"
#include "session/log.h"
#include "session/role.h"
#include "session/sandbox.h"

enum {
	ALL = SPOOL_NEW | SPOOL_DUE | SPOOL_HELD,
	OUT = 1 << 16, /* output collected at once */
	BUSY_MS = 5000 /* how long a busy message is waited for */
};

struct mailq {
	struct config config;
	int spool;
	time_t now;
	bool json;
	bool every; /* no limit to the lines of the summary */
	bool kick; /* tell mailq-run when done */
	char who[40]; /* who asks, for the log */
	struct buf out;
};

static void
write_out(struct mailq *m)
{
	if (m->out.over)
		errx(EX_OSERR, "output too long");
	if (fwrite(m->out.p, 1, m->out.len, stdout) != m->out.len)
		err(EX_IOERR, "standard output");
	buf_reset(&m->out);
}

/* ---- looking */

/* Call "each" for every entry.  0 / -1. */
static int
for_all(struct mailq *m,
    int (*each)(struct mailq *, const struct entry *, void *), void *ctx)
{
	struct scan s;
	struct scan_name n;
	struct entry e;
	int r, bad = 0;

	if (scan_open(&s, m->spool, ALL, (time_t)1 << 40) == -1)
		return -1;
	while ((r = scan_next(&s, &n)) != 0) {
		enum entry_got got;

		if (r == -1) {
			warnx("%s", fail_text());
			bad = -1;
			continue;
		}
		got = entry_look(&e, m->spool, n.id, n.place);
		if (got == ENTRY_OK && each(m, &e, ctx) == -1)
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

struct total {
	size_t messages;
	off_t octets;
};

static int
list_one(struct mailq *m, const struct entry *e, void *ctx)
{
	struct total *t = ctx;

	t->messages++;
	t->octets += e->size - e->message;
	if (m->json)
		show_json(&m->out, e);
	else
		show_brief(&m->out, e, m->now);
	if (m->out.len > OUT)
		write_out(m);
	return 0;
}

static int
list(struct mailq *m, char **arg)
{
	struct total t = { 0 };
	int r;

	(void)arg;
	r = for_all(m, list_one, &t);
	if (!m->json && t.messages == 0)
		buf_str(&m->out, "the mail queue is empty\n");
	else if (!m->json)
		buf_printf(&m->out, "-- %zu message%s, %lld octets\n",
		    t.messages, t.messages == 1 ? "" : "s",
		    (long long)t.octets);
	write_out(m);
	return r == 0 ? 0 : EX_IOERR;
}

static int
count_one(struct mailq *m, const struct entry *e, void *ctx)
{
	struct counts *c = ctx;

	return counts_add(c, e, m->now);
}

static int
summary(struct mailq *m, char **arg)
{
	struct counts c;
	int r;

	(void)arg;
	counts_init(&c);
	r = for_all(m, count_one, &c);
	if (m->json)
		counts_json(&m->out, &c);
	else
		counts_put(&m->out, &c, m->every ? 0 : 20, m->now);
	counts_free(&c);
	write_out(m);
	return r == 0 ? 0 : EX_IOERR;
}

/* Exit status for an entry that could not be had. */
static int
not_had(const char *id, enum entry_got got)
{
	switch (got) {
	case ENTRY_BUSY:
		warnx("%s: being delivered just now, try again", id);
		return EX_TEMPFAIL;
	case ENTRY_GONE:
		warnx("%s: no such message", id);
		return EX_NOINPUT;
	case ENTRY_BAD:
		warnx("%s", fail_text());
		return EX_DATAERR;
	case ENTRY_OK:
	case ENTRY_ERROR:
	default:
		warnx("%s: %s", id, fail_text());
		return EX_IOERR;
	}
}

static int
show(struct mailq *m, char **arg)
{
	int worst = 0;

	for (; *arg != NULL; arg++) {
		struct entry e;
		enum entry_got got = ENTRY_GONE;

		if (spool_id_ok(span(*arg)))
			got = entry_look(&e, m->spool, *arg, 0);
		if (got != ENTRY_OK)
			worst = not_had(*arg, got);
		else if (m->json)
			show_json(&m->out, &e);
		else
			show_full(&m->out, &e, m->now);
		if (spool_id_ok(span(*arg)))
			entry_close(&e);
		write_out(m);
	}
	return worst;
}

/* ---- deciding */

struct deed {
	const char *word;
	/* 0 / -1 with fail_text(); 1: nothing to do, fail_text() says why. */
	int (*run)(struct mailq *, struct entry *);
};

static int
do_hold(struct mailq *m, struct entry *e)
{
	(void)m;
	if (e->place == SPOOL_HELD) {
		(void)fail_as(EALREADY, "already held");
		return 1;
	}
	return entry_hold(e);
}

static int
do_release(struct mailq *m, struct entry *e)
{
	if (e->place != SPOOL_HELD) {
		(void)fail_as(EALREADY, "not held");
		return 1;
	}
	m->kick = true;
	return entry_release(e);
}

static int
do_retry(struct mailq *m, struct entry *e)
{
	if (e->place == SPOOL_HELD) {
		(void)fail_as(EBUSY, "held, release it first");
		return 1;
	}
	m->kick = true;
	return entry_defer(e, m->now);
}

static int
do_drop(struct mailq *m, struct entry *e)
{
	(void)m;
	return entry_finish(e, NULL);
}

/* The next run returns it to the sender. */
static int
do_bounce(struct mailq *m, struct entry *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->env.rcpts; i++)
		if (e->env.rcpt[i].state == SPOOL_TODO) {
			entry_verdict(e, i, SPOOL_FAILED, span("5.0.0"),
			    span(""), span("returned by the administrator"),
			    m->now);
			n++;
		}
	if (n == 0) {
		(void)fail_as(EALREADY, "no recipient waits");
		return 1;
	}
	if (entry_settle(e) == -1)
		return -1;
	m->kick = true;
	return e->place == SPOOL_HELD ? entry_release(e) :
					entry_defer(e, m->now);
}

static const struct deed deeds[] = {
	{ "hold", do_hold },
	{ "release", do_release },
	{ "retry", do_retry },
	{ "drop", do_drop },
	{ "bounce", do_bounce },
};

/* Take an entry, waiting a little for who has it. */
static enum entry_got
take(struct mailq *m, struct entry *e, const char *id)
{
	enum entry_got got;

	for (int waited = 0;; waited += 50) {
		got = entry_take(e, m->spool, id);
		if (got != ENTRY_BUSY || waited >= BUSY_MS)
			return got;
		entry_close(e);
		(void)usleep(50000);
	}
}

static int
decide(struct mailq *m, const struct deed *d, const char *id)
{
	struct history_line l = {
		.when = m->now,
		.kind = HISTORY_ADMIN,
		.remote = span(m->who),
		.reply = span(d->word),
	};
	struct entry e;
	enum entry_got got;
	int r;

	if (!spool_id_ok(span(id)))
		return not_had(id, ENTRY_GONE);
	got = take(m, &e, id);
	if (got != ENTRY_OK) {
		r = not_had(id, got);
		entry_close(&e);
		return r;
	}
	entry_note(&e, &l);
	r = d->run(m, &e);
	if (r == 0 && d->run != do_drop)
		r = history_save(&e.history, m->spool, id, false);
	if (r == 0)
		log_line(LOG_NOTICE, "queue id=%s do=%s by=%s", id, d->word,
		    m->who);
	else
		warnx("%s: %s", id, fail_text());
	entry_close(&e);
	return r == 0 ? 0 : r == 1 ? EX_DATAERR : EX_IOERR;
}

/* "all": by name only, so that memory does not grow with the queue. */
static int
decide_all(struct mailq *m, const struct deed *d)
{
	struct scan s;
	struct scan_name n;
	unsigned places = ALL;
	int r, worst = 0;

	if (d->run == do_hold || d->run == do_retry)
		places = SPOOL_NEW | SPOOL_DUE;
	if (d->run == do_release)
		places = SPOOL_HELD;
	if (scan_open(&s, m->spool, places, (time_t)1 << 40) == -1)
		err(EX_IOERR, "%s", fail_text());
	while ((r = scan_next(&s, &n)) != 0)
		if ((r = r == -1 ? EX_IOERR : decide(m, d, n.id)) != 0 &&
		    r != EX_NOINPUT)
			worst = r;
	scan_close(&s);
	return worst;
}

static int
decide_some(struct mailq *m, const struct deed *d, char **id)
{
	int r, worst = 0;

	if (strcmp(id[0], "all") == 0 && id[1] == NULL)
		return decide_all(m, d);
	for (; *id != NULL; id++)
		if ((r = decide(m, d, *id)) != 0)
			worst = r;
	return worst;
}

/* mailq edit ID OLD NEW */
static int
edit(struct mailq *m, char **arg)
{
	struct entry e;
	enum entry_got got = ENTRY_GONE;
	int r;

	if (arg[1] == NULL || arg[2] == NULL || arg[3] != NULL)
		errx(EX_USAGE, "usage: mailq edit ID OLD-ADDRESS NEW-ADDRESS");
	if (!spool_id_ok(span(arg[0])))
		return not_had(arg[0], got);
	got = take(m, &e, arg[0]);
	if (got != ENTRY_OK) {
		r = not_had(arg[0], got);
	} else if (edit_rcpt(&e, arg[1], arg[2], m->who, m->now) == -1) {
		warnx("%s: %s", arg[0], fail_text());
		r = errno == EINVAL || errno == ENOENT ? EX_DATAERR : EX_IOERR;
	} else {
		log_line(LOG_NOTICE, "queue id=%s do=edit from=%s to=%s by=%s",
		    arg[0], arg[1], arg[2], m->who);
		m->kick = e.place != SPOOL_HELD;
		r = 0;
	}
	entry_close(&e);
	return r;
}

/* ---- main */

static __attribute__((noreturn)) void
usage(void)
{
	(void)fputs("usage: mailq [-c dir] [-j] [list]\n"
		    "       mailq [-c dir] [-aj] summary\n"
		    "       mailq [-c dir] [-j] show id ...\n"
		    "       mailq [-c dir] hold | release | retry | drop | "
		    "bounce id ... | all\n"
		    "       mailq [-c dir] edit id old-address new-address\n",
	    stderr);
	exit(EX_USAGE);
}

static void
find_who(struct mailq *m)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");

	if (sudo != NULL && getuid() == 0)
		(void)strlcpy(m->who, sudo, sizeof(m->who));
	else if (pw != NULL)
		(void)strlcpy(m->who, pw->pw_name, sizeof(m->who));
	else
		(void)snprintf(m->who, sizeof(m->who), "%u", getuid());
}

static void
begin(struct mailq *m, const char *dir)
{
	struct role role;

	if (config_load(&m->config, dir) == -1)
		errx(EX_CONFIG, "%s", fail_text());
	date_zone();
	log_open("mailq", m->config.log);
	if (role_root()) {
		if (role_find(&role, m->config.spool_user) == -1 ||
		    role_drop(&role) == -1)
			errx(EX_OSERR, "%s", fail_text());
	}
	m->spool = spool_open(m->config.spool);
	if (m->spool == -1 && (errno == EACCES || errno == EPERM))
		errx(EX_NOPERM, "%s\nthe queue is for root and for %s only",
		    fail_text(), m->config.spool_user);
	if (m->spool == -1)
		errx(EX_IOERR, "%s", fail_text());
}

static int
run(struct mailq *m, int argc, char **argv)
{
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "list") == 0))
		return list(m, argv);
	if (argc == 1 && strcmp(argv[0], "summary") == 0)
		return summary(m, argv);
	if (argc == 1)
		usage();
	if (strcmp(argv[0], "show") == 0)
		return show(m, argv + 1);
	if (strcmp(argv[0], "edit") == 0)
		return edit(m, argv + 1);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(argv[0], deeds[i].word) == 0)
			return decide_some(m, &deeds[i], argv + 1);
	usage();
}

int
main(int argc, char **argv)
{
	static struct mailq m;
	static const struct option longer[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *dir = CONFIG_DIR;
	int c, status;

	find_who(&m);
	sandbox_start(3);
	while ((c = getopt_long(argc, argv, "ac:j", longer, NULL)) != -1)
		switch (c) {
		case 'a':
			m.every = true;
			break;
		case 'c':
			dir = optarg;
			break;
		case 'j':
			m.json = true;
			break;
		default:
			usage();
		}
	m.now = time(NULL);
	buf_init(&m.out, 16 << 20);
	begin(&m, dir);
	status = run(&m, argc - optind, argv + optind);
	if (m.kick)
		spool_kick_all(m.config.run);
	if (fflush(stdout) == EOF)
		err(EX_IOERR, "standard output");
	return status;
}
