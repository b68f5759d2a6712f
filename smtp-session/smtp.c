/* One table, one loop.  A handler is called only in a state and with an
 * argument that its row allows, and returns a reply; the loop writes it, logs
 * why when it is a refusal, and counts.  Replies leave in one write when the
 * client has no further command waiting (RFC 2920). */
#include "smtp-session/smtp.h"

#include <bsd/string.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/clock.h"
#include "session/log.h"
#include "session/sasl.h"
#include "smtp-session/command.h"
#include "smtp-session/milter.h"

/* clang-format off */
static const struct reply
ok =		{ 250, "2.0.0", "Ok", false },
bye =		{ 221, "2.0.0", "Bye", true },
not_smtp =	{ 221, "2.7.0", "This is a mail server", true },
unknown =	{ 500, "5.5.1", "Unknown command", false },
odd_octets =	{ 500, "5.5.2", "Only printable characters, please", false },
eight_bit =	{ 553, "5.6.7", "8-bit text needs SMTPUTF8 on MAIL", false },
too_long =	{ 500, "5.5.2", "Line too long", false },
much_too_long =	{ 500, "5.5.2", "Line too long", true },
no_argument =	{ 501, "5.5.4", "Needs an argument", false },
an_argument =	{ 501, "5.5.4", "Takes no argument", false },
greet_first =	{ 503, "5.5.1", "Send EHLO or HELO first", false },
nested_mail =	{ 503, "5.5.1", "Sender was given already", false },
in_mail =	{ 503, "5.5.1", "Not within a mail transaction", false },
in_chunks =	{ 503, "5.5.1", "Send BDAT or RSET", false },
need_mail =	{ 503, "5.5.1", "Send MAIL first", false },
turned_away =	{ 503, "5.5.1", "Only QUIT, please", false },
need_rcpt =	{ 503, "5.5.1", "Send RCPT first", false },
disabled =	{ 502, "5.5.1", "Not for you", false },
idle_too_long =	{ 421, "4.4.2", "Nothing heard for too long, closing", true },
too_many =	{ 421, "4.7.0", "Too many errors, closing", true },
stopping =	{ 421, "4.3.2", "Going down, try again soon", true },
help =		{ 214, "2.0.0",
    "HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET\n"
    "NOOP QUIT HELP VRFY EXPN VERB\n"
    "See RFC 5321", false };
/* clang-format on */

/* ---- the session */

void
smtp_reset(struct smtp *s)
{
	milter_reset(s);
	deliver_reset(&s->deliver);
	memset(&s->envelope, 0, sizeof(s->envelope));
	s->for_rcpt[0] = '\0';
	s->rcpts = 0;
	s->alone = s->returns = s->over = false;
	if (s->state != S_START)
		s->state = S_READY;
}

static void
greet(struct smtp *s, struct span arg, bool extended)
{
	size_t n =
	    arg.len < sizeof(s->helo) - 1 ? arg.len : sizeof(s->helo) - 1;

	memcpy(s->helo, arg.p, n);
	s->helo[n] = '\0';
	s->extended = extended;
	s->state = S_READY;
	smtp_reset(s);
}

static const struct reply *
cmd_helo(struct smtp *s, struct span arg)
{
	greet(s, arg, false);
	return smtp_say(s, 250, NULL, "%s", s->config->hostname);
}

static const struct reply *
cmd_ehlo(struct smtp *s, struct span arg)
{
	const struct reply *r;
	struct buf more;

	greet(s, arg, true);
	buf_init(&more, 128);
	if (s->can_tls && s->tls[0] == '\0')
		buf_str(&more, "\nSTARTTLS");
	if (smtp_secure(s)) /* RFC 8689 s. 3 */
		buf_str(&more, "\nREQUIRETLS");
	if (login_possible(s)) {
		buf_str(&more, "\nAUTH ");
		sasl_names(&more, login_offered(s));
	}
	r = smtp_say(s, 250, NULL,
	    "%s\nPIPELINING\nSIZE %llu\n8BITMIME\nSMTPUTF8\nCHUNKING\n"
	    "DSN\nENHANCEDSTATUSCODES\nLIMITS RCPTMAX=%u MAILMAX=%u%s\nHELP",
	    s->config->hostname, (unsigned long long)s->config->size,
	    s->config->recipients, SMTP_MAILS, more.p);
	buf_free(&more);
	return r;
}

static const struct reply *
cmd_rset(struct smtp *s, struct span arg)
{
	(void)arg;
	s->idle++;
	smtp_reset(s);
	return &ok;
}

static const struct reply *
cmd_noop(struct smtp *s, struct span arg)
{
	(void)arg;
	s->idle++;
	return &ok;
}

static const struct reply *
cmd_quit(struct smtp *s, struct span arg)
{
	(void)s;
	(void)arg;
	return &bye;
}

static const struct reply *
cmd_help(struct smtp *s, struct span arg)
{
	(void)arg;
	s->idle++;
	return &help;
}

/* A habit of sendmail(8): tell what is done.  In no RFC. */
static const struct reply *
cmd_verb(struct smtp *s, struct span arg)
{
	s->idle++;
	if (!policy_curious(&s->facts))
		return &disabled;
	s->verbose = !span_same(arg, span("OFF"));
	return smtp_say(s, 250, "2.0.0", "Verbose mode %s",
	    s->verbose ? "on" : "off");
}

/* ---- the table */

enum arity { ARG_NONE, ARG_ANY, ARG_SOME };

static const struct command {
	const char *verb;
	unsigned in; /* S_* bits: states in which it exists */
	enum arity arity;
	const struct reply *(*run)(struct smtp *, struct span arg);
	const struct reply *otherwise; /* in other states */
} commands[] = {
	/* clang-format off */
	/* RFC 5321 s. 4.1.1 */
	{ "HELO", S_ANY,		ARG_SOME, cmd_helo, NULL },
	{ "EHLO", S_ANY,		ARG_SOME, cmd_ehlo, NULL },
	{ "MAIL", S_READY,		ARG_SOME, cmd_mail, &nested_mail },
	{ "RCPT", S_MAIL | S_REFUSED | S_RCPT,
					ARG_SOME, cmd_rcpt, &need_mail },
	{ "DATA", S_RCPT,		ARG_NONE, cmd_data, NULL },
	{ "DATA", S_REFUSED,		ARG_NONE, cmd_no_rcpt, &need_rcpt },
	{ "BDAT", S_RCPT | S_CHUNK,	ARG_SOME, cmd_bdat, NULL },
	{ "BDAT", S_REFUSED,		ARG_SOME, cmd_bdat_no_rcpt, NULL },
	{ "BDAT", S_START | S_READY | S_MAIL,
					ARG_SOME, cmd_bdat_early, NULL },
	{ "AUTH", S_READY,		ARG_SOME, cmd_auth, &in_mail },
	{ "STARTTLS", S_START | S_READY, ARG_NONE, cmd_starttls, &in_mail },
	{ "RSET", S_ANY,		ARG_NONE, cmd_rset, NULL },
	{ "NOOP", S_ANY,		ARG_ANY,  cmd_noop, NULL },
	{ "QUIT", S_ANY | S_TURNED,	ARG_NONE, cmd_quit, NULL },
	{ "HELP", S_ANY,		ARG_ANY,  cmd_help, NULL },
	{ "VRFY", S_ANY,		ARG_SOME, cmd_vrfy, NULL },
	{ "EXPN", S_ANY,		ARG_SOME, cmd_expn, NULL },
	{ "VERB", S_ANY,		ARG_ANY,  cmd_verb, NULL },
	/* clang-format on */
};

/* Browsers and other programs that were led here by somebody else. */
static bool
is_foreign(struct span verb)
{
	char c = verb.len > 0 ? verb.p[0] : ' ';

	return !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) ||
	    span_same(verb, span("GET")) || span_same(verb, span("POST")) ||
	    span_same(verb, span("CONNECT"));
}

/* What no command may hold.  Octets above 0x7f are the address parser's
 * business where there is one. */
static const struct reply *
bad_octets(struct span line, struct span verb)
{
	bool high = false;

	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return &odd_octets;
		high = high || c >= 0x80;
	}
	if (high && !span_same(verb, span("MAIL")) &&
	    !span_same(verb, span("RCPT")) && !span_same(verb, span("VRFY")) &&
	    !span_same(verb, span("EXPN")))
		return &eight_bit;
	return NULL;
}

static const struct reply *
in_wrong_state(const struct smtp *s, const struct command *c)
{
	if (s->state == S_START)
		return &greet_first;
	if (s->state == S_TURNED)
		return &turned_away;
	return s->state == S_CHUNK ? &in_chunks : c->otherwise;
}

static const struct reply *
obey(struct smtp *s, struct span line)
{
	struct span arg = span_trim(line), verb = span_word(&arg);
	const struct reply *wrong = bad_octets(line, verb);

	/* "MAIL FROM:<a@b>" and "mail from : a@b" alike: the verb is a word
	 * of its own, what follows is the handler's. */
	arg = span_trim(arg);
	if (verb.len == 0)
		return &unknown;
	if (wrong != NULL)
		return wrong;
	if (is_foreign(verb))
		return &not_smtp;
	wrong = s->state == S_TURNED ? &turned_away : &unknown;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *c = &commands[i];

		if (!span_same(verb, span(c->verb)))
			continue;
		if ((c->in & s->state) == 0) {
			wrong = in_wrong_state(s, c);
			continue;
		}
		if (c->arity == ARG_NONE && arg.len > 0)
			return &an_argument;
		if (c->arity == ARG_SOME && arg.len == 0)
			return &no_argument;
		return c->run(s, arg);
	}
	if (wrong == &unknown && milter_unknown(s, line) != NULL)
		return &s->reply;
	return wrong;
}

/* ---- the loop */

static volatile sig_atomic_t told_to_stop;
static struct smtp *stopped_session;

/* Between two commands nothing is half done: say goodbye at once.  While a
 * message is being delivered its reply comes first. */
static void
on_term(int sig)
{
	static const char text[] = "421 4.3.2 Going down, try again soon\r\n";

	(void)sig;
	told_to_stop = 1;
	if (stopped_session != NULL) {
		(void)!write(stopped_session->conn.out, text, sizeof(text) - 1);
		_exit(0);
	}
}

static void
pause_for(const struct smtp *s)
{
	if (s->facts.peer != POLICY_LOCAL)
		(void)poll(NULL, 0, 1000);
}

/* Count, log and write.  What goes beyond a limit is answered otherwise. */
static bool
answer(struct smtp *s, const struct reply *r)
{
	if (r->code >= 500 || r == &not_smtp)
		s->errors++;
	if (s->idle > SMTP_IDLE) {
		s->idle--;
		s->errors++;
	}
	if (r->code >= 400 || r == &not_smtp)
		reply_log(s, r);
	if (s->errors >= SMTP_ERRORS && !r->close) {
		r = &too_many;
		reply_log(s, r);
	} else if (s->errors > SMTP_SLOW_ERRORS && r->code >= 500)
		pause_for(s);
	reply_write(s, r);
	buf_reset(&s->why);
	if (s->over)
		smtp_reset(s);
	return !r->close;
}

/* What the log may have to say about it; the line itself is overwritten by
 * what comes next. */
static void
note_line(struct smtp *s, struct span line)
{
	size_t n;

	line = span_trim(line);
	if (span_starts(line, "AUTH")) /* a password may stand behind it */
		line.len = strlen("AUTH");
	n = line.len < sizeof(s->line) ? line.len : sizeof(s->line) - 1;
	memcpy(s->line, line.p, n);
	s->line[n] = '\0';
}

/* The client has left. */
static const struct reply left = { 0, NULL, "client left", true };

/* The next command's reply; NULL when there is nothing to say. */
static const struct reply *
next(struct smtp *s)
{
	struct span line;
	enum conn_got got;
	bool waiting;

	s->line[0] = '\0';
	if (told_to_stop)
		return &stopping;
	waiting = conn_waiting(&s->conn);
	if (!waiting && conn_flush(&s->conn) == -1)
		return &left;
	stopped_session = waiting ? NULL : s;
	got = conn_line(&s->conn, &line, SMTP_LINE_MAX,
	    s->stress ? SMTP_STRESS_SECONDS : SMTP_COMMAND_SECONDS);
	stopped_session = NULL;
	switch (got) {
	case CONN_LINE:
		note_line(s, line);
		return obey(s, line);
	case CONN_LONG:
		return &too_long;
	case CONN_FLOOD:
		return &much_too_long;
	case CONN_TIMEOUT:
		return &idle_too_long;
	default:
		return &left;
	}
}

void
smtp_serve(struct smtp *s, int monitor, int agent)
{
	const struct reply *r;

	(void)signal(SIGTERM, on_term);
	conn_init(&s->conn, s->in, s->out, true);
	s->conn.stop = clock_ms() + (int64_t)SMTP_SESSION_SECONDS * 1000;
	s->state = s->turned ? S_TURNED : S_START;
	s->content.fd = -1;
	buf_init(&s->text, CONN_OUT / 2);
	buf_init(&s->why, 1024);
	data_init(&s->data);
	deliver_init(&s->deliver, monitor, agent);
	for (;;) {
		r = next(s);
		if (r != NULL && (r->code == 0 || !answer(s, r)))
			break;
	}
	conn_end(&s->conn);
	if (r == &left && s->state >= S_MAIL)
		log_line(LOG_INFO, "lost ip=%s helo=%.*s from=<%s> rcpts=%u",
		    s->peer->ip, (int)reply_helo(s).len, s->helo,
		    s->envelope.from, s->rcpts);
	milter_end(s);
	deliver_end(&s->deliver);
}
