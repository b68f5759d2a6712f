/* An agent's second half: it has become the user, and writes what it is given
 * into the Maildir it has opened. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "message/fail.h"
#include "smtp-session/agent-parts.h"
#include "smtp-session/trace.h"

struct place {
	int sock;
	int dir;
	const char *final;
	struct delivery d;
	bool prepared;
};

static int
prepare(struct place *b, struct span data, int fd)
{
	const char *from = agent_string(&data);
	const char *original = agent_string(&data);
	struct buf head;
	int r;

	if (fd == -1)
		return fail_as(EBADMSG, "no message came");
	if (delivery_open(&b->d, b->dir) == -1)
		return -1;
	buf_init(&head, AGENT_HEAD_MAX);
	trace_delivery(&head, from, original, b->final);
	if (head.over)
		r = fail_as(ENOMEM, "no memory");
	else
		r = delivery_add(&b->d, head.p, head.len);
	buf_free(&head);
	if (r == 0)
		r = delivery_copy(&b->d, fd, 0);
	if (r == 0)
		r = delivery_seal(&b->d);
	if (r == -1) {
		int e = errno;

		delivery_abort(&b->d);
		errno = e;
	}
	b->prepared = r == 0;
	return r;
}

static int
commit(struct place *b)
{
	if (!b->prepared)
		return fail_as(EBADMSG, "nothing to commit");
	b->prepared = false;
	return delivery_commit(&b->d);
}

static void
take_back(struct place *b)
{
	if (b->prepared)
		delivery_abort(&b->d);
	b->prepared = false;
}

noreturn static void
serve(struct place *b)
{
	static struct record r;
	int fd;

	for (;;) {
		agent_wait(b->sock, &r, &fd);
		switch (r.kind) {
		case AGENT_PREPARE:
		case AGENT_DELIVER:
			take_back(b);
			if (prepare(b, record_span(&r), fd) == 0 &&
			    (r.kind == AGENT_PREPARE || commit(b) == 0))
				agent_answer(b->sock, 0);
			else
				agent_answer(b->sock, -1);
			break;
		case AGENT_COMMIT:
			agent_answer(b->sock, commit(b));
			break;
		default:
			take_back(b);
			if (r.kind != AGENT_ABORT || r.value == -1)
				_exit(0);
		}
		if (fd != -1)
			(void)close(fd);
	}
}

noreturn void
agent_maildir(int sock, const struct config *c, int dir, const char *final)
{
	static struct place b;

	b.sock = sock;
	b.final = final;
	b.dir = dir;
	if (agent_lock_down(c, dir) == -1) {
		agent_answer(sock, -1);
		_exit(0);
	}
	serve(&b);
}
