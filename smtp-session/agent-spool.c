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
#include "session/record.h"
#include "session/role.h"
#include "smtp-session/agent.h"

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
	bool prepared;
	struct spool_draft draft;
	int flags;
	struct buf text;
	size_t id, from, user, envid;
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

static int
write_entry(struct spooler *s, int fd)
{
	static struct spool_rcpt rcpt[SPOOL_RCPTS];
	struct spool_envelope e = {
		.from = s->text.p + s->from,
		.arrival = time(NULL),
		.user = s->text.p + s->user,
		.envid = s->text.p + s->envid,
		.ret = ret_of(s->flags),
		.body8 = (s->flags & ENVELOPE_BODY8) != 0,
		.utf8 = (s->flags & ENVELOPE_UTF8_ASKED) != 0,
		.rcpt = rcpt,
		.rcpts = s->rcpts,
	};

	if (s->text.over || s->rcpts == 0)
		return fail_as(EBADMSG, "the envelope did not come whole");
	if (fd == -1)
		return fail_as(EBADMSG, "no message came");
	(void)snprintf(e.id, sizeof(e.id), "%s", s->text.p + s->id);
	for (size_t i = 0; i < s->rcpts; i++)
		rcpt[i] = (struct spool_rcpt){
			.addr = s->text.p + s->rcpt[i].addr,
			.orcpt = s->text.p + s->rcpt[i].orcpt,
			.notify = s->rcpt[i].notify,
			.state = s->rcpt[i].state,
		};
	if (spool_begin(&s->draft, s->dir, &e) == -1)
		return -1;
	s->draft.held = (s->flags & ENVELOPE_HELD) != 0;
	if (spool_copy(&s->draft, fd, 0) == 0 && spool_seal(&s->draft) == 0)
		return 0;
	spool_abort(&s->draft);
	return -1;
}

static void
take_back(struct spooler *s)
{
	if (s->prepared)
		spool_abort(&s->draft);
	s->prepared = false;
}

static int
commit(struct spooler *s)
{
	if (!s->prepared)
		return fail_as(EBADMSG, "nothing to commit");
	s->prepared = false;
	return spool_commit(&s->draft);
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
			take_back(s);
			s->prepared = write_entry(s, fd) == 0;
			agent_answer(s->sock, s->prepared ? 0 : -1);
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
	s.draft.fd = -1;
	s.dir = -1;
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
