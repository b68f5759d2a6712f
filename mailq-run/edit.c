/* Changing a recipient of a waiting message. */
#include "mailq-run/edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "message/addr.h"
#include "message/fail.h"

/* The recipient that is meant; one that waits before others. */
static struct spool_rcpt *
find(struct entry *e, const char *from)
{
	struct spool_rcpt *found = NULL;

	for (size_t i = 0; i < e->env.rcpts; i++) {
		struct spool_rcpt *r = &e->env.rcpt[i];

		if (r->state == SPOOL_DONE || r->state == SPOOL_SUCCESS ||
		    strcasecmp(r->addr, from) != 0)
			continue;
		if (found == NULL || r->state == SPOOL_TODO)
			found = r;
	}
	return found;
}

static int
clean_address(struct buf *out, const char *to)
{
	struct span rest = span(to);
	struct addr a;

	if (addr_path(&rest, &a) == -1 || rest.len > 0 || a.domain[0] == '\0')
		return fail_as(EINVAL, "\"%s\" is no address", to);
	addr_put(out, &a);
	return 0;
}

/* The log first: what it says last of a recipient is what counts. */
static int
log_edit(struct entry *e, const struct spool_rcpt *r, const char *from,
    const char *to, const char *who, time_t now)
{
	char what[2 * ADDR_MAX + 32];
	struct history_line l = {
		.when = now,
		.kind = HISTORY_ADMIN,
		.remote = span(who),
	};

	(void)snprintf(what, sizeof(what), "edit %s %s", from, to);
	l.reply = span(what);
	entry_note(e, &l);
	l = (struct history_line){
		.when = now,
		.kind = HISTORY_TRY,
		.rcpt = (size_t)(r - e->env.rcpt),
		.state = SPOOL_TODO,
		.reply = span("recipient changed"),
	};
	entry_note(e, &l);
	return history_save(&e->history, e->spool, e->env.id, true);
}

/* tmp/ID with the changed envelope takes the place of the old file; locked,
 * so that nobody takes it before the directory is durable. */
static int
replace(struct entry *e)
{
	char from[PLACE_PATH], to[PLACE_PATH];
	struct spool_draft d;
	int r = -1;

	(void)snprintf(from, sizeof(from), "tmp/%s", e->env.id);
	(void)place_path(to, e->place, e->env.id);
	(void)unlinkat(e->spool, from, 0); /* of an edit that crashed */
	if (spool_begin(&d, e->spool, &e->env) == -1)
		return -1;
	if (spool_copy(&d, e->fd, e->message) == 0 && spool_seal(&d) == 0 &&
	    flock(d.fd, LOCK_EX | LOCK_NB) == 0) {
		if (renameat(e->spool, from, e->spool, to) == -1) {
			(void)fail("rename %s to %s", from, to);
		} else {
			struct place_dirty dirty = { 0 };

			d.visible = true;
			place_touch(&dirty, e->place, e->env.id);
			r = place_flush(e->spool, &dirty);
		}
	}
	if (d.visible)
		(void)close(d.fd);
	else
		spool_abort(&d);
	return r;
}

int
edit_rcpt(struct entry *e, const char *from, const char *to, const char *who,
    time_t now)
{
	struct spool_rcpt *r = find(e, from);
	struct buf addr, orcpt;
	int done = -1;

	if (r == NULL)
		return fail_as(ENOENT, "no recipient <%s> waits", from);
	buf_init(&addr, ADDR_MAX);
	buf_init(&orcpt, SPOOL_FIELD);
	buf_str(&orcpt, "rfc822;");
	xtext_put(&orcpt, span(r->addr));
	if (clean_address(&addr, to) == 0 &&
	    log_edit(e, r, r->addr, addr.p, who, now) == 0) {
		r->addr = addr.p;
		if (r->orcpt[0] == '\0')
			r->orcpt = orcpt.p;
		r->state = SPOOL_TODO;
		done = replace(e);
		r->addr = r->orcpt = ""; /* they are gone below */
	}
	buf_free(&addr);
	buf_free(&orcpt);
	return done;
}
