/* MAY HOLD ROOT until agent_lock_down.
 *
 * The agent of one mailbox.  As root it sees an address whose characters are
 * checked and files of the configuration; it drops to the user before it
 * touches any path of his, and only then reads messages. */
#include "smtp-session/agent.h"

#include <bsd/string.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "smtp-session/forward.h"
#include "smtp-session/resolve.h"
#include "smtp-session/trace.h"

enum {
	ROOM = 1 << 20, /* what a file may be longer than the message */
	TRACE_MAX = 4096,
	FOLDER_MAX = 80,
};

/* ---- common to both kinds */

int
agent_lock_down(const struct config *c, int dir)
{
	const struct limits l = {
		.memory = 256 << 20,
		.file = c->size + ROOM,
		.files = 16,
		.procs = 0,
	};

	(void)signal(SIGXFSZ, SIG_IGN);
	if (sandbox_limits(&l) == -1 || sandbox_files(&dir, 1) == -1)
		return -1;
	return sandbox_calls(SANDBOX_STORE);
}

void
agent_wait(int sock, struct record *r, int *fd)
{
	(void)alarm(AGENT_LIVES);
	if (record_recv(sock, r, fd, -1) != 1) {
		r->kind = AGENT_ABORT;
		r->value = -1;
	}
	(void)alarm(AGENT_SECONDS);
}

void
agent_answer(int sock, int result)
{
	int e = errno;
	int r;

	if (result == 0)
		r = record_send(sock, AGENT_DONE, 0, span(""), -1);
	else
		r = record_send(sock, AGENT_FAILED, e, span(fail_text()), -1);
	if (r == -1) /* the parser waits in vain: let it see an end */
		_exit(0);
}

const char *
agent_string(struct span *rest)
{
	const char *s = rest->p;
	struct span one;

	if (rest->len == 0 || span_find(*rest, '\0') == rest->len)
		return "";
	one = span_cut(rest, '\0');
	for (size_t i = 0; i < one.len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return "";
	return s;
}

/* ---- the mailbox */

struct box {
	int sock;
	int dir;
	const char *final;
	struct delivery d;
	bool prepared;
};

static int
prepare(struct box *b, struct span data, int fd)
{
	const char *from = agent_string(&data);
	const char *original = agent_string(&data);
	struct buf head;
	int r;

	if (fd == -1)
		return fail_as(EBADMSG, "no message came");
	if (delivery_open(&b->d, b->dir) == -1)
		return -1;
	buf_init(&head, TRACE_MAX);
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
commit(struct box *b)
{
	if (!b->prepared)
		return fail_as(EBADMSG, "nothing to commit");
	b->prepared = false;
	return delivery_commit(&b->d);
}

static void
take_back(struct box *b)
{
	if (b->prepared)
		delivery_abort(&b->d);
	b->prepared = false;
}

noreturn static void
serve(struct box *b)
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

/* bob+lists goes into the folder of that name, whatever its case, when bob has
 * made one; "folder" is then ".Lists", else "". */
static void
find_folder(int dir, const char *extension, char folder[FOLDER_MAX])
{
	const struct dirent *e;
	int copy = extension[0] == '\0' ? -1 : dup(dir);
	DIR *d = copy == -1 ? NULL : fdopendir(copy);

	folder[0] = '\0';
	if (d == NULL)
		return;
	while (folder[0] == '\0' && (e = readdir(d)) != NULL)
		if (e->d_name[0] == '.' && strlen(e->d_name) < FOLDER_MAX &&
		    strcasecmp(e->d_name + 1, extension) == 0)
			(void)strlcpy(folder, e->d_name, FOLDER_MAX);
	(void)closedir(d);
}

/* As the user: open his Maildir, or a folder of it. */
static int
move_in(struct resolve_box *who)
{
	char path[PATH_MAX + 130], below[PATH_MAX + 130 + FOLDER_MAX];
	char folder[FOLDER_MAX];
	int dir;

	(void)snprintf(path, sizeof(path), "%s/%s", who->user.home,
	    who->maildir);
	dir = maildir_open(path);
	if (dir == -1)
		return -1;
	find_folder(dir, who->extension, folder);
	if (folder[0] != '\0') {
		(void)close(dir);
		(void)snprintf(below, sizeof(below), "%s/%s", path, folder);
		dir = maildir_open(below);
		(void)strlcat(who->user.name, "/", sizeof(who->user.name));
		(void)strlcat(who->user.name, folder + 1,
		    sizeof(who->user.name));
	}
	return dir;
}

static void
tell(int sock, enum agent_record kind, int value, struct span text)
{
	if (record_send(sock, kind, value, text, -1) == -1)
		_exit(0);
}

/* As many records as it takes; value 1: more will come. */
static void
tell_targets(int sock, const struct resolved *to)
{
	struct span all = buf_all(&to->targets);

	while (all.len > RECORD_DATA - 1) {
		size_t n = RECORD_DATA - 1;

		while (n > 0 && all.p[n - 1] != '\0')
			n--;
		tell(sock, AGENT_TARGETS, 1, span_n(all.p, n));
		all = span_from(all, n);
	}
	tell(sock, AGENT_TARGETS, 0, all);
}

static void
tell_mailbox(int sock, const struct resolve_box *who)
{
	struct buf b;

	buf_init(&b, RECORD_DATA - 1);
	buf_add(&b, who->user.name, strlen(who->user.name) + 1);
	buf_add(&b, who->final, strlen(who->final) + 1);
	tell(sock, AGENT_MAILBOX, 0, buf_all(&b));
	buf_free(&b);
}

/* The answers after which there is nothing left to do. */
static void
tell_class(int sock, const struct resolved *to)
{
	static const enum agent_record kinds[] = {
		[CLASS_REMOTE] = AGENT_REMOTE,
		[CLASS_UNKNOWN] = AGENT_UNKNOWN,
		[CLASS_REFUSED] = AGENT_REFUSED,
		[CLASS_TROUBLE] = AGENT_TROUBLE,
	};

	if (to->class == CLASS_ALIAS)
		tell_targets(sock, to);
	else
		tell(sock, kinds[to->class], 0, span(to->why));
}

noreturn static void
give_up(int sock)
{
	tell(sock, AGENT_TROUBLE, errno, span(fail_text()));
	_exit(0);
}

/* Become the user; from here on there is no way back. */
static void
become(int sock, const struct resolve_box *who)
{
	if (role_drop(&who->user.role) == -1)
		give_up(sock);
	(void)close(LOG_FD);
}

/* Mail that its user wants elsewhere. */
static void
forward(int sock, struct resolved *to)
{
	switch (forward_read(&to->box, &to->targets)) {
	case 0:
		return;
	case -1:
		give_up(sock);
	}
	tell_targets(sock, to);
	_exit(0);
}

noreturn void
agent_mailbox(int sock, const struct config *c, const char *local_ip,
    struct span address, enum agent_how how)
{
	static struct box b;
	static struct resolved to;
	struct addr a;

	(void)alarm(AGENT_SECONDS);
	if (addr_path(&address, &a) == -1 || addr_null(&a)) {
		tell(sock, AGENT_UNKNOWN, 0, span("no address"));
		_exit(0);
	}
	resolve(&to, c, &a, local_ip, how == AGENT_FINAL);
	if (to.class != CLASS_MAILBOX) {
		tell_class(sock, &to);
		_exit(0);
	}
	if (how == AGENT_LOOK) {
		tell_mailbox(sock, &to.box);
		_exit(0);
	}
	become(sock, &to.box);
	buf_reset(&to.targets);
	if (how == AGENT_OPEN)
		forward(sock, &to);
	b.sock = sock;
	b.final = to.box.final;
	b.dir = move_in(&to.box);
	if (b.dir == -1)
		give_up(sock);
	/* The client need not wait for the rest: it is done before any octet
	 * of a message is read. */
	tell_mailbox(sock, &to.box);
	if (agent_lock_down(c, b.dir) == -1) {
		agent_answer(sock, -1);
		_exit(0);
	}
	serve(&b);
}

bool
agent_may(int how, struct span address)
{
	for (size_t i = 0; i < address.len; i++)
		if ((unsigned char)address.p[i] < 0x20 || address.p[i] == 0x7f)
			return false;
	return how >= 0 && how < AGENT_HOW_KINDS && address.len > 0 &&
	    address.len <= AGENT_ADDRESS_MAX;
}

noreturn void
agent_ready(int sock, const struct config *c, const char *local_ip)
{
	static struct record r;

	(void)alarm(AGENT_LIVES);
	if (record_recv(sock, &r, NULL, -1) != 1 || r.kind != AGENT_BEGIN ||
	    !agent_may(r.value, record_span(&r)))
		_exit(0);
	agent_mailbox(sock, c, local_ip, record_span(&r),
	    (enum agent_how)r.value);
}
