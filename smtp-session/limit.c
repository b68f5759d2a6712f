/* So much and no more on one day: a stolen password shall not fill the world
 * with mail.  The recipients of our own users are counted when content begins,
 * and given back when nothing comes of it.  The first time on a day that the
 * limit is met the postmaster gets a letter. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "message/date.h"
#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/command.h"
#include "smtp-session/rights.h"
#include "smtp-session/sends.h"

/* clang-format off */
static const struct reply
enough =	{ 450, "4.7.1", "Daily sending limit reached", false };
/* clang-format on */

static enum sends_got
count(struct smtp *s, int n)
{
	struct record *r = &s->deliver.record;

	if (record_send(s->deliver.monitor, ASK_SENDS, n, span(smtp_user(s)),
		-1) == -1 ||
	    record_recv(s->deliver.monitor, r, NULL, DELIVER_SECONDS * 1000) !=
		1 ||
	    r->kind != ANSWER_SENDS)
		return SENDS_TROUBLE;
	return (enum sends_got)r->value;
}

static void
write_letter(struct smtp *s, struct buf *b, const char *user, const char *from)
{
	const char *host = s->config->hostname;
	char date[DATE_SIZE];

	buf_printf(b,
	    "From: Mail system <postmaster@%s>\nTo: postmaster@%s\n"
	    "Subject: %s has reached the daily sending limit\n"
	    "Date: %s\nMessage-ID: <%s@%s>\nAuto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    host, host, user, date_put(date, time(NULL)), s->id, host);
	buf_printf(b,
	    "The user %s wanted to write to more than %u recipients today.\n"
	    "Further mail of this user is refused until midnight (UTC), with\n"
	    "a reply that means \"try later\".\n\n"
	    "Client: %s\nSender: <%s>\n\n"
	    "If this is no work of the user, change the password.  If it is,\n"
	    "the word sends-per-day of %s/mailroom.conf raises the limit.\n",
	    user, s->config->sends_per_day,
	    s->peer->ip[0] != '\0' ? s->peer->ip : "a program of this host",
	    from, s->config->dir);
}

/* In place of the transaction that is refused. */
static int
deliver_letter(struct smtp *s, const struct buf *letter)
{
	static const struct envelope none;
	const struct deliver_mail m = {
		.id = s->id,
		.from = "",
		.user = "",
		.envelope = &none,
		.data = &s->data,
		.fd = s->content.fd,
	};
	struct recipient to = { .notify = NOTIFY_NEVER };
	enum policy_class class;

	data_start(&s->data);
	s->data.size = letter->len;
	(void)strcpy(to.addr.local, "postmaster");
	envelope_qualify(&to.addr, to.text, s->config->hostname);
	if (stow_write(&s->content, &s->deliver, letter->p, letter->len) == -1)
		return -1;
	class = deliver_look(&s->deliver, to.text, AGENT_OPEN);
	if ((class != CLASS_MAILBOX && class != CLASS_ALIAS) ||
	    deliver_add(&s->deliver, &to, class) != 0 ||
	    deliver_message(&s->deliver, &m) != DELIVER_OK)
		return fail_as(EIO, "%s", s->deliver.why.p);
	return 0;
}

static void
tell_postmaster(struct smtp *s)
{
	struct buf letter;
	int r = -1;

	deliver_reset(&s->deliver);
	buf_init(&letter, 8192);
	write_letter(s, &letter, smtp_user(s), s->envelope.from);
	if (letter.over)
		(void)fail_as(ENOMEM, "no memory");
	else if (stow_open(&s->content) == 0)
		r = deliver_letter(s, &letter);
	if (r == -1)
		log_line(LOG_ERR, "no-letter user=%s reason=\"%s\"",
		    smtp_user(s), fail_text());
	buf_free(&letter);
	deliver_reset(&s->deliver);
}

const struct reply *
limit_count(struct smtp *s)
{
	unsigned limit = s->config->sends_per_day;
	enum sends_got got;

	if (limit == 0 || smtp_user(s)[0] == '\0' || s->counted != 0)
		return NULL;
	got = count(s, (int)s->rcpts);
	switch (got) {
	case SENDS_OK:
		s->counted = s->rcpts;
		return NULL;
	case SENDS_TROUBLE: /* no reason to keep mail from anybody */
		return NULL;
	case SENDS_FIRST:
	case SENDS_OVER:
		break;
	}
	if (got == SENDS_FIRST)
		tell_postmaster(s);
	return smtp_because(s, &enough, "sends-per-day %u of user %s", limit,
	    smtp_user(s));
}

void
limit_settle(struct smtp *s, const struct reply *r)
{
	if (r->code >= 400 && s->counted != 0)
		(void)count(s, -(int)s->counted);
	s->counted = 0;
}
