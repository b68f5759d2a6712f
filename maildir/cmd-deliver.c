/* maildir deliver: the delivery agent for .forward and fetchmail.
 *
 * A message is on disk in a folder when it exits 0; else it exits with
 * EX_TEMPFAIL, and who called it tries again.  What the user's own files ask
 * for is done as far as it can be: a rule with a folder that cannot be made,
 * or an answer that cannot be sent, is said and costs no mail. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-digest.h"
#include "maildir/cmd-memory.h"
#include "maildir/cmd-rules.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-vacation.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "maildir/delivery.h"
#include "maildir/quota.h"
#include "maildir/view.h"
#include "message/fail.h"
#include "message/header.h"

static const char memory_file[] = "mailroom-deliver";

enum { MESSAGE_MAX = 256 << 20, KEEP = 7 * 24 * 60 * 60, SENDER_MAX = 400 };

struct post {
	struct cmd *c;
	struct buf text;
	struct span message; /* in text, without a From_ line */
	char sender[SENDER_MAX];
	bool known; /* sender, be it empty */
	char returned[SENDER_MAX + 32]; /* a field before it, or "" */
	struct verdict verdict;
	uint32_t uid; /* 0: not known */
	char name[DELIVERY_NAME];
};

/* ---- who sent it */

static void
take_sender(struct post *p, struct span s)
{
	s = span_trim(s);
	if (s.len >= 2 && s.p[0] == '<' && s.p[s.len - 1] == '>')
		s = span_n(s.p + 1, s.len - 2);
	if (p->known || s.len >= sizeof(p->sender))
		return;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return;
	p->known = true;
	if (s.len > 0)
		(void)memcpy(p->sender, s.p, s.len);
	p->sender[s.len] = '\0';
}

/* -F, or the environment of smtp-session, or what is written in front of it
 * all, as mbox does; then the field. */
static void
know_sender(struct post *p)
{
	const char *said = p->c->from != NULL ? p->c->from : getenv("SENDER");
	struct field f;
	bool field;

	p->message = buf_all(&p->text);
	if (said != NULL)
		take_sender(p, span(said));
	if (span_starts(p->message, "From ")) {
		struct span line = span_cut(&p->message, '\n');

		line = span_from(line, strlen("From "));
		take_sender(p, span_word(&line));
	}
	field = header_find(p->message, "Return-Path", &f);
	if (!field && p->known)
		(void)snprintf(p->returned, sizeof(p->returned),
		    "Return-Path: <%s>\n", p->sender);
	if (field)
		take_sender(p, f.value);
}

/* ---- into a folder */

/* Into new/ of an open folder. */
static int
put_new(struct post *p, int dir)
{
	size_t n = strlen(p->returned) + p->message.len;
	struct delivery d;

	if (quota_room(p->c->store, n, 1) == -1 || delivery_open(&d, dir) == -1)
		return -1;
	if (delivery_add(&d, p->returned, strlen(p->returned)) == -1 ||
	    delivery_add(&d, p->message.p, p->message.len) == -1 ||
	    delivery_seal(&d) == -1 || delivery_commit(&d) == -1)
		return -1;
	quota_add(p->c->store, (int64_t)n, 1);
	(void)snprintf(p->name, sizeof(p->name), "%s", d.name);
	return 0;
}

/* With flags and keywords, into cur/. */
static int
put_marked(struct post *p, const struct verdict *v)
{
	struct append *a = append_new(p->c->store, v->folder);
	struct copied done = { 0 };
	int r = -1;

	if (a == NULL)
		return -1;
	if (append_begin(a, v->flags, (const char *const *)v->keyword,
		v->keywords, 0) == 0 &&
	    append_add(a, span(p->returned)) == 0 &&
	    append_add(a, p->message) == 0)
		r = append_commit(a, &done);
	if (r == 0)
		p->uid = done.to[0];
	copied_free(&done);
	append_free(a);
	return r;
}

static int
put(struct post *p, const struct verdict *v)
{
	int dir, files, r;

	if (store_enter(p->c->store, v->folder, &dir, &files) == -1) {
		if (errno != ENOENT ||
		    store_create(p->c->store, v->folder) == -1 ||
		    store_enter(p->c->store, v->folder, &dir, &files) == -1)
			return -1;
		(void)store_subscribe(p->c->store, v->folder, true);
	}
	if (v->flags != 0 || v->keywords > 0)
		r = put_marked(p, v);
	else
		r = put_new(p, dir);
	if (files != -1 && files != dir)
		(void)close(files);
	(void)close(dir);
	return r;
}

/* By the way of INBOX, so that it can be brought back. */
static int
discard(struct post *p)
{
	const struct verdict v = { .folder = "INBOX",
		.flags = FLAG_SEEN | FLAG_DELETED };
	struct folder *f;
	uint32_t number;
	int r = -1;

	if (put_marked(p, &v) == -1)
		return -1;
	f = folder_open(p->c->store, "INBOX", false);
	if (f != NULL) {
		number = folder_number(f, p->uid);
		r = folder_expunge(f, &number, 1, false, NULL);
		folder_close(f);
	}
	if (r == -1)
		warnx("deliver: not discarded: %s", fail_text());
	return 0;
}

/* Where nothing but the wish is wrong, INBOX has it. */
static int
put_anywhere(struct post *p)
{
	static const struct verdict plain = { .folder = "INBOX" };
	struct verdict *v = &p->verdict;
	bool asked;

	if (v->discard ? discard(p) == 0 : put(p, v) == 0)
		return 0;
	asked = errno == EINVAL || errno == ENOENT || errno == EACCES ||
	    errno == EEXIST || errno == EPERM || errno == EROFS ||
	    v->keywords > 0;
	cmd_complain(p->c, "%s", fail_text());
	if (!asked)
		return -1;
	verdict_free(v);
	*v = plain;
	if (put(p, &plain) == 0)
		return 0;
	cmd_complain(p->c, "%s", fail_text());
	return -1;
}

/* ---- the verb */

/* The folder, and the number it has there, for those who asked. */
static void
tell(struct post *p, bool twice, bool answered)
{
	struct cmd *c = p->c;
	struct message m = { .uid = p->uid };
	struct buf name;

	if (!c->quiet && !c->json)
		return;
	(void)snprintf(c->folder_name, sizeof(c->folder_name), "%s",
	    p->verdict.folder);
	if (!twice && m.uid == 0) {
		cmd_open(c, false);
		if (cmd_pick_name(c, p->name))
			(void)folder_get(c->folder, c->number[0], &m);
	}
	buf_init(&name, 4096);
	cmd_said_name(&name, c->folder_name);
	if (c->json) {
		buf_printf(&c->out, "{\"uid\":%u,\"folder\":", m.uid);
		json_string(&c->out, buf_all(&name));
		buf_printf(&c->out,
		    ",\"duplicate\":%s,\"discarded\":%s,\"answered\":%s}\n",
		    twice ? "true" : "false",
		    p->verdict.discard ? "true" : "false",
		    answered ? "true" : "false");
	} else if (m.uid != 0)
		buf_printf(&c->out, "%u\n", m.uid);
	cmd_flush(c);
	buf_free(&name);
}

/* Once in a week each; a message that somebody sent again is another one. */
static bool
key_of(const struct post *p, char key[DIGEST_SIZE])
{
	struct field f;

	return !p->c->keep &&
	    !header_find(p->message, "Resent-Message-ID", &f) &&
	    digest_message(key, p->message);
}

static void
deliver(struct post *p)
{
	char key[DIGEST_SIZE];
	struct memory m = { .fd = -1 };
	bool keyed = key_of(p, key), twice = false, answered = false;

	if (keyed && memory_open(&m, p->c, memory_file) == 0) {
		int64_t when = memory_when(&m, key);

		twice = when != 0 && when > m.now - KEEP;
	}
	if (!twice) {
		if (put_anywhere(p) == -1)
			exit(EX_TEMPFAIL);
		if (keyed && m.fd != -1)
			(void)memory_note(&m, key, KEEP);
	}
	if (keyed)
		memory_close(&m);
	if (!twice && !p->verdict.no_answer && !p->verdict.discard)
		answered = vacation_answer(p->c, p->message,
		    p->known ? p->sender : NULL);
	tell(p, twice, answered);
}

void
cmd_deliver(struct cmd *c)
{
	struct post p = { .c = c };

	if (c->argc > 0)
		errx(EX_USAGE, "the message comes on standard input");
	buf_init(&p.text, MESSAGE_MAX);
	if (send_read(&p.text, dup(STDIN_FILENO)) == -1)
		errx(errno == EFBIG ? EX_DATAERR : EX_TEMPFAIL,
		    "standard input: %s", fail_text());
	know_sender(&p);
	if (span_trim(p.message).len == 0)
		errx(EX_DATAERR, "there is no message on standard input");
	if (c->chosen)
		(void)snprintf(p.verdict.folder, sizeof(p.verdict.folder), "%s",
		    c->folder_name);
	else
		rules_ask(c, p.message, &p.verdict);
	deliver(&p);
	c->status = 0;
	verdict_free(&p.verdict);
	buf_free(&p.text);
}
