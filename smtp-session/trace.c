#include "smtp-session/trace.h"

#include <string.h>

#include "message/date.h"

/* A name the client calls itself, as far as it can stand in a Received field:
 * no blank, no comment, nothing that is not printable ASCII or UTF-8. */
static void
put_name(struct buf *b, const char *name)
{
	size_t n = 0;

	if (name[0] == '\0')
		buf_str(b, "unknown");
	for (; *name != '\0' && n < 255; name++, n++) {
		unsigned char c = (unsigned char)*name;

		if (c <= ' ' || c == 0x7f || strchr("()<>,;\\\"", c) != NULL)
			buf_char(b, '?');
		else
			buf_char(b, *name);
	}
}

const char *
trace_protocol(const struct trace *t)
{
	static const char *const words[2][4] = {
		{ "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA" },
		{ "UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA" },
	};

	if (!t->extended)
		return "SMTP";
	return words[t->utf8]
		    [(t->tls[0] != '\0' ? 2 : 0) + (t->authenticated ? 1 : 0)];
}

static void
put_from(struct buf *b, const struct trace *t)
{
	buf_str(b, "from ");
	put_name(b, t->helo);
	if (t->ip[0] == '\0')
		buf_printf(b, " (local uid %u)\n\t", t->uid);
	else
		buf_printf(b, " (%s%s[%s%s])\n\t", t->client,
		    t->client[0] == '\0' ? "" : " ",
		    strchr(t->ip, ':') ? "IPv6:" : "", t->ip);
}

void
trace_received(struct buf *b, const struct trace *t)
{
	char date[DATE_SIZE];

	buf_str(b, "Received: ");
	if (!t->hidden)
		put_from(b, t);
	buf_printf(b, "by %s with %s id %s", t->host, trace_protocol(t), t->id);
	if (t->tls[0] != '\0')
		buf_printf(b, "\n\t(%s)", t->tls);
	if (t->rcpt != NULL)
		buf_printf(b, "\n\tfor <%s>", t->rcpt);
	buf_printf(b, ";\n\t%s\n", date_put(date, t->when));
}

void
trace_delivery(struct buf *b, const char *from, const char *original,
    const char *final)
{
	buf_printf(b, "Return-Path: <%s>\n", from);
	if (strcmp(original, final) != 0)
		buf_printf(b, "X-Original-To: %s\n", original);
	buf_printf(b, "Delivered-To: %s\n", final);
}
