/* The command table and the loop: what a line means, and when. */
#include "pop3-session/pop3.h"

#include <string.h>

#include "session/sasl.h"

enum {
	LINE_LONGEST = 2048,
	ERRORS_MAX = 20, /* then the client is sent away */
	LINES_DIGITS = 1000000000, /* TOP: more lines than any message has */
};

enum arity {
	ARG_NONE,
	ARG_TEXT, /* all that follows one blank, as it is */
	ARG_MSG, /* a message that is there */
	ARG_MAYBE, /* the same, or nothing */
	ARG_TOP, /* a message and a number of lines */
};

static const struct reply unknown = { .text = "Unknown command" };
static const struct reply disorder = { .text = "Not in this state" };
static const struct reply octets = { .text = "Unprintable octets" };
static const struct reply excess = { .text = "Too many arguments" };
static const struct reply scarce = { .text = "Argument missing" };
static const struct reply nonsense = { .text = "Argument is not a number" };
static const struct reply too_long = { .text = "Line too long" };
static const struct reply flood = { .last = true, .text = "Line too long" };
static const struct reply weary = { .last = true, .text = "Too many errors" };
static const struct reply idle = { .last = true, .text = "Idle for too long" };
static const struct reply nothing = { .ok = true, .text = "Nothing done" };
static const struct reply bye = { .ok = true, .last = true, .text = "Bye" };

static const struct reply *capa(struct pop3 *, const struct args *);
static const struct reply *noop(struct pop3 *, const struct args *);
static const struct reply *quit(struct pop3 *, const struct args *);

#define S_ANY (S_START | S_NAME | S_MAIL)

/* clang-format off */
static const struct command {
	const char *verb;
	unsigned in; /* S_* bits: states in which it exists */
	enum arity arity;
	const struct reply *(*run)(struct pop3 *, const struct args *);
} commands[] = {	/* RFC 1939 s. 4 to 7, 2449 s. 5, 2595, 6856,
			 * 1460 "LAST" */
	{ "USER", S_START | S_NAME,	ARG_TEXT,	login_user },
	{ "PASS", S_NAME,		ARG_TEXT,	login_pass },
	{ "AUTH", S_START | S_NAME,	ARG_TEXT,	login_auth },
	{ "STLS", S_START | S_NAME,	ARG_NONE,	login_stls },
	{ "UTF8", S_START | S_NAME,	ARG_NONE,	login_utf8 },
	{ "QUIT", S_START | S_NAME,	ARG_NONE,	quit },
	{ "CAPA", S_ANY,		ARG_NONE,	capa },
	{ "NOOP", S_ANY,		ARG_NONE,	noop },
	{ "STAT", S_MAIL,		ARG_NONE,	session_stat },
	{ "LIST", S_MAIL,		ARG_MAYBE,	session_list },
	{ "UIDL", S_MAIL,		ARG_MAYBE,	session_uidl },
	{ "RETR", S_MAIL,		ARG_MSG,	session_retr },
	{ "TOP",  S_MAIL,		ARG_TOP,	session_top },
	{ "DELE", S_MAIL,		ARG_MSG,	session_dele },
	{ "RSET", S_MAIL,		ARG_NONE,	session_rset },
	{ "LAST", S_MAIL,		ARG_NONE,	session_last },
	{ "QUIT", S_MAIL,		ARG_NONE,	session_quit },
};
/* clang-format on */

static int
capa_lines(struct pop3 *p)
{
	struct buf names;

	if (p->state != S_MAIL && login_can_tls(p))
		conn_printf(p->conn, "STLS\r\n");
	if (p->state != S_MAIL && login_offered(p) != 0) {
		buf_init(&names, 200);
		sasl_names(&names, login_offered(p));
		conn_printf(p->conn, "USER\r\nSASL %s\r\n", names.p);
		buf_free(&names);
	}
	conn_printf(p->conn,
	    "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n"
	    "EXPIRE NEVER\r\nUTF8\r\nIMPLEMENTATION mailroom\r\n.\r\n");
	return 0;
}

static const struct reply *
capa(struct pop3 *p, const struct args *a)
{
	static const struct reply r = {
		.ok = true,
		.text = "What is there",
		.lines = capa_lines,
	};

	(void)p;
	(void)a;
	return &r;
}

static const struct reply *
noop(struct pop3 *p, const struct args *a)
{
	(void)p;
	(void)a;
	return &nothing;
}

static const struct reply *
quit(struct pop3 *p, const struct args *a)
{
	(void)p;
	(void)a;
	return &bye;
}

/* Numbers behind MSG, MAYBE and TOP. */
static const struct reply *
numbers(struct pop3 *p, enum arity arity, struct span text, struct args *a)
{
	struct span first = span_word(&text), second = span_word(&text);
	size_t want = arity == ARG_TOP ? 2 : 1;
	size_t got = (size_t)(first.len > 0) + (size_t)(second.len > 0);
	uint64_t n;

	if (got > want || span_word(&text).len > 0)
		return &excess;
	if (got == 0 && arity == ARG_MAYBE)
		return NULL;
	if (got < want)
		return &scarce;
	if (span_number(first, UINT64_MAX, &n) == -1)
		return &nonsense;
	if (arity == ARG_TOP &&
	    span_number(second, LINES_DIGITS, &a->lines) == -1)
		return &nonsense;
	a->given = true;
	return session_find(p, n, &a->msg);
}

/* Check the argument: NULL when it is as the arity says, else the reply. */
static const struct reply *
arguments(struct pop3 *p, enum arity arity, struct span text, struct args *a)
{
	*a = (struct args){ .text = text };
	switch (arity) {
	case ARG_NONE:
		return span_trim(text).len > 0 ? &excess : NULL;
	case ARG_TEXT:
		return text.len == 0 ? &scarce : NULL;
	case ARG_MSG:
	case ARG_MAYBE:
	case ARG_TOP:
		break;
	}
	return numbers(p, arity, text, a);
}

/* Eight-bit octets are well in a password, controls nowhere. */
static bool
printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static const struct reply *
obey(struct pop3 *p, struct span line)
{
	struct span verb = line, arg = { line.p, 0 };
	const struct reply *r = &unknown, *wrong;
	size_t n = span_find(line, ' ');
	struct args a;

	if (!printable(line)) {
		p->errors++;
		return &octets;
	}
	if (n < line.len) {
		verb.len = n;
		arg = span_from(line, n + 1);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *c = &commands[i];

		if (!span_same(verb, span(c->verb)))
			continue;
		if ((c->in & p->state) == 0) {
			r = &disorder;
			continue;
		}
		wrong = arguments(p, c->arity, arg, &a);
		return wrong != NULL ? wrong : c->run(p, &a);
	}
	p->errors++;
	return r;
}

/* Write a reply.  -1: it broke off. */
static int
answer(struct pop3 *p, const struct reply *r)
{
	conn_printf(p->conn, "%s %s\r\n", r->ok ? "+OK" : "-ERR",
	    r->text != NULL ? r->text : p->text.p);
	return r->lines != NULL ? r->lines(p) : 0;
}

/* What is answered when nothing has to be. */
static const struct reply silent = { .ok = true };

/* The reply to the next line; NULL: the client is gone. */
static const struct reply *
next(struct pop3 *p)
{
	const struct reply *r;
	struct span line;

	buf_reset(&p->text);
	switch (conn_line(p->conn, &line, LINE_LONGEST, p->patience)) {
	case CONN_LINE:
		r = obey(p, line);
		return r != NULL ? r : &silent;
	case CONN_LONG:
		p->errors++;
		return &too_long;
	case CONN_FLOOD:
		return &flood;
	case CONN_TIMEOUT:
		return &idle;
	case CONN_EOF:
	case CONN_ERROR:
		break;
	}
	return NULL;
}

int
pop3_serve(struct pop3 *p)
{
	const struct reply *r;

	while ((r = next(p)) != NULL) {
		if (r == &silent)
			continue;
		if (!r->last && p->errors >= ERRORS_MAX)
			r = &weary;
		if (answer(p, r) == -1)
			break;
		if (r->last) {
			(void)conn_flush(p->conn);
			return r->ok ? 0 : 1;
		}
	}
	(void)conn_flush(p->conn);
	return 1;
}

size_t
pop3_number(char *out, uint64_t v)
{
	char digit[20];
	size_t n = 0;

	do
		digit[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = digit[n - 1 - i];
	return n;
}

size_t
pop3_hex(char *out, uint32_t v)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[v >> shift & 15];
	return 8;
}
