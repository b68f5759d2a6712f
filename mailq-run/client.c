/* One letter is one transaction.  With PIPELINING all of MAIL, RCPT and DATA
 * leave in one write, and that group follows the end of the content before it
 * in the same write when another letter is at hand: a message then costs one
 * round trip.  Only the dot that got its own 2xx makes a delivery. */
#include "mailq-run/client.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mailq-run/commands.h"
#include "mailq-run/content.h"

/* Seconds (RFC 5321 s. 4.5.3.2). */
enum {
	WAIT_COMMAND = 300,
	WAIT_DATA = 120,
	WAIT_DOT = 1200, /* a user's command behind `submit` has 1000 */
	WAIT_QUIT = 2,
	WAIT_ALL = 1800,
};

enum { BLOCK = 16384 };

void
client_init(struct client *c, int fd, int leash, const char *hello,
    unsigned hurry)
{
	talk_init(&c->talk, fd, leash, hurry, WAIT_ALL);
	c->hello = hello;
	c->pipelining = c->body8 = c->utf8 = c->dsn = c->starttls = false;
	c->requiretls = c->inside = c->sure = false;
	c->auth = 0;
	c->size = c->mails = c->rcpts = 0;
	c->reset = c->over = c->took = false;
	c->binding = (struct scram_binding){ .exporter_len = 0 };
	memset(&c->trouble, 0, sizeof(c->trouble));
}

/* ---- judging */

void
client_lose(struct client *c, enum talk_got got, const char *doing)
{
	static const char *const what[] = {
		[TALK_OK] = "unexpected reply",
		[TALK_GONE] = "connection lost",
		[TALK_LATE] = "timed out",
		[TALK_STRANGE] = "not an SMTP reply",
	};
	char text[100];

	c->over = true;
	(void)snprintf(text, sizeof(text), "%s while %s", what[got], doing);
	judge_words(&c->trouble, VERDICT_NEXT,
	    got == TALK_STRANGE ? "4.5.0" : "4.4.2", text);
}

int
client_refuse(struct client *c, const char *status, const char *format, ...)
{
	char text[RESULT_REPLY];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	c->over = true;
	judge_words(&c->trouble, VERDICT_NEXT, status, text);
	return -1;
}

int
client_hear(struct client *c, int seconds, const char *doing)
{
	enum talk_got got = talk_reply(&c->talk, seconds);

	if (got != TALK_OK) {
		client_lose(c, got, doing);
		return -1;
	}
	if (c->talk.reply.code == 421) {
		c->over = true;
		judge_reply(&c->trouble, &c->talk.reply, VERDICT_NEXT);
		return -1;
	}
	return 0;
}

int
client_class(const struct client *c)
{
	return c->talk.reply.code / 100;
}

/* Who was not delivered is told how it came. */
static void
explain(struct client *c, struct client_work *w, size_t i, const char *taken)
{
	if (w->result[i].verdict != VERDICT_SENT)
		judge_dialogue(&w->result[i], &c->dialogue, w->letter.from,
		    w->letter.rcpt[i].addr, taken);
}

/* Recipient i is judged by the last reply. */
static void
judge(struct client *c, struct client_work *w, size_t i, enum verdict v)
{
	char taken[JUDGE_LINE];

	(void)strlcpy(taken, w->result[i].reply, sizeof(taken));
	judge_reply(&w->result[i], &c->talk.reply, v);
	w->judged[i] = true;
	explain(c, w, i, taken);
}

static void
judge_rest(struct client *c, struct client_work *w, enum verdict v)
{
	for (size_t i = 0; i < w->letter.rcpts; i++)
		if (!w->judged[i])
			judge(c, w, i, v);
}

/* Who is not judged shares the session's trouble. */
static void
judge_lost(struct client *c, struct client_work *w, enum verdict v)
{
	char taken[JUDGE_LINE];

	for (size_t i = 0; i < w->letter.rcpts; i++)
		if (!w->judged[i]) {
			(void)strlcpy(taken, w->result[i].reply, sizeof(taken));
			w->result[i] = c->trouble;
			w->result[i].verdict = v;
			w->judged[i] = true;
			explain(c, w, i, taken);
		}
}

/* Recipient i is judged by something that we found ourselves. */
static void
judge_own(struct client_work *w, size_t i, enum verdict v, const char *status,
    const char *text)
{
	judge_words(&w->result[i], v, status, text);
	w->judged[i] = true;
}

void
client_untried(struct client_work *w)
{
	for (size_t i = 0; i < w->letter.rcpts; i++)
		if (!w->judged[i])
			judge_own(w, i, VERDICT_AGAIN, "4.4.2", "not tried");
}

/* ---- the envelope */

/* The header of the message holds octets above 0x7f (its first block, which
 * is more than the header of any mail that a person wrote). */
static bool
header_utf8(const struct client_work *w)
{
	char block[BLOCK];
	ssize_t n = pread(w->fd, block, sizeof(block), w->letter.at);

	for (ssize_t i = 0; i < n; i++) {
		if ((unsigned char)block[i] >= 0x80)
			return true;
		if (block[i] == '\n' && i + 1 < n && block[i + 1] == '\n')
			return false;
	}
	return false;
}

/* May the letter go over this connection at all (RFC 8689 s. 4.2.1)?  Another
 * host may be one that keeps the promise. */
static bool
kept_secret(const struct client *c, struct client_work *w)
{
	bool known = c->sure;

	if (!w->letter.tls || c->inside || (known && c->requiretls))
		return true;
	for (size_t i = 0; i < w->letter.rcpts; i++)
		judge_own(w, i, VERDICT_NEXT, known ? "5.7.30" : "5.7.10",
		    known ? "the sender wants REQUIRETLS, which the host does "
			    "not know" :
			    "the sender wants encryption to a host that is "
			    "known for sure");
	return false;
}

/* Can this letter go to this server?  Judges those that cannot; true when
 * somebody is left.  Another host may know SMTPUTF8 (RFC 6531 s. 3.2).  More
 * recipients than it takes are for the next transaction. */
static bool
fits(struct client *c, struct client_work *w)
{
	const struct letter *l = &w->letter;
	bool longer = c->size > 0 && l->size > c->size, plain;
	char out[COMMANDS_LINE];
	size_t left = 0;

	if (!kept_secret(c, w))
		return false;
	plain = commands_spell(c, l->from, out) == 0 &&
	    (c->utf8 || !l->utf8 || !header_utf8(w));
	for (size_t i = 0; i < l->rcpts; i++) {
		if (longer)
			judge_own(w, i, VERDICT_FAIL, "5.3.4",
			    "message is longer than the server takes");
		else if (!plain ||
		    commands_spell(c, l->rcpt[i].addr, out) == -1)
			judge_own(w, i, VERDICT_NEXT, "5.6.7",
			    "server takes no internationalized mail");
		else if (c->rcpts > 0 && left == c->rcpts)
			judge_own(w, i, VERDICT_AGAIN, "4.5.3",
			    "more recipients than the server takes");
		else
			left++;
	}
	return left > 0;
}

/* All commands in front of the content, in one go. */
static void
put_group(struct client *c, struct client_work *w)
{
	commands_mail(c, &w->letter);
	for (size_t i = 0; i < w->letter.rcpts; i++)
		if (!w->judged[i])
			commands_rcpt(c, &w->letter.rcpt[i]);
	talk_printf(&c->talk, "DATA");
	w->sent = true;
}

/* A transaction that went wrong before its content is taken back. */
static int
clear(struct client *c)
{
	if (!c->reset)
		return 0;
	c->reset = false;
	talk_printf(&c->talk, "RSET");
	return client_hear(c, WAIT_COMMAND, "saying RSET");
}

static int
say_mail(struct client *c, struct client_work *w)
{
	c->dialogue.step = STEP_MAIL;
	if (!w->sent) {
		if (clear(c) == -1)
			return -1;
		if (c->pipelining)
			put_group(c, w);
		else
			commands_mail(c, &w->letter);
	}
	if (client_hear(c, WAIT_COMMAND, "naming the sender") == -1)
		return -1;
	judge_line(c->dialogue.mail, &c->talk.reply);
	return 0;
}

/* The reply to RCPT.  552 is what old servers say for 452 (s. 4.5.3.1.10).
 * "Too many" after some were taken is a matter for the next transaction. */
static void
judge_rcpt(struct client *c, struct client_work *w, size_t i)
{
	int code = c->talk.reply.code;

	if (code / 100 == 2) {
		w->accepted++;
		judge_line(w->result[i].reply, &c->talk.reply);
	} else if (code == 452 || code == 552)
		judge(c, w, i, w->accepted > 0 ? VERDICT_AGAIN : VERDICT_NEXT);
	else
		judge(c, w, i, code / 100 == 5 ? VERDICT_FAIL : VERDICT_NEXT);
}

static int
say_rcpts(struct client *c, struct client_work *w, bool group)
{
	c->dialogue.step = STEP_RCPT;
	for (size_t i = 0; i < w->letter.rcpts; i++) {
		if (w->judged[i])
			continue; /* did not fit, was not sent */
		if (!group)
			commands_rcpt(c, &w->letter.rcpt[i]);
		if (client_hear(c, WAIT_COMMAND, "naming the recipients") == -1)
			return -1;
		judge_rcpt(c, w, i);
	}
	return 0;
}

/* ---- the content */

/* 0: *got says how the connection is; -1: the message cannot be read. */
static int
put_content(struct client *c, const struct client_work *w,
    struct content *state, enum talk_got *got)
{
	struct talk *t = &c->talk;
	char block[BLOCK];
	off_t at = w->letter.at;
	uint64_t left = w->letter.size;
	ssize_t n;

	while (left > 0) {
		n = pread(w->fd, block, left < BLOCK ? left : BLOCK, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		*got = talk_room(t, content_room(BLOCK));
		if (*got != TALK_OK)
			return 0;
		t->olen += content_put(state, span_n(block, (size_t)n),
		    t->out + t->olen);
		at += n;
		left -= (uint64_t)n;
	}
	*got = talk_room(t, COMMANDS_LINE);
	return 0;
}

/* The server spoke or went away in the middle of the content: what did it
 * say?  It does not get the end of the data. */
static void
broke(struct client *c, struct client_work *w, enum talk_got got)
{
	enum verdict v = VERDICT_NEXT;

	client_lose(c, got, "sending the message");
	if (got != TALK_LATE && talk_reply(&c->talk, 1) == TALK_OK &&
	    c->talk.reply.code >= 400) {
		v = client_class(c) == 5 ? VERDICT_FAIL : VERDICT_NEXT;
		judge_reply(&c->trouble, &c->talk.reply, v);
	}
	judge_lost(c, w, v);
}

/* After 354.  The next letter's commands follow the dot. */
static void
say_content(struct client *c, struct client_work *w,
    struct client_work *(*next)(void *ctx), void *ctx)
{
	struct content state = { .inside = false };
	struct client_work *other = NULL;
	enum talk_got got;

	c->dialogue.step = STEP_DOT;
	c->talk.quiet = true;
	if (put_content(c, w, &state, &got) == -1) {
		/* A file that became short is never made good by a dot. */
		client_lose(c, TALK_GONE, "reading the message from the spool");
		judge_lost(c, w, VERDICT_DEFER);
		return;
	}
	if (got == TALK_OK && talk_unread(&c->talk))
		got = TALK_STRANGE;
	c->talk.quiet = false;
	if (got != TALK_OK) {
		broke(c, w, got);
		return;
	}
	if (c->pipelining && next != NULL)
		other = next(ctx);
	c->talk.olen += content_end(&state, c->talk.out + c->talk.olen);
	if (other != NULL && fits(c, other))
		put_group(c, other);
	if (client_hear(c, WAIT_DOT, "waiting for the reply to the message") ==
	    -1) {
		/* It may have been delivered: not to another host now
		 * (RFC 1047). */
		judge_lost(c, w, VERDICT_DEFER);
		return;
	}
	switch (client_class(c)) {
	case 2:
		c->took = true;
		judge_rest(c, w, VERDICT_SENT);
		return;
	case 5:
		judge_rest(c, w, VERDICT_FAIL);
		return;
	default:
		judge_rest(c, w, VERDICT_DEFER);
	}
}

/* 354 although no recipient was taken: an empty message for nobody. */
static int
say_nothing(struct client *c)
{
	talk_printf(&c->talk, ".");
	return client_hear(c, WAIT_DOT, "ending an empty message");
}

static int
say_data(struct client *c, struct client_work *w, bool group)
{
	if (!group)
		talk_printf(&c->talk, "DATA");
	c->dialogue.step = STEP_DATA;
	if (client_hear(c, WAIT_DATA, "saying DATA") == -1)
		return -1;
	if (client_class(c) == 3) {
		judge_line(c->dialogue.data, &c->talk.reply);
		return 1;
	}
	c->reset = true;
	if (client_class(c) == 2) {
		/* Nobody knows what it would do with content now. */
		client_lose(c, TALK_OK, "saying DATA");
		return -1;
	}
	if (client_class(c) == 5)
		judge_rest(c, w, VERDICT_FAIL);
	else
		judge_rest(c, w, VERDICT_NEXT);
	return 0;
}

/* MAIL was refused, and the rest of its group with it. */
static int
refused(struct client *c, struct client_work *w, bool group)
{
	size_t sent = 0;

	for (size_t i = 0; i < w->letter.rcpts; i++)
		if (!w->judged[i])
			sent++;
	judge_rest(c, w, client_class(c) == 5 ? VERDICT_FAIL : VERDICT_NEXT);
	if (!group)
		return 0;
	for (; sent > 0; sent--)
		if (client_hear(c, WAIT_COMMAND, "naming the recipients") == -1)
			return -1;
	if (say_data(c, w, true) == 1)
		return say_nothing(c);
	c->reset = false;
	return 0;
}

static int
transact(struct client *c, struct client_work *w,
    struct client_work *(*next)(void *ctx), void *ctx)
{
	bool group;
	int go;

	if (say_mail(c, w) == -1)
		return -1;
	group = w->sent;
	if (client_class(c) != 2)
		return refused(c, w, group);
	if (say_rcpts(c, w, group) == -1)
		return -1;
	if (w->accepted == 0 && !group) {
		c->reset = true;
		return 0;
	}
	go = say_data(c, w, group);
	if (go != 1)
		return go;
	if (w->accepted == 0)
		return say_nothing(c);
	say_content(c, w, next, ctx);
	return 0;
}

void
client_letter(struct client *c, struct client_work *w,
    struct client_work *(*next)(void *ctx), void *ctx)
{
	if (!w->sent && !fits(c, w))
		return;
	/* The host had enough after what it took: nothing is wrong with this
	 * letter, or with its calling again. */
	if (transact(c, w, next, ctx) == -1)
		judge_lost(c, w,
		    c->took && c->dialogue.step == STEP_MAIL ? VERDICT_AGAIN :
							       VERDICT_NEXT);
}

void
client_quit(struct client *c)
{
	talk_printf(&c->talk, "QUIT");
	(void)talk_reply(&c->talk, WAIT_QUIT);
}
