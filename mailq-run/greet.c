#include "mailq-run/greet.h"

#include "mailq-run/login.h"

enum { WAIT_GREETING = 300, WAIT_COMMAND = 300 }; /* seconds */

/* RFC 9422 s. 3.  All of a letter's recipients are of one domain, so that
 * limit cannot be reached. */
static void
learn_limits(struct client *c, struct span words)
{
	struct span value, name;
	uint64_t n;

	while ((value = span_word(&words)).len > 0) {
		name = span_cut(&value, '=');
		if (value.p == NULL || span_number(value, 999999, &n) == -1)
			continue;
		if (span_same(name, span("MAILMAX")))
			c->mails = n;
		else if (span_same(name, span("RCPTMAX")))
			c->rcpts = n;
	}
}

/* What the EHLO reply offers; what was known before is forgotten. */
static void
learn(struct client *c)
{
	const struct reply *r = &c->talk.reply;
	struct span args;

	c->size = 0;
	c->pipelining = reply_keyword(r, "PIPELINING", &args);
	c->body8 = reply_keyword(r, "8BITMIME", &args);
	c->utf8 = reply_keyword(r, "SMTPUTF8", &args);
	c->dsn = reply_keyword(r, "DSN", &args);
	c->starttls = reply_keyword(r, "STARTTLS", &args);
	c->requiretls = reply_keyword(r, "REQUIRETLS", &args);
	c->auth = reply_keyword(r, "AUTH", &args) ? login_offered(args) : 0;
	if (reply_keyword(r, "SIZE", &args))
		(void)span_number(args, UINT64_MAX, &c->size);
	c->mails = c->rcpts = 0;
	if (reply_keyword(r, "LIMITS", &args))
		learn_limits(c, args);
}

int
greet_server(struct client *c)
{
	if (client_hear(c, WAIT_GREETING, "waiting for the greeting") == -1)
		return -1;
	if (client_class(c) == 2) {
		talk_printf(&c->talk, "EHLO %s", c->hello);
		if (client_hear(c, WAIT_COMMAND, "saying EHLO") == -1)
			return -1;
		if (client_class(c) == 2) {
			learn(c);
			return 0;
		}
		if (client_class(c) == 5) {
			talk_printf(&c->talk, "HELO %s", c->hello);
			if (client_hear(c, WAIT_COMMAND, "saying HELO") == -1)
				return -1;
			if (client_class(c) == 2)
				return 0;
		}
	}
	/* A greeting judges us, not the mail: even 5xx keeps it. */
	c->over = true;
	judge_reply(&c->trouble, &c->talk.reply, VERDICT_NEXT);
	return -1;
}

int
greet_starttls(struct client *c)
{
	talk_printf(&c->talk, "STARTTLS");
	if (client_hear(c, WAIT_COMMAND, "saying STARTTLS") == -1)
		return -1;
	if (client_class(c) != 2)
		return 0;
	/* What stands behind the reply was never protected. */
	if (talk_unread(&c->talk)) {
		client_lose(c, TALK_STRANGE, "saying STARTTLS");
		return -1;
	}
	return 1;
}

int
greet_again(struct client *c)
{
	talk_printf(&c->talk, "EHLO %s", c->hello);
	if (client_hear(c, WAIT_COMMAND, "saying EHLO over TLS") == -1)
		return -1;
	if (client_class(c) == 2) {
		learn(c);
		return 0;
	}
	c->over = true;
	judge_reply(&c->trouble, &c->talk.reply, VERDICT_NEXT);
	return -1;
}
