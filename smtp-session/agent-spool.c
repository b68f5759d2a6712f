/* MAY HOLD ROOT until role_drop.
 *
 * The agent that writes entries of the spool, as the spool user. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mailq-run/spool.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/role.h"
#include "smtp-session/agent-parts.h"
#include "smtp-session/srs.h"

enum { STRINGS_MAX = 2 << 20 };

/* Strings lie in "text" as offsets until all have come: it may move. */
struct draft_rcpt {
	size_t addr, orcpt;
	unsigned notify;
	enum spool_state state;
};

struct spooler {
	int sock;
	int dir;
	struct srs srs;
	bool rewrite; /* there is a secret for it */
	struct spool_draft draft[AGENT_DRAFTS]; /* written, not yet visible */
	size_t drafts;
	int flags;
	struct buf text;
	size_t id, from, user, envid, via;
	struct draft_rcpt rcpt[SPOOL_RCPTS];
	size_t rcpts;
};

static size_t
keep(struct spooler *s, const char *string)
{
	size_t at = s->text.len;

	buf_add(&s->text, string, strlen(string) + 1);
	return at;
}

static void
begin(struct spooler *s, int flags, struct span data)
{
	buf_reset(&s->text);
	s->rcpts = 0;
	s->flags = flags;
	s->id = keep(s, agent_string(&data));
	s->from = keep(s, agent_string(&data));
	s->user = keep(s, agent_string(&data));
	s->envid = keep(s, agent_string(&data));
	s->via = keep(s, agent_string(&data));
}

static void
add_rcpt(struct spooler *s, int notify, struct span data)
{
	const char *addr = agent_string(&data);
	struct draft_rcpt *r = &s->rcpt[s->rcpts];

	if (s->rcpts == SPOOL_RCPTS || addr[0] == '\0') {
		s->text.over = true;
		return;
	}
	r->state = (enum spool_state)addr[0];
	r->notify = (unsigned)notify;
	r->addr = keep(s, addr + 1);
	r->orcpt = keep(s, agent_string(&data));
	s->rcpts++;
}

static char
ret_of(int flags)
{
	if ((flags & ENVELOPE_RET_FULL) != 0)
		return 'F';
	return (flags & ENVELOPE_RET_HDRS) != 0 ? 'H' : 0;
}

/* What was forwarded to another host comes from here: the sender's own domain
 * did not send it, and reports have to pass by us.  On any trouble it stays as
 * it is, so that a report is not lost. */
static void
rewrite(struct spooler *s)
{
	const char *from = s->text.p + s->from, *via = s->text.p + s->via;
	const char *ours = strrchr(via, '@');
	struct buf new;

	if (!s->rewrite || ours == NULL || from[0] == '\0' ||
	    (s->flags & ENVELOPE_FOREIGN) == 0)
		return;
	buf_init(&new, ADDR_MAX + 80);
	if (srs_forward(&new, &s->srs, from, ours + 1, time(NULL)) == 0)
		s->from = keep(s, new.p);
	buf_free(&new);
}

/* The envelope, the mark of who has forwarded it, and the message. */
static int
write_draft(struct spooler *s, const struct spool_envelope *e, int fd)
{
	struct spool_draft *d = &s->draft[s->drafts];
	const char *via = s->text.p + s->via;
	struct buf head;
	int r = 0;

	if (spool_begin(d, s->dir, e) == -1)
		return -1;
	d->held = (s->flags & ENVELOPE_HELD) != 0;
	buf_init(&head, AGENT_HEAD_MAX);
	if (via[0] != '\0') {
		buf_printf(&head, "Delivered-To: %s\n", via);
		r = head.over ? fail_as(ENOMEM, "no memory") :
				spool_add(d, head.p, head.len);
	}
	buf_free(&head);
	if (r == 0 && spool_copy(d, fd, 0) == 0 && spool_seal(d) == 0) {
		s->drafts++;
		return 0;
	}
	spool_abort(d);
	return -1;
}

static int
write_entry(struct spooler *s, int fd)
{
	static struct spool_rcpt rcpt[SPOOL_RCPTS];
	struct spool_envelope e = {
		.arrival = time(NULL),
		.ret = ret_of(s->flags),
		.body8 = (s->flags & ENVELOPE_BODY8) != 0,
		.utf8 = (s->flags & ENVELOPE_UTF8_ASKED) != 0,
		.tls = (s->flags & ENVELOPE_TLS) != 0,
		.rcpt = rcpt,
		.rcpts = s->rcpts,
	};

	if (s->text.over || s->rcpts == 0 || s->drafts == AGENT_DRAFTS)
		return fail_as(EBADMSG, "the envelope did not come whole");
	if (fd == -1)
		return fail_as(EBADMSG, "no message came");
	rewrite(s);
	e.from = s->text.p + s->from;
	e.user = s->text.p + s->user;
	e.envid = s->text.p + s->envid;
	(void)snprintf(e.id, sizeof(e.id), "%s", s->text.p + s->id);
	for (size_t i = 0; i < s->rcpts; i++)
		rcpt[i] = (struct spool_rcpt){
			.addr = s->text.p + s->rcpt[i].addr,
			.orcpt = s->text.p + s->rcpt[i].orcpt,
			.notify = s->rcpt[i].notify,
			.state = s->rcpt[i].state,
		};
	return write_draft(s, &e, fd);
}

static void
take_back(struct spooler *s)
{
	while (s->drafts > 0)
		spool_abort(&s->draft[--s->drafts]);
}

/* One after another; when one fails those behind it are taken back. */
static int
commit(struct spooler *s)
{
	size_t n = s->drafts;

	if (n == 0)
		return fail_as(EBADMSG, "nothing to commit");
	s->drafts = 0;
	for (size_t i = 0; i < n; i++)
		if (spool_commit(&s->draft[i]) == -1) {
			int e = errno;

			while (n-- > i + 1)
				spool_abort(&s->draft[n]);
			errno = e;
			return -1;
		}
	return 0;
}

/* A file without a name for a message that is too large for memory. */
static void
give_file(struct spooler *s)
{
	char name[64];
	int fd;

	fd = openat(s->dir, "tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		(void)snprintf(name, sizeof(name), "tmp/content-%d",
		    (int)getpid());
		fd = openat(s->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
		if (fd != -1)
			(void)unlinkat(s->dir, name, 0);
	}
	if (fd == -1) {
		(void)fail("create a file in spool/tmp");
		agent_answer(s->sock, -1);
		return;
	}
	if (record_send(s->sock, AGENT_DONE, 0, span(""), fd) == -1)
		_exit(0);
	(void)close(fd);
}

noreturn static void
serve(struct spooler *s)
{
	static struct record r;
	int fd;

	for (;;) {
		agent_wait(s->sock, &r, &fd);
		switch (r.kind) {
		case AGENT_ENVELOPE:
			begin(s, r.value, record_span(&r));
			break;
		case AGENT_RCPT:
			add_rcpt(s, r.value, record_span(&r));
			break;
		case AGENT_PREPARE:
			agent_answer(s->sock, write_entry(s, fd));
			break;
		case AGENT_COMMIT:
			agent_answer(s->sock, commit(s));
			break;
		case AGENT_FILE:
			give_file(s);
			break;
		default:
			take_back(s);
			if (r.kind != AGENT_ABORT || r.value == -1)
				_exit(0);
		}
		if (fd != -1)
			(void)close(fd);
	}
}

noreturn void
agent_spool(int sock, const struct config *c)
{
	static struct spooler s;
	struct role role = { 0, 0 };

	(void)alarm(AGENT_SECONDS);
	buf_init(&s.text, STRINGS_MAX);
	s.sock = sock;
	s.dir = -1;
	s.rewrite = srs_open(&s.srs, c) == 1;
	if ((!role_root() || role_find(&role, c->spool_user) == 0) &&
	    role_drop(&role) == 0) {
		(void)close(LOG_FD);
		s.dir = spool_open(c->spool);
	}
	if (s.dir == -1 || agent_lock_down(c, s.dir) == -1) {
		(void)record_send(sock, AGENT_TROUBLE, errno, span(fail_text()),
		    -1);
		_exit(0);
	}
	if (record_send(sock, AGENT_SPOOL, 0, span(""), -1) == -1)
		_exit(0);
	serve(&s);
}
