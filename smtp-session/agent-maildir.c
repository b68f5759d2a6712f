/* An agent's second half: it has become the user, and writes what it is given
 * into the Maildir it has opened. */
#include <errno.h>
#include <fcntl.h>
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
	struct room room;
	struct delivery d;
	bool prepared;
	int ahead; /* a message that is still coming; -1 none */
	off_t at; /* so much of it is copied */
};

static void
stop_ahead(struct place *b)
{
	if (b->ahead != -1)
		(void)close(b->ahead);
	b->ahead = -1;
}

static void
take_back(struct place *b)
{
	if (b->prepared || b->ahead != -1)
		delivery_abort(&b->d);
	b->prepared = false;
	stop_ahead(b);
}

/* A file in tmp/ with what stands above a message. */
static int
begin(struct place *b, struct span data)
{
	const char *from = agent_string(&data);
	const char *original = agent_string(&data);
	struct buf head;
	int r;

	take_back(b);
	b->at = 0;
	if (delivery_open(&b->d, b->dir) == -1)
		return -1;
	buf_init(&head, AGENT_HEAD_MAX);
	trace_delivery(&head, from, original, b->final);
	if (head.over)
		r = fail_as(ENOMEM, "no memory");
	else
		r = delivery_add(&b->d, head.p, head.len);
	buf_free(&head);
	return r;
}

/* What has come since. */
static int
copy(struct place *b, int fd)
{
	uint64_t before = b->d.size;
	int r = delivery_copy(&b->d, fd, b->at);

	b->at += (off_t)(b->d.size - before);
	return r;
}

/* Copy what is there of a message that is still coming, and have the disk
 * begin with it: who waits at the end waits for the rest only.  A failure
 * here is none yet: PREPARE tries again, and tells. */
static void
go_ahead(struct place *b, struct span data, int fd)
{
	int r = 0;

	if (fd != -1) {
		r = begin(b, data);
		b->ahead = fd;
	}
	if (b->ahead == -1)
		return;
	if (r == 0)
		r = copy(b, b->ahead);
	if (r == 0)
		(void)sync_file_range(b->d.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	else
		take_back(b);
}

static int
prepare(struct place *b, const struct record *request, int fd)
{
	int r = 0;

	if (fd == -1)
		return fail_as(EBADMSG, "no message came");
	if (request->value != AGENT_CONTINUE || b->ahead == -1)
		r = begin(b, record_span(request));
	stop_ahead(b);
	if (r == 0)
		r = copy(b, fd);
	if (r == 0)
		r = room_check(&b->room, b->d.size);
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
	if (delivery_commit(&b->d) == -1)
		return -1;
	room_taken(&b->room, b->d.size);
	return 0;
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
			if (prepare(b, &r, fd) == 0 &&
			    (r.kind == AGENT_PREPARE || commit(b) == 0))
				agent_answer(b->sock, 0);
			else
				agent_answer(b->sock, -1);
			break;
		case AGENT_AHEAD:
			go_ahead(b, record_span(&r), fd);
			continue;
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
agent_maildir(int sock, const struct config *c, const struct box *box, int dir,
    struct room *room)
{
	static struct place b;

	if (dir == -1 || room_check(room, 1) == -1)
		agent_give_up(sock);
	/* The client need not wait for the rest: it is done before any octet
	 * of a message is read. */
	agent_found(sock, box);
	b.sock = sock;
	b.final = box->final;
	b.dir = dir;
	b.room = *room;
	b.ahead = -1;
	if (agent_lock_down(c, room->root == -1 ? dir : room->root) == -1) {
		agent_answer(sock, -1);
		_exit(0);
	}
	serve(&b);
}
