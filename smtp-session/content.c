/* The content of a message: DATA (RFC 5321 s. 4.1.1.4), BDAT (RFC 3030), and
 * what happens at its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/command.h"
#include "smtp-session/milter.h"
#include "smtp-session/names.h"
#include "smtp-session/trace.h"

/* clang-format off */
static const struct reply
too_big =	{ 552, "5.3.4", "Message too big", false },
go_ahead =	{ 354, NULL, "End data with <CR><LF>.<CR><LF>", false },
out_of_step =	{ 554, "5.5.0", "Content came before 354, closing", true },
all_refused =	{ 554, "5.5.1", "No valid recipients", false },
bare_newline =	{ 550, "5.5.2", "Bare LF or CR in the message", false },
too_many_fields = { 554, "5.6.0", "More than 1000 header fields", false },
malformed =	{ 554, "5.6.0", "The header has no end", false },
mail_loop =	{ 554, "5.4.6", "Mail is going in circles", false },
much_too_big =	{ 421, "4.3.0", "Message far too big, closing", true },
data_timeout =	{ 421, "4.4.2", "Data came too slowly, closing", true },
disk_full =	{ 452, "4.3.1", "No space here now, try later", false },
over_quota =	{ 452, "4.2.2", "Mailbox is full", false },
full_for_long =	{ 552, "5.2.2", "Mailbox is full", false },
local_trouble =	{ 451, "4.3.0", "Local trouble, try later", false },
chunk_first =	{ 503, "5.5.1", "Send MAIL and RCPT first", false },
bad_chunk =	{ 501, "5.5.4", "Not a size, and perhaps LAST, closing", true },
client_left =	{ 421, "4.4.2", "Lost", true };
/* clang-format on */

static struct deliver_mail
mail_of(const struct smtp *s)
{
	return (struct deliver_mail){
		.id = s->id,
		.from = s->envelope.from,
		.user = s->user,
		.envelope = &s->envelope,
		.data = &s->data,
		.fd = s->content.fd,
	};
}

/* What mail filters may change is copied when they have seen it. */
static int
store(void *ctx, const void *p, size_t len)
{
	struct smtp *s = ctx;
	struct deliver_mail m;

	if (stow_write(&s->content, &s->deliver, p, len) == -1)
		return -1;
	if (s->content.on_disk && s->milters == NULL) {
		m = mail_of(s);
		deliver_ahead(&s->deliver, &m, s->content.size);
	}
	return 0;
}

/* Once in a session, where the configuration says so. */
static void
find_client(struct smtp *s)
{
	int sock;

	if (s->named || !s->config->client_name || !policy_asks(&s->facts))
		return;
	s->named = true;
	sock = mail_resolver(s);
	if (sock == -1 || names_client(sock, s->peer->ip, s->client) == -1)
		s->client[0] = '\0';
}

/* An empty place for the content, with our Received on top. */
static int
open_content(struct smtp *s)
{
	struct trace t = {
		.helo = s->helo,
		.ip = s->peer->ip,
		.uid = (unsigned)s->peer->uid,
		.host = s->config->hostname,
		.id = s->id,
		.rcpt = s->rcpts == 1 ? s->for_rcpt : NULL,
		.when = time(NULL),
		.extended = s->extended,
		.tls = s->tls,
		.authenticated = s->facts.authenticated,
		.hidden = s->config->hide_client && smtp_ours(s),
		.utf8 = s->envelope.utf8,
	};
	struct buf head;
	int r;

	find_client(s);
	t.client = s->client;
	if (stow_open(&s->content) == -1)
		return -1;
	buf_init(&head, 4096);
	trace_received(&head, &t);
	if (head.over)
		r = fail_as(ENOMEM, "no memory");
	else
		r = store(s, head.p, head.len);
	buf_free(&head);
	return r;
}

/* A client that drips keeps a process of ours busy. */
static bool
too_slow(int64_t since, uint64_t size)
{
	int64_t seconds = (clock_ms() - since) / 1000;

	return seconds > SMTP_RATE_GRACE &&
	    size / (uint64_t)seconds < SMTP_RATE;
}

/* The next octets; NULL when there are some. */
static const struct reply *
read_block(struct smtp *s, struct span *block)
{
	switch (conn_block(&s->conn, block, SMTP_DATA_SECONDS)) {
	case CONN_LINE:
		return NULL;
	case CONN_TIMEOUT:
		return &data_timeout;
	default:
		return smtp_because(s, &client_left, "left in the content");
	}
}

/* Read to the final dot, whatever becomes of the octets.  NULL: it is there.*/
static const struct reply *
read_content(struct smtp *s)
{
	struct data *d = &s->data;
	int64_t since = clock_ms();
	const struct reply *r;
	struct span block;

	while (!data_done(d)) {
		r = read_block(s, &block);
		if (r != NULL)
			return r;
		conn_take(&s->conn, data_feed(d, block));
		if (d->size / 2 > s->config->size)
			return &much_too_big;
		if (too_slow(since, d->size))
			return &data_timeout;
	}
	data_finish(d);
	return NULL;
}

const struct reply *
content_fault(struct smtp *s, int error)
{
	bool full = error == ENOSPC || error == EFBIG || error == EDQUOT;

	return smtp_because(s, full ? &disk_full : &local_trouble, "%s",
	    fail_text());
}

/* What is wrong with the content itself. */
static const struct reply *
check_content(struct smtp *s)
{
	const struct data *d = &s->data;

	if (d->too_big)
		return &too_big;
	if (d->error != 0)
		return content_fault(s, d->error);
	if (d->endless)
		return &malformed;
	/* What comes back from the spool has one or two more. */
	if (d->fields > DATA_FIELDS_MAX && !s->trusted)
		return smtp_because(s, &too_many_fields, "%u header fields",
		    d->fields);
	if (d->bare && s->config->strict_newlines && !smtp_ours(s))
		return &bare_newline;
	if (d->received > DATA_RECEIVED_MAX)
		return smtp_because(s, &mail_loop, "%u Received fields",
		    d->received);
	return s->facts.authenticated ? mail_names(s) : NULL;
}

/* VERB: what became of each copy. */
static void
tell_progress(struct smtp *s)
{
	const struct deliver *d = &s->deliver;

	for (size_t i = 0; s->verbose && i < d->targets; i++)
		conn_printf(&s->conn, "050-%s: %s\r\n",
		    d->text.p + d->target[i].original,
		    d->target[i].agent == -1 ? "queued" : "delivered");
}

/* A user's command has said no, and why: sysexits(3) and RFC 3463 know the
 * same reasons.  Only mailq-run(8) and root can have come here. */
static const struct reply *
refused_by_command(struct smtp *s)
{
	static const char *const by_status[] = {
		[EX_DATAERR] = "5.6.0",
		[EX_NOUSER] = "5.1.1",
		[EX_NOHOST] = "5.1.2",
		[EX_CANTCREAT] = "5.2.0",
		[EX_PROTOCOL] = "5.5.0",
		[EX_NOPERM] = "5.7.0",
		[EX_CONFIG] = "5.3.5",
	};
	int status = s->deliver.status;
	const char *code = NULL;

	if (status > 0 && status <= EX__MAX)
		code = by_status[status];
	(void)smtp_because(s, NULL, "%s", s->deliver.why.p);
	return smtp_say(s, 554, code != NULL ? code : "5.3.0", "%s",
	    s->deliver.why.p);
}

static const struct reply *
deliver(struct smtp *s)
{
	const struct deliver_mail m = mail_of(s);

	switch (deliver_message(&s->deliver, &m)) {
	case DELIVER_OK:
		tell_progress(s);
		return smtp_say(s, 250, "2.0.0", "Ok, id %s", s->id);
	case DELIVER_LOOP:
		return smtp_because(s, &mail_loop, "delivered here before");
	case DELIVER_FULL:
		return smtp_because(s, &disk_full, "%s", s->deliver.why.p);
	case DELIVER_QUOTA:
		return smtp_because(s, &over_quota, "%s", s->deliver.why.p);
	case DELIVER_LONG_FULL:
		return smtp_because(s, &full_for_long, "%s", s->deliver.why.p);
	case DELIVER_BOUNCED:
		return refused_by_command(s);
	case DELIVER_TROUBLE:
		break;
	}
	(void)smtp_because(s, NULL, "%s", s->deliver.why.p);
	return s->alone ? smtp_say(s, 451, "4.3.0", "%s", s->deliver.why.p) :
			  &local_trouble;
}

static void
begin_content(struct smtp *s)
{
	struct data *d = &s->data;

	(void)snprintf(s->id, sizeof(s->id), "%s-%u", log_id_get(), ++s->mails);
	s->idle = 0;
	data_start(d);
	d->limit = s->config->size;
	d->mend_cr = smtp_ours(s) || s->facts.peer == POLICY_LOOPBACK;
	if (smtp_ours(s) && !s->from_queue && !s->returns) {
		d->id = s->id;
		d->login = s->facts.authenticated;
		d->host = s->config->hostname;
		d->sender = s->envelope.from;
	}
	d->out = store;
	d->ctx = s;
	if (open_content(s) == -1)
		d->error = errno != 0 ? errno : EIO;
}

/* The content is complete: what becomes of it. */
static const struct reply *
end_content(struct smtp *s)
{
	const struct reply *r = check_content(s);

	if (r == NULL)
		r = milter_content(s);
	return r != NULL ? r : deliver(s);
}

/* A transaction is over; "r" tells the client how. */
static const struct reply *
over(struct smtp *s, const struct reply *r)
{
	if (r->code >= 400 && s->why.len == 0)
		(void)smtp_because(s, NULL, "id=%s %s", s->id, r->text);
	limit_settle(s, r);
	s->over = true; /* the log still wants to know whose it was */
	return r;
}

const struct reply *
cmd_data(struct smtp *s, struct span arg)
{
	const struct reply *r;

	(void)arg;
	/* RFC 2920 s. 3.1: DATA is the last of its group.  Who has sent more
	 * talks past us, or is made to (smuggling). */
	if (s->peer->kind == PEER_INET && conn_waiting(&s->conn))
		return &out_of_step;
	r = milter_data(s);
	if (r != NULL)
		return over(s, r);
	begin_content(s);
	r = limit_count(s);
	if (r != NULL)
		return over(s, r);
	conn_printf(&s->conn, "%u %s\r\n", go_ahead.code, go_ahead.text);
	r = read_content(s);
	return over(s, r != NULL ? r : end_content(s));
}

const struct reply *
cmd_no_rcpt(struct smtp *s, struct span arg)
{
	(void)s;
	(void)arg;
	return &all_refused;
}

/* ---- BDAT */

/* "1000" or "1000 LAST".  0; -1: then nobody knows where the next command
 * begins. */
static int
chunk_size(struct span arg, uint64_t *size, bool *last)
{
	struct span number = span_word(&arg), word = span_word(&arg);

	*last = word.len > 0;
	if (span_number(number, INT64_MAX, size) == -1)
		return -1;
	return (*last && !span_same(word, span("LAST"))) || arg.len > 0 ? -1 :
									  0;
}

/* Take "size" octets; with "keep" they are content.  NULL: done. */
static const struct reply *
read_chunk(struct smtp *s, uint64_t size, bool keep)
{
	int64_t since = clock_ms();
	uint64_t left = size;
	const struct reply *r;
	struct span block;

	if (size / 2 > s->config->size)
		return &much_too_big;
	while (left > 0) {
		r = read_block(s, &block);
		if (r != NULL)
			return r;
		if (block.len > left)
			block.len = (size_t)left;
		if (keep)
			data_chunk(&s->data, block);
		conn_take(&s->conn, block.len);
		left -= block.len;
		if (too_slow(since, size - left))
			return &data_timeout;
	}
	return NULL;
}

const struct reply *
cmd_bdat(struct smtp *s, struct span arg)
{
	const struct reply *r, *refusal = NULL;
	uint64_t size;
	bool last;

	if (chunk_size(arg, &size, &last) == -1)
		return over(s, &bad_chunk);
	if (s->state != S_CHUNK) {
		begin_content(s);
		refusal = limit_count(s);
	}
	s->state = S_CHUNK;
	r = read_chunk(s, size, refusal == NULL);
	if (r == NULL)
		r = refusal;
	if (r == NULL && s->data.size / 2 > s->config->size)
		r = &much_too_big;
	if (r != NULL)
		return over(s, r);
	if (!last)
		return smtp_say(s, 250, "2.0.0", "%llu octets received",
		    (unsigned long long)size);
	data_finish(&s->data);
	r = milter_data(s);
	return over(s, r != NULL ? r : end_content(s));
}

/* RFC 3030 s. 2: octets that were announced are on their way already. */
static const struct reply *
swallow(struct smtp *s, struct span arg, const struct reply *refusal)
{
	const struct reply *r;
	uint64_t size;
	bool last;

	if (chunk_size(arg, &size, &last) == -1)
		return &bad_chunk;
	r = read_chunk(s, size, false);
	return r != NULL ? r : refusal;
}

const struct reply *
cmd_bdat_early(struct smtp *s, struct span arg)
{
	return swallow(s, arg, &chunk_first);
}

const struct reply *
cmd_bdat_no_rcpt(struct smtp *s, struct span arg)
{
	return swallow(s, arg, &all_refused);
}
