/* Replies on the wire and in the log. */
#include "smtp-session/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "session/log.h"
#include "smtp-session/smtp.h"

const struct reply *
smtp_say(struct smtp *s, unsigned code, const char *status, const char *format,
    ...)
{
	va_list ap;

	buf_reset(&s->text);
	va_start(ap, format);
	buf_vprintf(&s->text, format, ap);
	va_end(ap);
	s->reply = (struct reply){ code, status, s->text.p, false };
	return &s->reply;
}

const struct reply *
smtp_because(struct smtp *s, const struct reply *r, const char *format, ...)
{
	va_list ap;

	buf_reset(&s->why);
	va_start(ap, format);
	buf_vprintf(&s->why, format, ap);
	va_end(ap);
	return r;
}

/* Only printable ASCII leaves (but for SMTPUTF8 addresses of VRFY and EXPN,
 * which we do not show). */
static void
put_text(struct conn *c, struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char o = (unsigned char)line.p[i];

		if (o < 0x20 || o >= 0x7f) {
			conn_put(c, "?", 1);
			continue;
		}
		conn_put(c, line.p + i, 1);
	}
}

void
reply_write(struct smtp *s, const struct reply *r)
{
	struct span rest = span(r->text);
	char head[32];

	while (rest.p != NULL) {
		struct span line = span_cut(&rest, '\n');
		int n = snprintf(head, sizeof(head), "%u%c%s%s", r->code,
		    rest.p == NULL ? ' ' : '-',
		    r->status == NULL ? "" : r->status,
		    r->status == NULL ? "" : " ");

		conn_put(&s->conn, head, (size_t)n);
		put_text(&s->conn, line);
		conn_put(&s->conn, "\r\n", 2);
	}
}

struct span
reply_helo(const struct smtp *s)
{
	return span_n(s->helo, strcspn(s->helo, " \t\""));
}

/* Text for the log, where it stands in quotes. */
static const char *
unquoted(char *out, size_t size, struct span text)
{
	size_t n = text.len < size ? text.len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text.p[i] == '"' ? '\'' : text.p[i];
	out[n] = '\0';
	return out;
}

void
reply_log(struct smtp *s, const struct reply *r)
{
	struct span line = span(s->line), verb = span_word(&line);
	struct span helo = reply_helo(s);
	const char *why = s->why.len > 0 ? s->why.p : r->text;
	char arg[200], reason[512];

	line = span_trim(line);
	log_line(LOG_NOTICE,
	    "reject ip=%s helo=%.*s verb=%.*s code=%u%s%s "
	    "from=<%s> arg=\"%s\" reason=\"%s\"",
	    s->peer->ip[0] != '\0' ? s->peer->ip : "local", (int)helo.len,
	    helo.p, (int)(verb.len < 16 ? verb.len : 16), verb.p, r->code,
	    r->status == NULL ? "" : " status=",
	    r->status == NULL ? "" : r->status, s->envelope.from,
	    unquoted(arg, sizeof(arg), line),
	    unquoted(reason, sizeof(reason), span(why)));
}
