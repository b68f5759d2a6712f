/* What an administrator may do to waiting mail. */
#include "mailq-run/decide.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/edit.h"
#include "mailq-run/scan.h"
#include "message/fail.h"
#include "session/log.h"

enum { BUSY_MS = 5000 /* how long a busy message is waited for */ };

int
decide_not_had(const char *id, enum entry_got got)
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

struct deed {
	const char *word;
	/* 0 / -1 with fail_text(); 1: nothing to do, fail_text() says why. */
	int (*run)(struct decide *, struct entry *);
};

static int
do_hold(struct decide *m, struct entry *e)
{
	(void)m;
	if (e->place == SPOOL_HELD) {
		(void)fail_as(EALREADY, "already held");
		return 1;
	}
	return entry_hold(e);
}

static int
do_release(struct decide *m, struct entry *e)
{
	if (e->place != SPOOL_HELD) {
		(void)fail_as(EALREADY, "not held");
		return 1;
	}
	m->kick = true;
	return entry_release(e);
}

static int
do_retry(struct decide *m, struct entry *e)
{
	if (e->place == SPOOL_HELD) {
		(void)fail_as(EBUSY, "held, release it first");
		return 1;
	}
	m->kick = true;
	return entry_defer(e, m->now);
}

static int
do_drop(struct decide *m, struct entry *e)
{
	(void)m;
	return entry_finish(e, NULL);
}

/* The next run returns it to the sender. */
static int
do_bounce(struct decide *m, struct entry *e)
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
take(struct decide *m, struct entry *e, const char *id)
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
decide_one(struct decide *m, const struct deed *d, const char *id)
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
		return decide_not_had(id, ENTRY_GONE);
	got = take(m, &e, id);
	if (got != ENTRY_OK) {
		r = decide_not_had(id, got);
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
decide_all(struct decide *m, const struct deed *d)
{
	struct scan s;
	struct scan_name n;
	unsigned places = SPOOL_NEW | SPOOL_DUE | SPOOL_HELD;
	int r, worst = 0;

	if (d->run == do_hold || d->run == do_retry)
		places = SPOOL_NEW | SPOOL_DUE;
	if (d->run == do_release)
		places = SPOOL_HELD;
	if (scan_open(&s, m->spool, places, (time_t)1 << 40) == -1) {
		warnx("%s", fail_text());
		return EX_IOERR;
	}
	while ((r = scan_next(&s, &n)) != 0)
		if ((r = r == -1 ? EX_IOERR : decide_one(m, d, n.id)) != 0 &&
		    r != EX_NOINPUT)
			worst = r;
	scan_close(&s);
	return worst;
}

static const struct deed *
find(const char *word)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(word, deeds[i].word) == 0)
			return &deeds[i];
	return NULL;
}

bool
decide_is(const char *word)
{
	return find(word) != NULL;
}

int
decide_some(struct decide *m, const char *word, char **id)
{
	const struct deed *d = find(word);
	int r, worst = 0;

	if (strcmp(id[0], "all") == 0 && id[1] == NULL)
		return decide_all(m, d);
	for (; *id != NULL; id++)
		if ((r = decide_one(m, d, *id)) != 0)
			worst = r;
	return worst;
}

int
decide_edit(struct decide *m, char **arg)
{
	struct entry e;
	enum entry_got got = ENTRY_GONE;
	int r;

	if (!spool_id_ok(span(arg[0])))
		return decide_not_had(arg[0], got);
	got = take(m, &e, arg[0]);
	if (got != ENTRY_OK) {
		r = decide_not_had(arg[0], got);
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
