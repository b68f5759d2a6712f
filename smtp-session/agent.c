/* MAY HOLD ROOT until agent_become.
 *
 * The agent of one recipient.  As root it sees an address whose characters are
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
#include "smtp-session/agent-parts.h"
#include "smtp-session/forward.h"
#include "smtp-session/resolve.h"

enum {
	ROOM = 1 << 20, /* what a file may be longer than the message */
	FOLDER_MAX = 80,
};

/* ---- common to all kinds */

int
agent_lock_down(const struct config *c, int dir)
{
	const struct limits l = {
		.memory = 256 << 20,
		.file = c->size + ROOM,
		.files = AGENT_DRAFTS + 16,
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

/* ---- where a mailbox lies */

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
int
agent_move_in(struct box *who, struct room *room)
{
	char path[PATH_MAX + 130], below[PATH_MAX + 130 + FOLDER_MAX];
	char folder[FOLDER_MAX];
	int dir;

	(void)snprintf(path, sizeof(path), "%s/%s", who->user.home,
	    who->maildir);
	dir = maildir_open(path);
	if (dir == -1)
		return -1;
	room_open(room, dir, path);
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

void
agent_tell(int sock, enum agent_record kind, int value, struct span text)
{
	if (record_send(sock, kind, value, text, -1) == -1)
		_exit(0);
}

/* Value 1: more will come. */
void
agent_targets(int sock, const struct buf *targets)
{
	struct span all = buf_all(targets);

	while (all.len > RECORD_DATA - 1) {
		size_t n = RECORD_DATA - 1;

		while (n > 0 && all.p[n - 1] != '\0')
			n--;
		agent_tell(sock, AGENT_TARGETS, 1, span_n(all.p, n));
		all = span_from(all, n);
	}
	agent_tell(sock, AGENT_TARGETS, 0, all);
}

void
agent_found(int sock, const struct box *who)
{
	struct buf b;

	buf_init(&b, RECORD_DATA - 1);
	buf_add(&b, who->user.name, strlen(who->user.name) + 1);
	buf_add(&b, who->final, strlen(who->final) + 1);
	agent_tell(sock, AGENT_MAILBOX, 0, buf_all(&b));
	buf_free(&b);
}

static void
tell_refused(int sock, const struct resolved *to)
{
	struct buf b;

	buf_init(&b, RECORD_DATA - 1);
	buf_add(&b, to->why, strlen(to->why) + 1);
	buf_add(&b, to->at, strlen(to->at) + 1);
	agent_tell(sock, AGENT_REFUSED, 0, buf_all(&b));
	buf_free(&b);
}

/* The answers after which there is nothing left to do. */
static void
tell_class(int sock, const struct resolved *to)
{
	static const enum agent_record kinds[] = {
		[CLASS_REMOTE] = AGENT_REMOTE,
		[CLASS_UNKNOWN] = AGENT_UNKNOWN,
		[CLASS_TROUBLE] = AGENT_TROUBLE,
	};

	if (to->class == CLASS_ALIAS)
		agent_targets(sock, &to->targets);
	else if (to->class == CLASS_REFUSED)
		tell_refused(sock, to);
	else
		agent_tell(sock, kinds[to->class], 0, span(to->why));
}

noreturn void
agent_give_up(int sock)
{
	agent_tell(sock, AGENT_TROUBLE, errno, span(fail_text()));
	_exit(0);
}

/* Become the user; from here on there is no way back. */
void
agent_become(int sock, const struct box *who, bool groups)
{
	const struct user *u = &who->user;

	if ((groups ? role_drop_with_groups(&u->role, u->name) :
		      role_drop(&u->role)) == -1)
		agent_give_up(sock);
	(void)close(LOG_FD);
}

/* Mail that its user wants elsewhere. */
static void
forward(int sock, struct resolved *to)
{
	unsigned from_first = 0;

	switch (forward_read(&to->box, &from_first, &to->targets)) {
	case 0:
		return;
	case -1:
		agent_give_up(sock);
	}
	agent_targets(sock, &to->targets);
	_exit(0);
}

noreturn static void
agent_resolved(int sock, const struct config *c, struct resolved *to,
    enum agent_how how)
{
	struct room room;

	if (to->class != CLASS_MAILBOX) {
		tell_class(sock, to);
		_exit(0);
	}
	if (how == AGENT_LOOK) {
		agent_found(sock, &to->box);
		_exit(0);
	}
	agent_become(sock, &to->box, false);
	buf_reset(&to->targets);
	if (how == AGENT_USER || !to->final)
		forward(sock, to);
	agent_maildir(sock, c, &to->box, agent_move_in(&to->box, &room), &room);
}

/* ---- a name in all of our domains */

struct names {
	const struct config *config;
	const struct addr *addr;
	bool asked; /* of the host's own name, which comes first */
	struct resolved found; /* its targets: TARGET_USER address NUL ... */
};

static int
try_name(void *arg, const char *domain)
{
	static struct resolved to;
	struct names *n = arg;
	struct addr a = *n->addr;
	struct buf *list = &n->found.targets;

	if (n->asked && strcasecmp(domain, n->config->hostname) == 0)
		return 0;
	n->asked = true;
	(void)strlcpy(a.domain, domain, sizeof(a.domain));
	resolve(&to, n->config, &a, "", false);
	if (to.class == CLASS_MAILBOX || to.class == CLASS_ALIAS) {
		buf_char(list, TARGET_USER);
		addr_put(list, &a);
		buf_char(list, '\0');
	}
	resolve_free(&to);
	return to.class == CLASS_TROUBLE ? -1 : 0;
}

noreturn static void
agent_names(int sock, const struct config *c, const struct addr *a)
{
	static struct names n;

	n = (struct names){ .config = c, .addr = a };
	buf_init(&n.found.targets, RESOLVE_TEXT_MAX);
	if (try_name(&n, c->hostname) == -1 ||
	    config_domains(c, try_name, &n) == -1)
		agent_give_up(sock);
	agent_targets(sock, &n.found.targets);
	_exit(0);
}

noreturn void
agent_mailbox(int sock, const struct config *c, const char *local_ip,
    struct span address, enum agent_how how)
{
	static struct resolved to;
	struct addr a;

	(void)alarm(AGENT_SECONDS);
	if (addr_path(&address, &a) == -1 || addr_null(&a)) {
		agent_tell(sock, AGENT_UNKNOWN, 0, span("no address"));
		_exit(0);
	}
	if (how == AGENT_OUTLET)
		agent_outlet(sock, c, &a);
	if (how == AGENT_NAMES)
		agent_names(sock, c, &a);
	resolve(&to, c, &a, local_ip, how == AGENT_FINAL || how == AGENT_USER);
	agent_resolved(sock, c, &to, how);
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
