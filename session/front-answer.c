/* MAY HOLD ROOT: what the monitor answers its parser about logins. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/front-parts.h"
#include "session/guard.h"
#include "session/log.h"
#include "session/record.h"
#include "session/sasl.h"

enum { PAUSE = 2 }; /* seconds after a wrong password, at least */

/* The word comes from the parser and goes into an argument of the user's. */
static int
keep_word(struct entry *e, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (word[i] <= ' ' || word[i] >= 0x7f)
			return fail_as(EBADMSG, "odd word of the parser");
	if (len > FRONT_WORD_MAX)
		return fail_as(EBADMSG, "long word of the parser");
	memcpy(e->word, word, len);
	e->word[len] = '\0';
	return 0;
}

/* The child is done with after the right password: what stays of a parser that
 * has been taken over must not share the connection with the user. */
static int
let_in(struct monitor *m)
{
	struct entry *e = m->ctx;

	if (!front_room(e))
		return record_send(m->sock, ANSWER_FULL, 0, span(""), -1);
	e->in = true;
	(void)kill(m->child, SIGKILL);
	while (waitpid(m->child, NULL, 0) == -1 && errno == EINTR)
		continue;
	return 1;
}

/* A wrong password costs time, more with each from there; only the session
 * that tried it waits. */
static int
keep_out(struct monitor *m, const char *name, const char *password)
{
	const struct entry *e = m->ctx;

	log_line(LOG_NOTICE, "login-refused user=%s ip=%s", name, e->peer->ip);
	guard_pause(e->call->config->run, e->peer->ip, name, password, PAUSE);
	return record_send(m->sock, ANSWER_BAD, 0, span(""), -1);
}

static int
cannot_tell(struct monitor *m, const char *name)
{
	const struct entry *e = m->ctx;

	log_line(LOG_ERR, "login-error user=%s ip=%s reason=\"%s\"", name,
	    e->peer->ip, fail_text());
	return record_send(m->sock, ANSWER_TEMP, 0, span(""), -1);
}

static int
answer_login(struct monitor *m, const struct record *r, int fd)
{
	struct entry *e = m->ctx;
	size_t name = strnlen(r->data, r->len), word;
	const char *password = r->data + name + 1;

	(void)fd;
	if (name == r->len)
		return fail_as(EBADMSG, "login without a password");
	word = name + 1 + strnlen(password, r->len - name - 1) + 1;
	if (word > r->len)
		return fail_as(EBADMSG, "login without a word");
	if (keep_word(e, r->data + word, r->len - word) == -1)
		return -1;
	switch (auth_check(e->call->config, r->data, password, e->peer->ip,
	    &e->user)) {
	case AUTH_OK:
		return let_in(m);
	case AUTH_BAD:
		return keep_out(m, r->data, password);
	case AUTH_TEMP:
		break;
	}
	return cannot_tell(m, r->data);
}

static int
answer_first(struct monitor *m, const struct record *r, int fd)
{
	static struct record answer;
	struct entry *e = m->ctx;

	(void)fd;
	auth_scram_end(&e->scram);
	memset(&e->scram, 0, sizeof(e->scram));
	e->proven = false;
	switch (auth_scram_first(&e->scram, e->call->config, record_span(r),
	    r->value != 0, &e->binding, &answer)) {
	case AUTH_OK:
		return record_send(m->sock, ANSWER_TEXT, 0,
		    record_span(&answer), -1);
	case AUTH_BAD:
		return keep_out(m, "", r->data);
	case AUTH_TEMP:
		break;
	}
	return cannot_tell(m, "");
}

static int
answer_final(struct monitor *m, const struct record *r, int fd)
{
	static struct record answer;
	struct entry *e = m->ctx;

	(void)fd;
	switch (
	    auth_scram_final(&e->scram, record_span(r), &answer, &e->user)) {
	case AUTH_OK:
		e->proven = true;
		return record_send(m->sock, ANSWER_TEXT, 0,
		    record_span(&answer), -1);
	case AUTH_BAD:
		return keep_out(m, e->scram.user.name, r->data);
	case AUTH_TEMP:
		break;
	}
	return cannot_tell(m, e->scram.user.name);
}

static int
answer_in(struct monitor *m, const struct record *r, int fd)
{
	struct entry *e = m->ctx;

	(void)fd;
	if (!e->proven)
		return fail_as(EBADMSG, "nobody has proven anything");
	if (keep_word(e, r->data, r->len) == -1)
		return -1;
	auth_scram_end(&e->scram);
	return let_in(m);
}

/* The parser gives us the client's socket, which we leave to tls-relay, and gets
 * another for it; so do we, for the process after this one. */
static int
answer_tls(struct monitor *m, const struct record *r, int fd)
{
	struct entry *e = m->ctx;

	(void)r;
	if (fd == -1 || e->tls[0] != '\0')
		return fail_as(EBADMSG, "TLS without a socket, or again");
	if (front_encrypt(e, fd) == -1)
		return record_send(m->sock, ANSWER_TEMP, 0, span(""), -1);
	return record_send(m->sock, ANSWER_TLS, e->binding.exporter_len > 0,
	    span(""), STDIN_FILENO);
}

/* clang-format off */
const struct right front_rights[MONITOR_KINDS] = {
	[ASK_LOG] =	{ 100, LOG_LINE_MAX, monitor_log },
	[ASK_LOGIN] =	{ FRONT_TRIES, SASL_NAME_MAX + SASL_PASSWORD_MAX +
			    FRONT_WORD_MAX + 2, answer_login },
	[ASK_FIRST] =	{ FRONT_TRIES, SASL_TEXT_MAX, answer_first },
	[ASK_FINAL] =	{ FRONT_TRIES, SASL_TEXT_MAX, answer_final },
	[ASK_IN] =	{ 1, FRONT_WORD_MAX, answer_in },
	[ASK_TLS] =	{ 1, 0, answer_tls },
};
/* clang-format on */
