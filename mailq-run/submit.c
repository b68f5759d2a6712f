/* sendmail's side of the dialogue: a plain SMTP client on a Unix socket. */
#include "mailq-run/submit.h"

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/reply.h"
#include "message/addr.h"
#include "message/fail.h"
#include "session/conn.h"

enum { WAIT = 600 /* seconds for one reply: the end of data takes longest */ };

struct dialogue {
	struct conn conn;
	struct reply reply;
	const struct submit_options *o;
	bool eight_bit, utf8, dsn, size; /* offered */
	bool dead; /* no reply any more */
};

static struct dialogue it; /* one per process; its buffers are large */

int
submit_connect(const char *run)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int s, n;

	n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/submit", run);
	if (n < 0 || (size_t)n >= sizeof(to.sun_path))
		return fail_as(ENAMETOOLONG, "%s/submit", run);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return fail("socket");
	if (connect(s, (const struct sockaddr *)&to, sizeof(to)) == -1) {
		(void)fail("connect to %s", to.sun_path);
		(void)close(s);
		return -1;
	}
	return s;
}

/* ---- one command, one reply */

/* The next reply's code; 0 when there is none (fail_text()). */
static int
hear(struct dialogue *d)
{
	enum reply_got got = REPLY_MORE;
	struct span block;

	if (d->dead)
		return 0;
	reply_reset(&d->reply);
	while (got == REPLY_MORE) {
		size_t had;

		if (conn_block(&d->conn, &block, WAIT) != CONN_LINE)
			break;
		had = block.len;
		got = reply_feed(&d->reply, &block);
		conn_take(&d->conn, had - block.len);
	}
	if (got != REPLY_WHOLE) {
		d->dead = true;
		(void)fail_as(EPROTO, "the connection broke off");
		return 0;
	}
	if (d->o->verbose)
		(void)printf("%d %s\n", d->reply.code, d->reply.text);
	if (d->reply.code == 421)
		d->dead = true;
	return d->reply.code;
}

static __attribute__((format(printf, 2, 3))) int
say(struct dialogue *d, const char *format, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		d->dead = true;
		(void)fail_as(EMSGSIZE, "command too long");
		return 0;
	}
	if (d->o->verbose)
		(void)printf(">>> %s\n", line);
	conn_put(&d->conn, line, (size_t)n);
	conn_put(&d->conn, "\r\n", 2);
	return hear(d);
}

/* The exit status that tells a refusal best (sysexits(3)). */
static int
status_of(const struct dialogue *d)
{
	char status[12];

	if (d->reply.code < 500)
		return EX_TEMPFAIL;
	reply_status(&d->reply, status);
	if (strncmp(status, "5.1.", 4) == 0)
		return EX_NOUSER;
	if (strncmp(status, "5.7.", 4) == 0)
		return EX_NOPERM;
	if (strncmp(status, "5.6.", 4) == 0 || strcmp(status, "5.3.4") == 0 ||
	    strcmp(status, "5.2.3") == 0)
		return EX_DATAERR;
	return EX_UNAVAILABLE;
}

/* Write why on standard error; the exit status. */
static int
complain(const struct dialogue *d, const char *what)
{
	if (d->dead && d->reply.code != 421)
		warnx("%s: %s", what, fail_text());
	else
		warnx("%s: %d %s", what, d->reply.code, d->reply.text);
	return d->dead ? EX_TEMPFAIL : status_of(d);
}

static int
greet(struct dialogue *d, int sock, const struct submit_options *o)
{
	struct span none;

	d->o = o;
	d->dead = false;
	conn_init(&d->conn, sock, sock, true);
	if (hear(d) != 220 || say(d, "EHLO %s", o->hostname) != 250)
		return complain(d, "submission");
	d->eight_bit = reply_keyword(&d->reply, "8BITMIME", &none);
	d->utf8 = reply_keyword(&d->reply, "SMTPUTF8", &none);
	d->dsn = reply_keyword(&d->reply, "DSN", &none);
	d->size = reply_keyword(&d->reply, "SIZE", &none);
	return EX_OK;
}

/* ---- a transaction */

static bool
ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s > 0x7e)
			return false;
	return true;
}

static bool
needs_utf8(const struct dialogue *d, const struct missive *l,
    const struct recipients *r)
{
	struct span h = missive_header(l);

	if (!ascii(d->o->from))
		return true;
	for (size_t i = 0; i < r->n; i++)
		if (!ascii(recipients_get(r, i)))
			return true;
	for (size_t i = 0; i < h.len; i++)
		if ((unsigned char)h.p[i] > 0x7e)
			return true;
	return false;
}

static int
mail(struct dialogue *d, const struct missive *l, const struct recipients *r)
{
	struct buf p;
	int code;

	buf_init(&p, 2048);
	if (d->size)
		buf_printf(&p, " SIZE=%lld", (long long)l->size);
	if (l->eight_bit && d->eight_bit)
		buf_str(&p, " BODY=8BITMIME");
	if (d->utf8 && needs_utf8(d, l, r))
		buf_str(&p, " SMTPUTF8");
	if (d->dsn && d->o->ret[0] != '\0')
		buf_printf(&p, " RET=%s", d->o->ret);
	if (d->dsn && d->o->envid[0] != '\0') {
		buf_str(&p, " ENVID=");
		xtext_put(&p, span(d->o->envid));
	}
	code = say(d, "MAIL FROM:<%s>%s", d->o->from, p.p);
	buf_free(&p);
	return code == 250 ? EX_OK : complain(d, d->o->from);
}

/* Offer recipients until the server has enough.  *taken: how many it took;
 * *worst: status of the first refusal. */
static void
rcpt(struct dialogue *d, struct recipients *r, size_t *taken, int *worst)
{
	bool notify = d->dsn && d->o->notify[0] != '\0';
	int code, status;

	for (size_t i = 0; i < r->n && !d->dead; i++) {
		if (r->line[i].fate != RECIPIENT_OPEN)
			continue;
		code = say(d, "RCPT TO:<%s>%s%s", recipients_get(r, i),
		    notify ? " NOTIFY=" : "", notify ? d->o->notify : "");
		if (code == 250 || code == 251) {
			r->line[i].fate = RECIPIENT_TAKEN;
			++*taken;
			continue;
		}
		/* RFC 5321 s. 4.5.3.1.10: enough for this transaction */
		if ((code == 452 || code == 552) && *taken > 0)
			return;
		status = complain(d, recipients_get(r, i));
		r->line[i].fate =
		    code >= 500 ? RECIPIENT_REFUSED : RECIPIENT_LATER;
		if (*worst == EX_OK)
			*worst = status;
	}
}

struct dots {
	struct conn *conn;
	bool start; /* of a line */
};

/* LF becomes CRLF, a dot at the start of a line is doubled, CR a blank. */
static int
put_dots(void *ctx, const char *p, size_t len)
{
	struct dots *s = ctx;
	const char *end = p + len;

	while (p < end) {
		const char *q = p;

		if (s->start && *p == '.')
			conn_put(s->conn, ".", 1);
		s->start = false;
		while (q < end && *q != '\n' && *q != '\r')
			q++;
		if (q > p)
			conn_put(s->conn, p, (size_t)(q - p));
		if (q < end && *q == '\r')
			conn_put(s->conn, " ", 1);
		if (q < end && *q == '\n') {
			conn_put(s->conn, "\r\n", 2);
			s->start = true;
		}
		p = q + (q < end);
	}
	return s->conn->broken ? fail_as(EPIPE, "the connection broke off") : 0;
}

static int
data(struct dialogue *d, const struct missive *l)
{
	struct dots s = { .conn = &d->conn, .start = true };

	if (say(d, "DATA") != 354)
		return complain(d, "message");
	if (missive_write(l, d->o->extra, d->o->no_bcc, put_dots, &s) == -1) {
		d->dead = true;
		return complain(d, "message");
	}
	if (!s.start)
		conn_put(&d->conn, "\r\n", 2);
	return say(d, ".") == 250 ? EX_OK : complain(d, "message");
}

/* One transaction with what is still open.  False: no other can help. */
static bool
transact(struct dialogue *d, const struct missive *l, struct recipients *r,
    int *worst)
{
	size_t taken = 0;
	int status;

	status = mail(d, l, r);
	if (status == EX_OK) {
		rcpt(d, r, &taken, worst);
		if (taken > 0 && !d->dead)
			status = data(d, l);
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].fate == RECIPIENT_TAKEN)
			r->line[i].fate = status == EX_OK && !d->dead ?
			    RECIPIENT_SENT :
			    RECIPIENT_LATER;
	if (status != EX_OK && *worst == EX_OK)
		*worst = status;
	return taken > 0 && status == EX_OK && !d->dead;
}

static bool
some_open(const struct recipients *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].fate == RECIPIENT_OPEN)
			return true;
	return false;
}

int
submit_missive(int sock, const struct submit_options *o,
    const struct missive *l, struct recipients *r)
{
	int worst;

	worst = greet(&it, sock, o);
	if (worst == EX_OK) {
		while (some_open(r) && transact(&it, l, r, &worst))
			;
		if (!it.dead)
			(void)say(&it, "QUIT");
	}
	if (worst == EX_OK && some_open(r))
		worst = EX_TEMPFAIL;
	return worst;
}

int
submit_verify(int sock, const struct submit_options *o,
    const struct recipients *r)
{
	int worst, code;

	worst = greet(&it, sock, o);
	for (size_t i = 0; worst != EX_TEMPFAIL && i < r->n && !it.dead; i++) {
		code = say(&it, "VRFY %s", recipients_get(r, i));
		if (code == 0 || it.dead)
			return complain(&it, recipients_get(r, i));
		(void)printf("%s ... %s: %s\n", recipients_get(r, i),
		    code < 300 ? "deliverable" : "undeliverable",
		    it.reply.text);
		if (code >= 300 && worst == EX_OK)
			worst = status_of(&it);
	}
	if (!it.dead)
		(void)say(&it, "QUIT");
	return worst;
}
