/* The transaction: MAIL, RCPT, DATA (RFC 5321 s. 3.3). */
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/resolve.h"
#include "smtp-session/smtp.h"
#include "smtp-session/trace.h"

/* clang-format off */
static const struct reply
sender_ok =	{ 250, "2.1.0", "Sender ok", false },
bad_sender =	{ 501, "5.1.7", "Bad sender address syntax", false },
bad_rcpt =	{ 501, "5.1.3", "Bad recipient address syntax", false },
bad_param =	{ 555, "5.5.4", "Unknown parameter", false },
bad_value =	{ 501, "5.5.4", "Bad parameter value", false },
need_utf8 =	{ 553, "5.6.7", "Address needs SMTPUTF8 on MAIL", false },
too_big =	{ 552, "5.3.4", "Message too big", false },
need_login =	{ 530, "5.7.0", "Authentication required", false },
need_tls =	{ 530, "5.7.0", "Must issue STARTTLS first", false },
not_yours =	{ 550, "5.7.1", "Not your address", false },
rcpt_ok =	{ 250, "2.1.5", "Recipient ok", false },
no_relay =	{ 550, "5.7.1", "Relaying denied", false },
no_user =	{ 550, "5.1.1", "No such user here", false },
lookup_later =	{ 451, "4.3.0", "Cannot look that up now, try later", false },
too_many_rcpts = { 452, "4.5.3", "Too many recipients", false },
too_many_mails = { 421, "4.7.0", "Enough mail for one session", true },
go_ahead =	{ 354, NULL, "End data with <CR><LF>.<CR><LF>", false },
out_of_step =	{ 554, "5.5.0", "Content came before 354, closing", true },
all_refused =	{ 554, "5.5.1", "No valid recipients", false },
bare_newline =	{ 550, "5.5.2", "Bare LF or CR in the message", false },
mail_loop =	{ 554, "5.4.6", "Mail is going in circles", false },
much_too_big =	{ 421, "4.3.0", "Message far too big, closing", true },
data_timeout =	{ 421, "4.4.2", "Data came too slowly, closing", true },
disk_full =	{ 452, "4.3.1", "No space here now, try later", false },
over_quota =	{ 452, "4.2.2", "Mailbox is full", false },
local_trouble =	{ 451, "4.3.0", "Local trouble, try later", false };
/* clang-format on */

static const struct reply *
by_fault(enum envelope_fault fault, const struct reply *syntax)
{
	switch (fault) {
	case ENVELOPE_OK:
		break;
	case ENVELOPE_SYNTAX:
		return syntax;
	case ENVELOPE_UNKNOWN:
		return &bad_param;
	case ENVELOPE_VALUE:
		return &bad_value;
	case ENVELOPE_UTF8:
		return &need_utf8;
	}
	return NULL;
}

/* Our own people may leave the domain out. */
static bool
ours(const struct smtp *s)
{
	return s->facts.peer == POLICY_LOCAL || s->facts.authenticated;
}

/* "bob" or "bob+anything" for the user bob. */
static bool
named(const char *local, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(local, name, n) == 0 &&
	    (local[n] == '\0' || local[n] == '+');
}

/* Is the mailbox of "name" among the targets of the alias found last? */
static bool
is_target(struct smtp *s, const char *name)
{
	struct span all = buf_all(&s->deliver.found_targets);

	while (all.len > 0) {
		struct span one = span_cut(&all, '\0'), local;

		if (one.len == 0 || one.p[0] != TARGET_MAILBOX)
			continue;
		one = span_from(one, 1);
		local = span_n(one.p, span_find(one, '@'));
		if (span_eq(one, span(name)) || span_eq(local, span(name)))
			return true;
	}
	return false;
}

/* May "name" send as this address?  If mail for it reaches his mailbox,
 * directly or as one of an alias's targets, or if it has his name and is
 * nobody else's.  Never with a domain that is not ours. */
static bool
belongs(struct smtp *s, const struct envelope *e, const char *name)
{
	switch (deliver_look(&s->deliver, e->from, AGENT_LOOK)) {
	case CLASS_MAILBOX:
		return strcmp(s->deliver.found_name, name) == 0;
	case CLASS_ALIAS:
		return is_target(s, name);
	case CLASS_UNKNOWN:
		return named(e->sender.local, name);
	default:
		return false;
	}
}

/* Whoever is known to us sends as himself; the null path is nobody's. */
static const struct reply *
check_sender(struct smtp *s, const struct envelope *e)
{
	const char *name = s->facts.authenticated ? s->user : s->only;

	if (name[0] == '\0' || addr_null(&e->sender) || belongs(s, e, name))
		return NULL;
	return smtp_because(s, &not_yours, "<%s> is not of user %s", e->from,
	    name);
}

const struct reply *
cmd_mail(struct smtp *s, struct span arg)
{
	struct envelope *e = &s->envelope;
	const struct reply *r;

	if (s->facts.submission && !ours(s))
		return login_possible(s) ? &need_login : &need_tls;
	if (s->mails == SMTP_MAILS)
		return &too_many_mails;
	r = by_fault(envelope_mail(e, arg), &bad_sender);
	if (r == NULL && ours(s))
		envelope_qualify(&e->sender, e->from, s->config->hostname);
	if (r == NULL && !addr_null(&e->sender) && e->sender.domain[0] == '\0')
		r = smtp_because(s, &bad_sender, "sender without domain");
	if (r == NULL && e->size > s->config->size)
		r = smtp_because(s, &too_big, "announced size %llu",
		    (unsigned long long)e->size);
	if (r == NULL)
		r = check_sender(s, e);
	if (r != NULL) {
		smtp_reset(s);
		return r;
	}
	s->state = S_MAIL;
	return &sender_ok;
}

/* "\bob" from those who deliver for others: the mailbox, not the alias. */
static enum policy_class
look(struct smtp *s, struct recipient *r)
{
	char text[ENVELOPE_TEXT];

	if (!s->trusted || r->addr.local[0] != '\\')
		return deliver_look(&s->deliver, r->text, AGENT_OPEN);
	(void)snprintf(text, sizeof(text), "%s@%s", r->addr.local + 1,
	    r->addr.domain);
	return deliver_look(&s->deliver, text, AGENT_FINAL);
}

static const struct reply *
judge(struct smtp *s, struct recipient *r)
{
	const char *why;

	s->facts.rcpt = look(s, r);
	switch (policy_rcpt(&s->facts, &why)) {
	case POLICY_TAKE:
	case POLICY_RELAY:
		return NULL;
	case POLICY_NO_RELAY:
		return smtp_because(s, &no_relay, "%s", why);
	case POLICY_NO_USER:
		return smtp_because(s, &no_user, "%s", why);
	case POLICY_NO_LOGIN:
		return smtp_because(s, &need_login, "%s", why);
	case POLICY_REFUSED:
		(void)smtp_because(s, NULL, "%s", why);
		return smtp_say(s, 550, "5.2.1", "%s",
		    s->deliver.why.len > 0 ? s->deliver.why.p : "Refused");
	case POLICY_LATER:
		break;
	}
	return smtp_because(s, &lookup_later, "%s: %s", why, s->deliver.why.p);
}

const struct reply *
cmd_rcpt(struct smtp *s, struct span arg)
{
	struct recipient to;
	const struct reply *r;

	r = by_fault(envelope_rcpt(&to, arg, s->envelope.utf8), &bad_rcpt);
	if (r == NULL && ours(s))
		envelope_qualify(&to.addr, to.text, s->config->hostname);
	if (r == NULL && to.addr.domain[0] == '\0' &&
	    strcasecmp(to.addr.local, "postmaster") != 0)
		r = smtp_because(s, &bad_rcpt, "recipient without domain");
	if (r == NULL && s->rcpts == s->config->recipients)
		r = &too_many_rcpts;
	if (r == NULL)
		r = judge(s, &to);
	if (r == NULL && deliver_add(&s->deliver, &to, s->facts.rcpt) == -1)
		r = &too_many_rcpts;
	if (r != NULL) {
		if (s->state == S_MAIL)
			s->state = S_REFUSED;
		return r;
	}
	if (s->rcpts++ == 0)
		(void)strlcpy(s->for_rcpt, to.text, sizeof(s->for_rcpt));
	s->state = S_RCPT;
	return &rcpt_ok;
}

/* ---- content */

/* Small messages stay in memory.  A larger one moves to a file of the spool,
 * which has no name and so is gone with us. */
static int
move_to_disk(struct smtp *s)
{
	char block[16384];
	off_t at = 0;
	ssize_t n;
	int fd = deliver_file(&s->deliver);

	if (fd == -1) {
		errno = s->deliver.error;
		return fail_as(errno, "%s", s->deliver.why.p);
	}
	while ((n = pread(s->content, block, sizeof(block), at)) > 0) {
		if (write(fd, block, (size_t)n) != n) {
			(void)close(fd);
			return fail("write to the file of the spool");
		}
		at += n;
	}
	(void)close(s->content);
	s->content = fd;
	s->on_disk = true;
	return 0;
}

static int
store(void *ctx, const void *p, size_t len)
{
	struct smtp *s = ctx;
	const char *at = p;

	if (!s->on_disk && s->data.size > SMTP_MEMORY && move_to_disk(s) == -1)
		return -1;
	while (len > 0) {
		ssize_t n = write(s->content, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("write the message");
		at += n;
		len -= (size_t)n;
	}
	return 0;
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
		.authenticated = s->facts.authenticated,
		.utf8 = s->envelope.utf8,
	};
	struct buf head;
	int r;

	if (s->on_disk) {
		(void)close(s->content);
		s->content = -1;
		s->on_disk = false;
	}
	if (s->content == -1)
		s->content = memfd_create("message", MFD_CLOEXEC);
	else if (ftruncate(s->content, 0) == -1 ||
	    lseek(s->content, 0, SEEK_SET) == -1)
		return fail("empty the memory file");
	if (s->content == -1)
		return fail("memory file");
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
	int64_t seconds = (smtp_now() - since) / 1000;

	return seconds > SMTP_RATE_GRACE &&
	    size / (uint64_t)seconds < SMTP_RATE;
}

/* Read to the final dot, whatever becomes of the octets.  NULL: it is there.*/
static const struct reply *
read_content(struct smtp *s)
{
	static const struct reply gone = { 421, "4.4.2", "Lost", true };
	struct data *d = &s->data;
	int64_t since = smtp_now();
	struct span block;

	while (!data_done(d)) {
		switch (conn_block(&s->conn, &block, SMTP_DATA_SECONDS)) {
		case CONN_LINE:
			break;
		case CONN_TIMEOUT:
			return &data_timeout;
		default:
			return smtp_because(s, &gone, "client left in DATA");
		}
		conn_take(&s->conn, data_feed(d, block));
		if (d->size / 2 > s->config->size)
			return &much_too_big;
		if (too_slow(since, d->size))
			return &data_timeout;
	}
	data_finish(d);
	return NULL;
}

/* What is wrong with the content itself. */
static const struct reply *
check_content(struct smtp *s)
{
	const struct data *d = &s->data;

	if (d->too_big)
		return &too_big;
	if (d->error == ENOSPC || d->error == EFBIG || d->error == EDQUOT)
		return smtp_because(s, &disk_full, "%s", fail_text());
	if (d->error != 0)
		return smtp_because(s, &local_trouble, "%s", fail_text());
	if (d->bare && s->config->strict_newlines && !d->mend_cr)
		return &bare_newline;
	if (d->received > DATA_RECEIVED_MAX)
		return smtp_because(s, &mail_loop, "%u Received fields",
		    d->received);
	return NULL;
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

static const struct reply *
deliver(struct smtp *s)
{
	const struct deliver_mail m = {
		.id = s->id,
		.from = s->envelope.from,
		.user = s->user,
		.envelope = &s->envelope,
		.data = &s->data,
		.fd = s->content,
	};

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
	case DELIVER_TROUBLE:
		break;
	}
	return smtp_because(s, &local_trouble, "%s", s->deliver.why.p);
}

static void
begin_content(struct smtp *s)
{
	struct data *d = &s->data;

	(void)snprintf(s->id, sizeof(s->id), "%s-%u", log_id_get(), ++s->mails);
	s->idle = 0;
	data_start(d);
	d->limit = s->config->size;
	d->mend_cr = ours(s);
	d->out = store;
	d->ctx = s;
	if (open_content(s) == -1)
		d->error = errno != 0 ? errno : EIO;
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
	begin_content(s);
	conn_printf(&s->conn, "%u %s\r\n", go_ahead.code, go_ahead.text);
	r = read_content(s);
	if (r == NULL)
		r = check_content(s);
	if (r == NULL)
		r = deliver(s);
	if (r->code >= 400 && s->why.len == 0)
		(void)smtp_because(s, NULL, "id=%s %s", s->id, r->text);
	smtp_reset(s);
	return r;
}

const struct reply *
cmd_no_rcpt(struct smtp *s, struct span arg)
{
	(void)s;
	(void)arg;
	return &all_refused;
}
