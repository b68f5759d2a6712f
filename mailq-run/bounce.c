#include "mailq-run/bounce.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/judge.h"
#include "message/dsn.h"
#include "message/fail.h"
#include "message/file.h"
#include "session/log.h"

enum {
	ORIGINAL = DSN_ORIGINAL_MAX + 262144, /* octets looked at */
	REPORT = 4 << 20,
};

/* What a report is put together from. */
struct report {
	struct entry *e;
	enum history_report kind;
	const struct bounce *b;
	struct dsn dsn;
	struct dsn_rcpt *rcpt;
	struct buf original; /* header and body of the message */
	struct buf words; /* of the remote sides; never grows */
};

static enum spool_state
concerned(enum history_report kind)
{
	return kind == REPORT_FAILED ? SPOOL_FAILED :
	    kind == REPORT_SUCCESS   ? SPOOL_SUCCESS :
				       SPOOL_TODO;
}

/* RFC 3461 s. 4.1: without NOTIFY failures and delays are told.  What fails
 * from <> is for postmaster, whatever it says. */
static bool
wanted(const struct spool_rcpt *r, enum history_report kind, bool null)
{
	switch (kind) {
	case REPORT_FAILED:
		return null || r->notify == 0 ||
		    (r->notify & NOTIFY_FAILURE) != 0;
	case REPORT_DELAYED:
		return r->notify == 0 || (r->notify & NOTIFY_DELAY) != 0;
	case REPORT_SUCCESS:
		return (r->notify & NOTIFY_SUCCESS) != 0;
	}
	return false;
}

/* A copy of "s" that stays where it is: words has all its memory already. */
static struct span
keep(struct buf *words, struct span s)
{
	struct span copy = { words->p + words->len, s.len };

	buf_span(words, s);
	return words->over ? span("") : copy;
}

/* What took place (RFC 3464 s. 2.3.3).  Where nothing was tried it was done
 * before the entry was written, in a mailbox of ours. */
static enum dsn_action
action(const struct report *r, size_t i)
{
	if (r->kind != REPORT_SUCCESS)
		return r->kind == REPORT_FAILED ? DSN_FAILED : DSN_DELAYED;
	if ((r->e->env.rcpt[i].notify & NOTIFY_EXPANDED) != 0)
		return DSN_EXPANDED;
	return r->e->history.rcpt[i].tries > 0 ? DSN_RELAYED : DSN_DELIVERED;
}

static void
add_rcpt(struct report *r, size_t i, struct buf *scratch)
{
	const struct spool_rcpt *from = &r->e->env.rcpt[i];
	struct history_line l = { .when = 0 };
	struct dsn_rcpt *to = &r->rcpt[r->dsn.rcpts++];
	struct span dialogue;

	(void)history_last(&r->e->history, i, &l, scratch);
	l.reply = judge_said(l.reply, &dialogue);
	*to = (struct dsn_rcpt){
		.final = span(from->addr),
		.orcpt = span(from->orcpt),
		.action = action(r, i),
		.status = keep(&r->words, l.status),
		.remote = keep(&r->words, span_cut(&l.remote, '[')),
		.diagnostic = keep(&r->words, l.reply),
		.dialogue = keep(&r->words, dialogue),
		.last_attempt = l.when,
	};
	/* That smtp-session found; all else has a verdict. */
	if (r->kind == REPORT_FAILED && to->status.len == 0)
		to->status = span("5.4.6");
	if (r->kind == REPORT_DELAYED)
		to->retry_until = retry_until(r->b->retry, r->e->env.arrival,
		    r->e->env.from[0] == '\0');
}

/* Who is to be told of.  0 / -1. */
static int
collect(struct report *r)
{
	const struct spool_envelope *env = &r->e->env;
	struct buf scratch;

	r->rcpt = calloc(env->rcpts, sizeof(*r->rcpt));
	if (r->rcpt == NULL)
		return fail("recipients of a report");
	/* Its memory must not move while spans point into it. */
	for (size_t i = 0; i < r->words.cap; i++)
		buf_char(&r->words, 0);
	buf_reset(&r->words);
	buf_init(&scratch, HISTORY_REPLY + 64);
	for (size_t i = 0; i < env->rcpts; i++)
		if (env->rcpt[i].state == concerned(r->kind) &&
		    wanted(&env->rcpt[i], r->kind, env->from[0] == '\0'))
			add_rcpt(r, i, &scratch);
	buf_free(&scratch);
	r->dsn.rcpt = r->rcpt;
	return 0;
}

/* The header of the message, and its body when all of it is to go back. */
static int
read_original(struct report *r)
{
	struct entry *e = r->e;
	off_t at = e->message;
	char block[16384];
	const char *end;
	ssize_t n;

	while (at < e->size && r->original.len < ORIGINAL - sizeof(block)) {
		n = pread(e->fd, block, sizeof(block), at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("read the message");
		if (n == 0)
			break;
		buf_add(&r->original, block, (size_t)n);
		at += n;
	}
	r->dsn.header = buf_all(&r->original);
	end = memmem(r->original.p, r->original.len, "\n\n", 2);
	if (end == NULL)
		return 0;
	r->dsn.header.len = (size_t)(end + 1 - r->original.p);
	if (r->kind != REPORT_FAILED || e->env.ret == 'H' || e->env.tls ||
	    e->size - e->message > DSN_ORIGINAL_MAX)
		return 0;
	r->dsn.full = true;
	r->dsn.body = span_from(buf_all(&r->original), r->dsn.header.len + 1);
	return 0;
}

/* The text, under the name that "id" gives it. */
static int
write_text(const struct report *r, struct buf *out, const char *id,
    const char *to)
{
	char name[SPOOL_ID + 300];
	struct dsn dsn = r->dsn;

	(void)snprintf(name, sizeof(name), "%s@%s", id, r->b->hostname);
	dsn.reporting_mta = span(r->b->hostname);
	dsn.id = span(name);
	dsn.to = span(to);
	dsn.envid = span(r->e->env.envid);
	dsn.arrival = r->e->env.arrival;
	dsn.now = r->b->now;
	dsn_put(out, &dsn);
	return out->over ? fail_as(E2BIG, "report too long") : 0;
}

/* To the sender: an entry of its own. */
static int
post(struct report *r)
{
	struct spool_rcpt to = {
		.addr = r->e->env.from,
		.orcpt = "",
		.notify = NOTIFY_NEVER,
		.state = SPOOL_TODO,
	};
	const struct spool_envelope env = {
		.from = "",
		.arrival = r->b->now,
		.user = "",
		.envid = "",
		.body8 = true,
		.utf8 = r->e->env.utf8,
		.tls = r->e->env.tls, /* RFC 8689 s. 5 */
		.report = r->b->filtered,
		.rcpt = &to,
		.rcpts = 1,
	};
	struct spool_draft d;
	struct buf text;
	int e;

	if (entry_report_begin(r->e, &d, &env) == -1)
		return -1;
	buf_init(&text, REPORT);
	e = write_text(r, &text, d.id, r->e->env.from);
	if (e == 0)
		e = spool_add(&d, text.p, text.len);
	buf_free(&text);
	if (e == -1) {
		spool_abort(&d);
		return -1;
	}
	if (entry_report(r->e, r->kind, &d, r->b->now) == -1)
		return -1;
	log_line(LOG_NOTICE, "report id=%s kind=%c child=%s to=<%s>",
	    r->e->env.id, (char)r->kind, d.id, r->e->env.from);
	return 0;
}

/* ---- nobody to tell: for postmaster */

static int
write_file(int dir, const char *name, struct span text)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int e = 0;

	if (fd == -1)
		return fail("create %s", name);
	if (file_write(fd, text) == -1)
		e = fail("write %s", name);
	if (e == 0 && fsync(fd) == -1)
		e = fail("fsync %s", name);
	(void)close(fd);
	return e;
}

/* The name derives from the entry: after a crash the same file is written
 * again, not a second one. */
static int
file_away(int spool, const char *id, struct span text)
{
	static const char *const dirs[] = { "double-bounce",
		"double-bounce/cur", "double-bounce/new", "double-bounce/tmp" };
	char tmp[SPOOL_ID + 32], new[SPOOL_ID + 32];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (mkdirat(spool, dirs[i], 0700) == -1 && errno != EEXIST)
			return fail("mkdir %s", dirs[i]);
	(void)snprintf(tmp, sizeof(tmp), "double-bounce/tmp/%s", id);
	(void)snprintf(new, sizeof(new), "double-bounce/new/%s", id);
	if (write_file(spool, tmp, text) == -1)
		return -1;
	if (renameat(spool, tmp, spool, new) == -1)
		return fail("rename %s", tmp);
	return file_sync_names(spool, "double-bounce/new");
}

static int
double_bounce(struct report *r)
{
	char to[300];
	struct buf text;
	int e;

	(void)snprintf(to, sizeof(to), "postmaster@%s", r->b->hostname);
	buf_init(&text, REPORT);
	e = write_text(r, &text, r->e->env.id, to);
	if (e == 0)
		e = file_away(r->e->spool, r->e->env.id, buf_all(&text));
	buf_free(&text);
	if (e == -1)
		return -1;
	log_line(LOG_WARNING, "report id=%s double-bounce=yes", r->e->env.id);
	return entry_report(r->e, r->kind, NULL, r->b->now);
}

static int
tell(struct report *r)
{
	if (collect(r) == -1)
		return -1;
	if (r->dsn.rcpts == 0)
		return entry_report(r->e, r->kind, NULL, r->b->now);
	if (read_original(r) == -1)
		return -1;
	if (r->e->env.from[0] != '\0')
		return post(r);
	if (r->kind == REPORT_FAILED)
		return double_bounce(r);
	return entry_report(r->e, r->kind, NULL, r->b->now);
}

int
bounce_report(struct entry *e, enum history_report kind, const struct bounce *b)
{
	struct report r = { .e = e, .kind = kind, .b = b };
	int got;

	buf_init(&r.original, ORIGINAL);
	buf_init(&r.words, e->env.rcpts * (HISTORY_REPLY + 512));
	got = tell(&r);
	buf_free(&r.original);
	buf_free(&r.words);
	free(r.rcpt);
	return got;
}
