/* Working on one entry.  What a crash leaves between any two calls here
 * stands in spool(5); recover() is what makes it whole again. */
#include "mailq-run/entry.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/envelope.h"
#include "message/fail.h"
#include "message/file.h"

/* ---- opening */

/* Open "id" in one place.  0; -1 with ENOENT: not here. */
static int
open_in(struct entry *e, const char *id, enum spool_place place, int flags)
{
	char path[PLACE_PATH];

	(void)place_path(path, place, id);
	e->place = place;
	e->fd = place_open(e->spool, path, flags);
	return e->fd == -1 ? fail("open %s", path) : 0;
}

static int
open_any(struct entry *e, const char *id, int flags)
{
	if (open_in(e, id, SPOOL_NEW, flags) == 0)
		return 0;
	if (errno == ENOENT && open_in(e, id, SPOOL_DUE, flags) == 0)
		return 0;
	if (errno == ENOENT && open_in(e, id, SPOOL_HELD, flags) == 0)
		return 0;
	return -1;
}

/* Whether the open file still has its name (it may have been finished or
 * moved while we waited for nothing but the scheduler). */
static bool
still_there(const struct entry *e, const char *id, const struct stat *st)
{
	struct stat now;
	char path[PLACE_PATH];

	return fstatat(e->spool, place_path(path, e->place, id), &now,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == st->st_ino && now.st_dev == st->st_dev;
}

/* Read the envelope, up to its empty line, into e->head. */
static int
read_head(struct entry *e)
{
	char block[4096];

	for (;;) {
		size_t had = e->head.len;
		ssize_t n = pread(e->fd, block, sizeof(block), (off_t)had);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("read");
		if (n == 0)
			return 0;
		buf_add(&e->head, block, (size_t)n);
		if (e->head.over && e->head.len < SPOOL_HEAD - sizeof(block))
			return fail_as(ENOMEM, "no memory for an envelope");
		if (e->head.over)
			return fail_as(EBADMSG, "envelope too long");
		had -= had > 0;
		if (memmem(e->head.p + had, e->head.len - had, "\n\n", 2) !=
		    NULL)
			return 0;
	}
}

static int
parse(struct entry *e, const char *id)
{
	struct stat st;

	if (fstat(e->fd, &st) == -1)
		return fail("stat");
	if (!S_ISREG(st.st_mode))
		return fail_as(EBADMSG, "no regular file");
	e->size = st.st_size;
	e->next = st.st_mtime;
	if (read_head(e) == -1 ||
	    spool_envelope_parse(&e->env, e->head.p, e->head.len,
		&e->message) == -1)
		return -1;
	if (strcmp(e->env.id, id) != 0)
		return fail_as(EBADMSG, "holds id %s", e->env.id);
	e->changed = calloc(e->env.rcpts, sizeof(*e->changed));
	return e->changed == NULL ? fail("recipients") : 0;
}

static enum entry_got
load(struct entry *e, const char *id)
{
	char why[300];

	if (parse(e, id) == -1) {
		if (errno != EBADMSG)
			return ENTRY_ERROR;
		(void)strlcpy(why, fail_text(), sizeof(why));
		(void)fail_as(EBADMSG, "%s: %s", id, why);
		return ENTRY_BAD;
	}
	return history_load(&e->history, e->spool, id, e->env.rcpts) == 0 ?
	    ENTRY_OK :
	    ENTRY_ERROR;
}

static void
clear(struct entry *e, int spool)
{
	*e = (struct entry){ .spool = spool, .fd = -1 };
	buf_init(&e->head, SPOOL_HEAD);
	buf_init(&e->history.text, 0);
}

enum entry_got
entry_look(struct entry *e, int spool, const char *id, enum spool_place hint)
{
	enum entry_got got;

	clear(e, spool);
	if ((hint == 0 || open_in(e, id, hint, O_RDONLY) == -1) &&
	    open_any(e, id, O_RDONLY) == -1)
		return errno == ENOENT ? ENTRY_GONE :
		    errno == ELOOP     ? ENTRY_BAD :
					 ENTRY_ERROR;
	got = load(e, id);
	(void)close(e->fd);
	e->fd = -1;
	return got;
}

/* ---- taking */

/* Bring a report that the log names, and a crash left in tmp/, into new/. */
static int
bring(struct entry *e, const char *child)
{
	char from[PLACE_PATH], to[PLACE_PATH];

	if (child[0] == '\0')
		return 0;
	(void)snprintf(from, sizeof(from), "tmp/%s", child);
	(void)place_path(to, SPOOL_NEW, child);
	if (renameat2(e->spool, from, e->spool, to, RENAME_NOREPLACE) == -1)
		return errno == ENOENT ? 0 : fail("rename %s to %s", from, to);
	return file_sync_names(e->spool, "new");
}

/* The log runs ahead of the octets: what it says has happened. */
static int
recover(struct entry *e)
{
	for (size_t i = 0; i < e->env.rcpts; i++) {
		const struct history_rcpt *h = &e->history.rcpt[i];
		enum spool_state is = e->env.rcpt[i].state;

		if (is == SPOOL_TODO && h->state != 0)
			is = h->state;
		if (h->told && is == SPOOL_FAILED)
			is = SPOOL_BOUNCED;
		if (h->told && is == SPOOL_SUCCESS)
			is = SPOOL_DONE;
		if (is != e->env.rcpt[i].state)
			entry_mark(e, i, is);
	}
	return bring(e, e->history.child) == -1 ? -1 : entry_settle(e);
}

/* One attempt at opening and locking; ENTRY_GONE with EAGAIN: it moved. */
static enum entry_got
lock(struct entry *e, const char *id)
{
	struct stat st;

	if (open_any(e, id, O_RDWR) == -1) {
		if (errno == ENOENT)
			return ENTRY_GONE;
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ?
		    ENTRY_BAD :
		    ENTRY_ERROR;
	}
	if (flock(e->fd, LOCK_EX | LOCK_NB) == -1) {
		bool busy = errno == EWOULDBLOCK;

		(void)fail("lock %s", id);
		return busy ? ENTRY_BUSY : ENTRY_ERROR;
	}
	if (fstat(e->fd, &st) == -1 || !still_there(e, id, &st)) {
		errno = EAGAIN;
		return ENTRY_GONE;
	}
	return ENTRY_OK;
}

static enum entry_got
lock_moving(struct entry *e, const char *id)
{
	enum entry_got got;

	for (int again = 0;; again++) {
		got = lock(e, id);
		if (got != ENTRY_GONE || errno != EAGAIN || again == 3)
			return got;
		(void)close(e->fd);
		e->fd = -1;
	}
}

enum entry_got
entry_take(struct entry *e, int spool, const char *id)
{
	char why[400];
	enum entry_got got;

	clear(e, spool);
	got = lock_moving(e, id);
	if (got == ENTRY_OK)
		got = load(e, id);
	if (got == ENTRY_OK && recover(e) == -1)
		got = ENTRY_ERROR;
	if (got == ENTRY_BAD) {
		(void)strlcpy(why, fail_text(), sizeof(why));
		if (place_quarantine(spool, e->place, id) == -1)
			return ENTRY_ERROR;
		(void)fail_as(EBADMSG, "%s", why);
	}
	return got;
}

void
entry_close(struct entry *e)
{
	if (e->fd != -1)
		(void)close(e->fd);
	e->fd = -1;
	spool_envelope_free(&e->env);
	history_free(&e->history);
	free(e->changed);
	e->changed = NULL;
	buf_free(&e->head);
}

int
entry_message(const struct entry *e)
{
	char path[PLACE_PATH];
	int fd;

	(void)place_path(path, e->place, e->env.id);
	fd = place_open(e->spool, path, O_RDONLY);
	return fd == -1 ? fail("open %s", path) : fd;
}

/* ---- verdicts */

void
entry_note(struct entry *e, const struct history_line *l)
{
	history_add(&e->history, l);
	if (l->kind == HISTORY_REPORT ||
	    (l->kind == HISTORY_TRY &&
		(l->state == SPOOL_FAILED || l->state == SPOOL_SUCCESS)))
		e->urgent = true;
}

void
entry_mark(struct entry *e, size_t i, enum spool_state state)
{
	e->changed[i] = true;
	e->env.rcpt[i].state = state;
}

void
entry_verdict(struct entry *e, size_t i, enum spool_state state,
    struct span status, struct span remote, struct span reply, time_t now)
{
	struct history_line l = {
		.when = now,
		.kind = HISTORY_TRY,
		.rcpt = i,
		.state = state,
		.status = status,
		.remote = remote,
		.reply = reply,
	};

	entry_note(e, &l);
	if (e->env.rcpt[i].state != state)
		entry_mark(e, i, state);
}

/* Write the state octets that changed, or of them only D.
 * 1: something was written; 0: nothing; -1. */
static int
write_octets(struct entry *e, bool only_done)
{
	int wrote = 0;

	for (size_t i = 0; i < e->env.rcpts; i++) {
		char c = (char)e->env.rcpt[i].state;

		if (!e->changed[i] || (only_done && c != SPOOL_DONE))
			continue;
		if (pwrite(e->fd, &c, 1, e->env.rcpt[i].at) != 1)
			return fail("write the state of %s", e->env.id);
		wrote = 1;
	}
	return wrote;
}

int
entry_settle(struct entry *e)
{
	int logged, wrote;

	logged = history_save(&e->history, e->spool, e->env.id, e->urgent);
	wrote = write_octets(e, logged == -1);
	if (wrote == 1 && fdatasync(e->fd) == -1)
		wrote = fail("fdatasync %s", e->env.id);
	if (wrote == -1)
		return -1;
	for (size_t i = 0; i < e->env.rcpts; i++)
		if (logged == 0 || e->env.rcpt[i].state == SPOOL_DONE)
			e->changed[i] = false;
	if (logged == 0)
		e->urgent = false;
	return logged;
}

size_t
entry_count(const struct entry *e, enum spool_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < e->env.rcpts; i++)
		n += e->env.rcpt[i].state == state;
	return n;
}

/* ---- moving */

static int
set_next(struct entry *e, time_t when)
{
	const struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = when } };

	if (futimens(e->fd, t) == -1)
		return fail("set the time of %s", e->env.id);
	e->next = when;
	return 0;
}

static int
move(struct entry *e, enum spool_place to, bool durable)
{
	if (e->place == to)
		return 0;
	if (place_move(e->spool, e->env.id, e->place, to, durable) == -1)
		return -1;
	e->place = to;
	return 0;
}

int
entry_defer(struct entry *e, time_t when)
{
	if (set_next(e, when) == -1)
		return -1;
	return e->place == SPOOL_NEW ? move(e, SPOOL_DUE, false) : 0;
}

int
entry_hold(struct entry *e)
{
	return move(e, SPOOL_HELD, true);
}

int
entry_release(struct entry *e)
{
	if (e->place == SPOOL_HELD && move(e, SPOOL_DUE, true) == -1)
		return -1;
	return set_next(e, time(NULL));
}

/* ---- ending */

int
entry_report_begin(const struct entry *e, struct spool_draft *d,
    const struct spool_envelope *env)
{
	struct spool_envelope named = *env;
	char path[PLACE_PATH];
	int n;

	n = snprintf(named.id, sizeof(named.id), "%s-%u", e->env.id,
	    e->history.reports + 1);
	if (n < 0 || (size_t)n >= sizeof(named.id)) {
		*d = (struct spool_draft){ .fd = -1 };
		return fail_as(ENAMETOOLONG, "%s: no id for a report",
		    e->env.id);
	}
	/* We hold the lock and recovered: one that is there is dead. */
	(void)snprintf(path, sizeof(path), "tmp/%s", named.id);
	(void)unlinkat(e->spool, path, 0);
	return spool_begin(d, e->spool, &named);
}

int
entry_report(struct entry *e, enum history_report report, struct spool_draft *d,
    time_t now)
{
	struct history_line l = {
		.when = now,
		.kind = HISTORY_REPORT,
		.report = report,
		.child = span(d == NULL ? "" : d->id),
	};
	enum spool_state from =
	    report == REPORT_FAILED ? SPOOL_FAILED : SPOOL_SUCCESS;
	enum spool_state to =
	    report == REPORT_FAILED ? SPOOL_BOUNCED : SPOOL_DONE;

	if (d != NULL &&
	    (spool_seal(d) == -1 || file_sync_names(e->spool, "tmp") == -1)) {
		spool_abort(d);
		return -1;
	}
	if (d != NULL) {
		(void)close(d->fd);
		d->fd = -1; /* from here on the log line decides */
	}
	entry_note(e, &l);
	for (size_t i = 0; report != REPORT_DELAYED && i < e->env.rcpts; i++)
		if (e->env.rcpt[i].state == from)
			entry_mark(e, i, to);
	if (entry_settle(e) == -1)
		return -1;
	if (d == NULL)
		return 0;
	if (bring(e, d->id) == -1)
		return -1;
	d->visible = true;
	return 0;
}

int
entry_finish(struct entry *e, struct place_dirty *dirty)
{
	struct place_dirty now = { 0 };
	char path[PLACE_PATH];

	(void)place_path(path, e->place, e->env.id);
	if (unlinkat(e->spool, path, 0) == -1 && errno != ENOENT)
		return fail("unlink %s", path);
	if (e->history.exists)
		(void)unlinkat(e->spool, place_log(path, e->env.id), 0);
	place_touch(dirty == NULL ? &now : dirty, e->place, e->env.id);
	return dirty == NULL ? place_flush(e->spool, &now) : 0;
}
