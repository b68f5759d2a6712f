/* STARTTLS (RFC 3207).  The client's socket goes to the monitor, which has
 * tls-relay take it; what comes back speaks in clear with us.  Of what the
 * client said before nothing counts any more (s. 4.2). */
#include <bsd/string.h>
#include <string.h>
#include <unistd.h>

#include "session/log.h"
#include "session/record.h"
#include "session/tls.h"
#include "smtp-session/rights.h"
#include "smtp-session/command.h"

/* clang-format off */
static const struct reply
begin =		{ 220, "2.0.0", "Go ahead", false },
active =	{ 503, "5.5.1", "TLS is active already", false },
no_tls =	{ 502, "5.5.1", "No TLS here", false },
trouble =	{ 454, "4.7.0", "TLS cannot be used now", false },
injected =	{ 554, "5.5.0", "Octets behind STARTTLS, closing", true },
failed =	{ 0, NULL, "TLS handshake failed", true };
/* clang-format on */

/* Begin anew on the new descriptor. */
static void
forget(struct smtp *s, int sock)
{
	int64_t stop = s->conn.stop;

	(void)close(s->conn.in);
	if (s->conn.out != s->conn.in)
		(void)close(s->conn.out);
	conn_init(&s->conn, sock, sock, true);
	s->conn.stop = stop;
	smtp_reset(s);
	s->state = S_START;
	s->helo[0] = s->user[0] = s->mechanism[0] = '\0';
	s->extended = s->facts.authenticated = s->verbose = false;
}

/* Before the client is promised anything. */
static const struct reply *
not_ready(struct smtp *s)
{
	struct record *r = &s->deliver.record;

	if (s->tls_broken)
		return &trouble;
	if (record_send(s->deliver.monitor, ASK_TLS_READY, 0, span(""), -1) ==
		-1 ||
	    record_recv(s->deliver.monitor, r, NULL, TLS_SECONDS * 1000) != 1)
		return &failed;
	if (r->value == 0)
		return NULL;
	s->tls_broken = true;
	return smtp_because(s, &trouble, "%s", r->data);
}

const struct reply *
cmd_starttls(struct smtp *s, struct span arg)
{
	struct record *r = &s->deliver.record;
	const struct reply *no;
	int sock = -1;

	(void)arg;
	if (s->tls[0] != '\0')
		return &active;
	if (!s->can_tls)
		return &no_tls;
	if (conn_waiting(&s->conn))
		return &injected;
	no = not_ready(s);
	if (no != NULL)
		return no;
	conn_printf(&s->conn, "%u %s %s\r\n", begin.code, begin.status,
	    begin.text);
	/* A relay only listens at first: it gets ready while the client still
	 * reads this reply. */
	if (record_send(s->deliver.monitor, ASK_TLS, 0, span(""), s->conn.in) ==
		-1 ||
	    conn_flush(&s->conn) == -1 ||
	    record_recv(s->deliver.monitor, r, &sock,
		(TLS_SECONDS + 10) * 1000) != 1 ||
	    r->kind != ANSWER_TLS || sock == -1) {
		if (sock != -1)
			(void)close(sock);
		return &failed;
	}
	(void)strlcpy(s->tls, r->data, sizeof(s->tls));
	s->plus = r->value != 0;
	forget(s, sock);
	return NULL;
}
