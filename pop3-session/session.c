/* The TRANSACTION state over a snapshot of the Maildir.
 *
 * Numbers, sizes and UIDLs are those of the moment of the login, whatever
 * other programs deliver, rename or remove meanwhile; nothing is locked.
 * DELE only marks; QUIT removes. */
#include "pop3-session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/disk.h"
#include "maildir/maildrop.h"
#include "message/fail.h"
#include "pop3-session/pop3.h"
#include "pop3-session/wire.h"
#include "session/log.h"
#include "session/sandbox.h"

enum {
	PATIENCE = 600, /* seconds for a command; RFC 1939 s. 3: ten minutes */
	BLOCK = 65536, /* of a message, read and sent at once */
};

struct mailbox {
	struct maildrop drop;
	bool *marked; /* by DELE, one for each message */
	size_t left; /* messages that are not marked */
	uint64_t octets; /* of these, on the wire */
	size_t last; /* highest number retrieved, RFC 1460 */
	size_t at; /* whom the lines of the reply are about */
	int fd; /* RETR and TOP: the message */
	struct wire wire; /* the same, half sent */
	const char *maildir; /* DELE moves to its folder .Trash; or NULL */
	uint64_t retrieved, sent, removed; /* for the log */
};

static const struct reply made = { .ok = true };
static const struct reply wrong_number = { .text = "No such message" };
static const struct reply deleted = { .text = "Message is deleted" };
static const struct reply vanished = {
	.text = "Message was removed by another program",
};
static const struct reply unreadable = {
	.text = "[SYS/TEMP] Message cannot be read now",
};
static const struct reply unlisted = {
	.text = "[SYS/TEMP] Mailbox cannot be listed now",
};
static const struct reply marked = { .ok = true, .text = "Deleted at QUIT" };
static const struct reply goodbye = { .ok = true, .last = true, .text = "Bye" };
static const struct reply partial = {
	.last = true,
	.text = "[SYS/TEMP] Some deleted messages were not removed",
};

/* Have numbers, sizes and UIDLs.  NULL, or the reply that says why not. */
static const struct reply *
look(struct mailbox *b)
{
	if (maildrop_look(&b->drop) == 0)
		return NULL;
	log_line(LOG_ERR, "read-error reason=%s", fail_text());
	return &unlisted;
}

const struct reply *
session_find(const struct pop3 *p, uint64_t number, size_t *index)
{
	if (number < 1 || number > p->box->drop.messages)
		return &wrong_number;
	*index = (size_t)number - 1;
	return p->box->marked[*index] ? &deleted : look(p->box);
}

static void
unmark_all(struct mailbox *b)
{
	b->left = b->drop.messages;
	b->octets = b->drop.octets;
	b->last = 0;
	memset(b->marked, 0, b->drop.messages * sizeof(*b->marked));
}

const struct reply *
session_stat(struct pop3 *p, const struct args *a)
{
	(void)a;
	buf_printf(&p->text, "%zu %" PRIu64, p->box->left, p->box->octets);
	return &made;
}

/* What LIST and UIDL say of one message, at most 90 octets. */
static size_t
put_size(const struct mailbox *b, size_t i, char *out)
{
	return pop3_number(out, b->drop.message[i].wire);
}

static size_t
put_uidl(const struct mailbox *b, size_t i, char *out)
{
	const struct maildrop_message *m = &b->drop.message[i];
	size_t n;

	if (m->uidl != NULL && (n = strlen(m->uidl)) <= 70) {
		memcpy(out, m->uidl, n);
		return n;
	}
	n = pop3_hex(out, m->uid); /* as Dovecot's %08Xu%08Xv */
	return n + pop3_hex(out + n, b->drop.uidvalidity);
}

static int
listing(struct pop3 *p, size_t (*put)(const struct mailbox *, size_t, char *))
{
	struct mailbox *b = p->box;
	char line[128];

	for (size_t i = 0; i < b->drop.messages; i++) {
		size_t n;

		if (b->marked[i])
			continue;
		n = pop3_number(line, i + 1);
		line[n++] = ' ';
		n += put(b, i, line + n);
		memcpy(line + n, "\r\n", 2);
		conn_put(p->conn, line, n + 2);
	}
	conn_put(p->conn, ".\r\n", 3);
	return 0;
}

static int
size_lines(struct pop3 *p)
{
	return listing(p, put_size);
}

static int
uidl_lines(struct pop3 *p)
{
	return listing(p, put_uidl);
}

/* "+OK number text" about one message. */
static const struct reply *
about(struct pop3 *p, size_t i,
    size_t (*put)(const struct mailbox *, size_t, char *))
{
	char line[128];
	size_t n = pop3_number(line, i + 1);

	line[n++] = ' ';
	n += put(p->box, i, line + n);
	buf_add(&p->text, line, n);
	return &made;
}

const struct reply *
session_list(struct pop3 *p, const struct args *a)
{
	static const struct reply all = { .ok = true, .lines = size_lines };
	const struct reply *wrong = look(p->box);

	if (wrong != NULL)
		return wrong;
	if (a->given)
		return about(p, a->msg, put_size);
	buf_printf(&p->text, "%zu messages (%" PRIu64 " octets)", p->box->left,
	    p->box->octets);
	return &all;
}

const struct reply *
session_uidl(struct pop3 *p, const struct args *a)
{
	static const struct reply all = {
		.ok = true,
		.text = "Unique ids",
		.lines = uidl_lines,
	};
	const struct reply *wrong = look(p->box);

	if (wrong != NULL)
		return wrong;
	return a->given ? about(p, a->msg, put_uidl) : &all;
}

static int
content(struct pop3 *p)
{
	static char in[BLOCK], out[2 * BLOCK];
	struct mailbox *b = p->box;
	ssize_t n;

	do {
		while (
		    (n = read(b->fd, in, sizeof(in))) == -1 && errno == EINTR)
			continue;
		if (n > 0)
			conn_put(p->conn, out,
			    wire_put(&b->wire, span_n(in, (size_t)n), out));
	} while (n == sizeof(in) && !b->wire.done); /* short: the file's end */
	if (n == -1) {
		(void)fail("read message of uid %" PRIu32,
		    b->drop.message[b->at].uid);
		log_line(LOG_ERR, "read-error reason=%s", fail_text());
	} else
		conn_put(p->conn, out, wire_end(&b->wire, out));
	(void)close(b->fd);
	b->sent += b->wire.octets;
	return n == -1 ? -1 : 0;
}

/* Open message i for content().  NULL, or the reply that says why not. */
static const struct reply *
open_message(struct mailbox *b, size_t i, uint64_t lines)
{
	b->fd = maildrop_read(&b->drop, i);
	if (b->fd == -1 && errno == ENOENT)
		return &vanished;
	if (b->fd == -1) {
		log_line(LOG_ERR, "read-error reason=%s", fail_text());
		return &unreadable;
	}
	b->at = i;
	wire_init(&b->wire, lines);
	return NULL;
}

const struct reply *
session_retr(struct pop3 *p, const struct args *a)
{
	static const struct reply r = { .ok = true, .lines = content };
	struct mailbox *b = p->box;
	const struct reply *wrong = open_message(b, a->msg, WIRE_ALL);

	if (wrong != NULL)
		return wrong;
	buf_printf(&p->text, "%" PRIu64 " octets",
	    b->drop.message[a->msg].wire);
	if (b->last < a->msg + 1)
		b->last = a->msg + 1;
	b->retrieved++;
	return &r;
}

const struct reply *
session_top(struct pop3 *p, const struct args *a)
{
	static const struct reply r = {
		.ok = true,
		.text = "Top of message",
		.lines = content,
	};
	const struct reply *wrong = open_message(p->box, a->msg, a->lines);

	return wrong != NULL ? wrong : &r;
}

const struct reply *
session_dele(struct pop3 *p, const struct args *a)
{
	struct mailbox *b = p->box;

	b->marked[a->msg] = true;
	b->left--;
	b->octets -= b->drop.message[a->msg].wire;
	return &marked;
}

const struct reply *
session_rset(struct pop3 *p, const struct args *a)
{
	unmark_all(p->box);
	return session_stat(p, a);
}

const struct reply *
session_last(struct pop3 *p, const struct args *a)
{
	(void)a;
	buf_printf(&p->text, "%zu", p->box->last);
	return &made;
}

/* The folder that -t moves to, made when it is missing: a descriptor; -1. */
static int
open_trash(const char *maildir)
{
	char path[PATH_MAX];
	int dir, mark;

	if (snprintf(path, sizeof(path), "%s/.Trash", maildir) >= PATH_MAX)
		return fail_as(ENAMETOOLONG, "%.64s.../.Trash", maildir);
	dir = maildir_open(path);
	if (dir == -1)
		return -1;
	/* Maildir++: what holds this file is a folder of the one above. */
	mark =
	    openat(dir, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (mark == -1) {
		(void)fail("create %s/maildirfolder", path);
		(void)close(dir);
		return -1;
	}
	(void)close(mark);
	return dir;
}

/* Take away what is marked.  How many could not be; the first reason is
 * logged. */
static size_t
remove_marked(struct mailbox *b, int trash)
{
	size_t failed = 0;

	for (size_t i = 0; i < b->drop.messages; i++) {
		if (!b->marked[i])
			continue;
		if ((trash == -1 ? maildrop_remove(&b->drop, i) :
				   maildrop_move(&b->drop, i, trash)) == 0)
			b->removed++;
		else if (failed++ == 0)
			log_line(LOG_ERR, "remove-error reason=%s",
			    fail_text());
	}
	if ((trash != -1 && disk_sync(trash, "cur") == -1) ||
	    maildrop_sync(&b->drop) == -1) {
		log_line(LOG_ERR, "remove-error reason=%s", fail_text());
		failed++;
	}
	return failed;
}

/* The UPDATE state (RFC 1939 s. 6): whatever happens, the client hears. */
const struct reply *
session_quit(struct pop3 *p, const struct args *a)
{
	struct mailbox *b = p->box;
	int trash = -1;
	size_t failed;

	(void)a;
	if (b->left == b->drop.messages)
		return &goodbye;
	if (b->maildir != NULL && (trash = open_trash(b->maildir)) == -1) {
		log_line(LOG_ERR, "remove-error reason=%s", fail_text());
		return &partial;
	}
	failed = remove_marked(b, trash);
	if (trash != -1)
		(void)close(trash);
	return failed == 0 ? &goodbye : &partial;
}

/* Confine this process to the Maildir, then open it there: whatever odd file
 * lies in it is looked at only inside. */
static int
open_maildir(struct mailbox *b, const char *path)
{
	const struct limits l = {
		.memory = 512 << 20,
		.file = 1 << 30,
		.files = 256,
		.procs = 0,
	};
	int dir = maildir_open(path), r = -1;

	if (dir == -1)
		return -1;
	if (sandbox_limits(&l) == 0 && sandbox_files(&dir, 1) == 0 &&
	    sandbox_calls(SANDBOX_STORE) == 0)
		r = maildrop_open(&b->drop, path);
	(void)close(dir);
	if (r == -1)
		return -1;
	b->marked = calloc(b->drop.messages + 1, sizeof(*b->marked));
	if (b->marked == NULL)
		return fail("remember %zu messages", b->drop.messages);
	unmark_all(b);
	return 0;
}

int
session_serve(const struct service *s)
{
	static struct mailbox box;
	struct pop3 p = {
		.conn = s->conn,
		.state = S_MAIL,
		.patience = PATIENCE,
		.box = &box,
	};
	bool quit;

	if (open_maildir(&box, s->maildir) == -1) {
		log_line(LOG_ERR, "mailbox-error user=%s ip=%s reason=%s",
		    s->user, s->ip, fail_text());
		conn_printf(s->conn,
		    "-ERR [SYS/TEMP] Mailbox cannot be "
		    "opened now\r\n");
		(void)conn_flush(s->conn);
		return EX_TEMPFAIL;
	}
	box.maildir = s->trash ? s->maildir : NULL;
	conn_printf(s->conn, "+OK %s\r\n", s->welcome);
	buf_init(&p.text, 512);
	quit = pop3_serve(&p) == 0;
	log_line(LOG_INFO,
	    "end user=%s ip=%s quit=%s retrieved=%" PRIu64 " octets=%" PRIu64
	    " removed=%" PRIu64,
	    s->user, s->ip, quit ? "yes" : "no", box.retrieved, box.sent,
	    box.removed);
	maildrop_close(&box.drop);
	return 0;
}
