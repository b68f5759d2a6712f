/* Three parts: words for a person, fields for a program, the original.
 *
 * All that comes from elsewhere is hostile.  Fields of one line pass through
 * put_plain, replies through put_lines, which indents every line, so nothing
 * can start a field or a part; the original is copied as it is, and the
 * boundary is chosen so that it does not occur in it. */
#include "message/dsn.h"

#include <stdio.h>

#include "message/addr.h"
#include "message/codec.h"
#include "message/date.h"
#include "message/header.h"
#include "message/utf8.h"
#include "message/word.h"

enum { COLUMNS = 76, MESSAGE_ID_MAX = 900, BOUNDARY_MAX = 70 };

/* What one notification needs beside its input. */
struct report {
	const struct dsn *dsn;
	struct span header; /* of the original, as far as it is returned */
	bool full;
	bool utf8; /* RFC 6533: an address is not ASCII */
	bool eight; /* 8-bit octets somewhere: says so in each part */
	char boundary[BOUNDARY_MAX + 1];
};

static bool
ascii(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return true;
}

/* One line of printable ASCII, or UTF-8 where that is allowed: "?" for each
 * octet that is neither. */
static void
put_plain(struct buf *b, struct span s, bool utf8)
{
	uint32_t code;
	size_t n;

	for (; s.len > 0; s = span_from(s, n)) {
		n = utf8_get(s, &code);
		if (n == 1 && code >= ' ' && code < 0x7f)
			buf_char(b, (char)code);
		else if (utf8 && n > 1 && code >= 0xa0)
			buf_span(b, span_n(s.p, n));
		else {
			buf_char(b, '?');
			n = 1;
		}
	}
}

/* How much of "s" goes on a line of "width": up to the last blank that fits,
 * else all whole characters that fit. */
static size_t
fit(struct span s, size_t width)
{
	size_t n = width;

	if (s.len <= width)
		return s.len;
	while (n > 0 && s.p[n] != ' ')
		n--;
	if (n > 0)
		return n;
	for (n = width; n > width - 4; n--)
		if (((unsigned char)s.p[n] & 0xc0) != 0x80)
			return n;
	return width;
}

/* Text of somebody else, wrapped, the first line behind "first", the others
 * behind "indent"; a line that is empty is left out, because it would end a
 * header or a field. */
static void
put_lines(struct buf *b, const char *first, const char *indent, struct span s,
    bool utf8)
{
	size_t width = COLUMNS - strlen(indent);
	struct span line;
	size_t n;

	if (s.len > DSN_REMOTE_MAX)
		s.len = DSN_REMOTE_MAX;
	while (s.len > 0) {
		line = span_trim(span_cut(&s, '\n'));
		while (line.len > 0) {
			n = fit(line, width);
			buf_str(b, first);
			first = indent;
			put_plain(b, span_n(line.p, n), utf8);
			buf_char(b, '\n');
			line = span_trim(span_from(line, n));
		}
	}
}

static void
put_date(struct buf *b, const char *name, time_t when)
{
	char date[DATE_SIZE];

	if (when != 0)
		buf_printf(b, "%s: %s\n", name, date_put(date, when));
}

/* What stands between the angle brackets of the original's Message-ID, with
 * them; empty when it has none that may be repeated. */
static struct span
message_id(struct span header)
{
	struct field f;
	struct span id;
	size_t i, end;

	if (!header_find(header, "Message-ID", &f))
		return span("");
	id = span_from(f.value, span_find(f.value, '<'));
	end = span_find(id, '>');
	if (end == id.len || end > MESSAGE_ID_MAX)
		return span("");
	id.len = end + 1;
	for (i = 0; i < id.len; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f)
			return span("");
	return id;
}

static void
put_header(struct buf *b, const struct report *r)
{
	static const char *const subjects[] = {
		[DSN_FAILED] = "Mail not delivered",
		[DSN_DELAYED] = "Mail delayed, still trying",
		[DSN_DELIVERED] = "Mail delivered",
		[DSN_RELAYED] = "Mail passed on",
		[DSN_EXPANDED] = "Mail passed on to a list",
	};
	struct span id = message_id(r->dsn->header);

	buf_str(b, "From: Mail System <MAILER-DAEMON@");
	put_plain(b, r->dsn->reporting_mta, false);
	buf_str(b, ">\nTo: <");
	put_plain(b, r->dsn->to, true);
	buf_printf(b, ">\nSubject: %s\n", subjects[r->dsn->rcpt[0].action]);
	put_date(b, "Date", r->dsn->now);
	buf_str(b, "Message-ID: <");
	put_plain(b, r->dsn->id, false);
	buf_str(b, ">\n");
	if (id.len > 0) {
		buf_str(b, "In-Reply-To: ");
		buf_span(b, id);
		buf_str(b, "\nReferences: ");
		buf_span(b, id);
		buf_char(b, '\n');
	}
	buf_printf(b,
	    "Auto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=%s;\n"
	    "\tboundary=\"%s\"\n",
	    r->utf8 ? "global-delivery-status" : "delivery-status",
	    r->boundary);
	if (r->eight)
		buf_str(b, "Content-Transfer-Encoding: 8bit\n");
	buf_str(b, "\nThis is a report in MIME format.\n");
}

/* Begin a part; "eight" when it may hold 8-bit octets. */
static void
put_part(struct buf *b, const struct report *r, const char *type, bool eight)
{
	buf_printf(b, "\n--%s\nContent-Type: %s\n%s\n", r->boundary, type,
	    eight ? "Content-Transfer-Encoding: 8bit\n" : "");
}

/* RFC 3463 in words.  Only subject and detail are looked at: the class says
 * no more than the action does. */
static const char *
meaning(struct span status)
{
	static const struct {
		const char *detail;
		const char *words;
	} table[] = {
		// clang-format off
		{ "1.1",  "There is no such mailbox." },
		{ "1.2",  "There is no such domain." },
		{ "1.3",  "The address is not valid." },
		{ "1.6",  "The mailbox has moved." },
		{ "1.10", "The domain accepts no mail." },
		{ "2.1",  "The mailbox is disabled." },
		{ "2.2",  "The mailbox is full." },
		{ "2.3",  "The message is too long for the mailbox." },
		{ "3.1",  "The other system has no room." },
		{ "3.4",  "The message is too big." },
		{ "4.1",  "The other system could not be reached." },
		{ "4.2",  "The connection broke." },
		{ "4.3",  "A name server gave no answer." },
		{ "4.4",  "There is no way to the other system." },
		{ "4.6",  "The message ran in a loop." },
		{ "4.7",  "It could not be delivered in time." },
		{ "6.7",  "The other system cannot take such an address." },
		{ "7.1",  "The other system refuses it." },
		{ "7.26", "The other system does not trust the sender." },
		{ NULL, NULL },
		// clang-format on
	};
	size_t i;

	(void)span_cut(&status, '.');
	for (i = 0; table[i].detail != NULL; i++)
		if (span_eq(status, span(table[i].detail)))
			return table[i].words;
	return NULL;
}

static void
put_rcpt_words(struct buf *b, const struct dsn_rcpt *rcpt, bool utf8)
{
	const char *why = meaning(rcpt->status);
	char date[DATE_SIZE];

	buf_str(b, "\n  <");
	put_plain(b, rcpt->final, utf8);
	buf_str(b, ">\n");
	if (why != NULL && rcpt->action <= DSN_DELAYED)
		buf_printf(b, "    %s\n", why);
	if (rcpt->diagnostic.len > 0 && rcpt->remote.len > 0) {
		buf_str(b, "    The host ");
		put_plain(b, rcpt->remote, false);
		buf_str(b, " answered:\n");
	} else if (rcpt->diagnostic.len > 0)
		buf_str(b, "    The last error was:\n");
	put_lines(b, "      ", "      ", rcpt->diagnostic, false);
	if (rcpt->dialogue.len > 0)
		buf_str(b, "    The dialogue was:\n");
	put_lines(b, "      ", "      ", rcpt->dialogue, false);
	if (rcpt->action == DSN_DELAYED && rcpt->retry_until != 0)
		buf_printf(b, "    It will be tried until %s.\n",
		    date_put(date, rcpt->retry_until));
}

static void
put_subject(struct buf *b, struct span header)
{
	struct field f;
	struct buf text;

	if (!header_find(header, "Subject", &f))
		return;
	buf_init(&text, f.value.len * 4 + 100);
	word_decode(&text, f.value);
	buf_str(b, "\n  Subject:\n");
	put_lines(b, "    ", "    ", buf_all(&text), true);
	buf_free(&text);
}

static void
put_words(struct buf *b, const struct report *r)
{
	static const char *const news[] = {
		[DSN_FAILED] = "Your message could not be delivered to the "
			       "recipients named\nbelow. It will not be tried "
			       "again.\n",
		[DSN_DELAYED] = "Your message could not yet be delivered to "
				"the recipients named\nbelow. You need not "
				"send it again.\n",
		[DSN_DELIVERED] = "Your message was delivered to the "
				  "recipients named below.\n",
		[DSN_RELAYED] = "Your message was passed on to systems that "
				"do not tell about its\ndelivery.\n",
		[DSN_EXPANDED] = "Your message was passed on to all "
				 "recipients of a list.\n",
	};
	size_t i;

	buf_str(b, "This is the mail system of ");
	put_plain(b, r->dsn->reporting_mta, false);
	buf_printf(b, ".\n\n%s", news[r->dsn->rcpt[0].action]);
	put_subject(b, r->header);
	for (i = 0; i < r->dsn->rcpts; i++)
		put_rcpt_words(b, &r->dsn->rcpt[i], r->utf8);
}

/* The part for a person: quoted-printable when it is not ASCII, so that the
 * words come through whatever the way of the report can carry. */
static void
put_text(struct buf *b, const struct report *r)
{
	struct codec c;
	struct buf text;

	buf_init(&text, b->cap);
	put_words(&text, r);
	if (ascii(buf_all(&text))) {
		put_part(b, r, "text/plain; charset=us-ascii", false);
		buf_span(b, buf_all(&text));
	} else {
		put_part(b, r,
		    "text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: quoted-printable",
		    false);
		codec_begin(&c, CODEC_QP);
		codec_encode(&c, b, buf_all(&text));
		codec_encode_end(&c, b);
	}
	b->over |= text.over;
	buf_free(&text);
}

/* Text that the client gave as xtext, decoded (RFC 3461 s. 6.3) unless that
 * would bring in what a field cannot hold; then it stays encoded. */
static void
put_xtext(struct buf *b, struct span s)
{
	struct buf text;
	size_t i;

	buf_init(&text, s.len);
	if (xtext_decode(&text, s) == 0 && !text.over) {
		for (i = 0; i < text.len; i++)
			if (text.p[i] < ' ' || text.p[i] >= 0x7f)
				break;
		if (i == text.len)
			s = buf_all(&text);
	}
	put_plain(b, s, false);
	buf_free(&text);
}

/* "rfc822;xtext" decoded; "utf-8;..." has a coding of its own (RFC 6533
 * s. 3), which may stay. */
static void
put_orcpt(struct buf *b, struct span orcpt, bool utf8)
{
	struct span address = orcpt;
	struct span type;

	if (orcpt.len == 0)
		return;
	type = span_cut(&address, ';');
	buf_str(b, "Original-Recipient: ");
	put_plain(b, type, false);
	buf_char(b, ';');
	if (span_same(type, span("utf-8")))
		put_plain(b, address, utf8);
	else
		put_xtext(b, address);
	buf_char(b, '\n');
}

static void
put_rcpt_fields(struct buf *b, const struct dsn_rcpt *rcpt, bool utf8)
{
	static const struct {
		const char *word;
		const char *status; /* when none is known */
	} actions[] = {
		[DSN_FAILED] = { "failed", "5.0.0" },
		[DSN_DELAYED] = { "delayed", "4.0.0" },
		[DSN_DELIVERED] = { "delivered", "2.0.0" },
		[DSN_RELAYED] = { "relayed", "2.0.0" },
		[DSN_EXPANDED] = { "expanded", "2.0.0" },
	};

	buf_char(b, '\n');
	put_orcpt(b, rcpt->orcpt, utf8);
	buf_printf(b, "Final-Recipient: %s;",
	    ascii(rcpt->final) ? "rfc822" : "utf-8");
	put_plain(b, rcpt->final, utf8);
	buf_printf(b, "\nAction: %s\nStatus: ", actions[rcpt->action].word);
	if (rcpt->status.len > 0)
		put_plain(b, rcpt->status, false);
	else
		buf_str(b, actions[rcpt->action].status);
	buf_char(b, '\n');
	if (rcpt->remote.len > 0) {
		buf_str(b, "Remote-MTA: dns;");
		put_plain(b, rcpt->remote, false);
		buf_char(b, '\n');
	}
	if (span_trim(rcpt->diagnostic).len > 0) {
		buf_printf(b, "Diagnostic-Code: %s;",
		    rcpt->remote.len > 0 ? "smtp" : "X-Mailroom");
		put_lines(b, " ", "\t", rcpt->diagnostic, false);
	}
	put_date(b, "Last-Attempt-Date", rcpt->last_attempt);
	if (rcpt->action == DSN_DELAYED)
		put_date(b, "Will-Retry-Until", rcpt->retry_until);
}

static void
put_fields(struct buf *b, const struct report *r)
{
	size_t i;

	put_part(b, r,
	    r->utf8 ? "message/global-delivery-status" :
		      "message/delivery-status",
	    r->utf8);
	if (r->dsn->envid.len > 0) {
		buf_str(b, "Original-Envelope-Id: ");
		put_xtext(b, r->dsn->envid);
		buf_char(b, '\n');
	}
	buf_str(b, "Reporting-MTA: dns;");
	put_plain(b, r->dsn->reporting_mta, false);
	buf_char(b, '\n');
	put_date(b, "Arrival-Date", r->dsn->arrival);
	for (i = 0; i < r->dsn->rcpts; i++)
		put_rcpt_fields(b, &r->dsn->rcpt[i], r->utf8);
}

static void
put_original(struct buf *b, const struct report *r)
{
	bool eight = !ascii(r->header);
	bool global = eight && utf8_ok(r->header);

	if (r->full) {
		put_part(b, r, global ? "message/global" : "message/rfc822",
		    eight || !ascii(r->dsn->body));
		buf_span(b, r->header);
		buf_char(b, '\n');
		buf_span(b, r->dsn->body);
	} else {
		put_part(b, r,
		    global ? "message/global-headers" : "text/rfc822-headers",
		    eight);
		buf_span(b, r->header);
	}
	buf_printf(b, "\n--%s--\n", r->boundary);
}

/* The header as it is returned: without the empty line behind it, of no more
 * than DSN_ORIGINAL_MAX octets, its last line whole. */
static struct span
returned(struct span header)
{
	while (header.len > 0 && header.p[header.len - 1] == '\n' &&
	    (header.len == 1 || header.p[header.len - 2] == '\n'))
		header.len--;
	if (header.len <= DSN_ORIGINAL_MAX)
		return header;
	header.len = DSN_ORIGINAL_MAX;
	while (header.len > 0 && header.p[header.len - 1] != '\n')
		header.len--;
	return header;
}

static bool
holds(struct span s, const char *word)
{
	return s.len > 0 && memmem(s.p, s.len, word, strlen(word)) != NULL;
}

/* "=_" can be in neither base64 nor quoted-printable; the id makes it our
 * own; the number grows until the original does not have it. */
static void
choose_boundary(struct report *r)
{
	struct span id = r->dsn->id;
	char word[BOUNDARY_MAX - 16];
	size_t i, len = 0;
	unsigned n = 0;

	for (i = 0; i < id.len && len < sizeof word - 1; i++)
		if ((id.p[i] >= '0' && id.p[i] <= '9') ||
		    (id.p[i] >= 'A' && id.p[i] <= 'Z') ||
		    (id.p[i] >= 'a' && id.p[i] <= 'z'))
			word[len++] = id.p[i];
	word[len] = '\0';
	do {
		(void)snprintf(r->boundary, sizeof r->boundary, "=_%s_%u", word,
		    n++);
	} while (holds(r->header, r->boundary) ||
	    (r->full && holds(r->dsn->body, r->boundary)));
}

void
dsn_put(struct buf *b, const struct dsn *d)
{
	struct report r = { .dsn = d, .utf8 = !ascii(d->to) };
	size_t i;

	for (i = 0; i < d->rcpts; i++)
		r.utf8 |= !ascii(d->rcpt[i].final) ||
		    span_starts(d->rcpt[i].orcpt, "utf-8;");
	r.header = returned(d->header);
	r.full = d->full && d->header.len <= DSN_ORIGINAL_MAX &&
	    d->body.len <= DSN_ORIGINAL_MAX - d->header.len;
	r.eight = r.utf8 || !ascii(r.header) || (r.full && !ascii(d->body));
	choose_boundary(&r);
	put_header(b, &r);
	put_text(b, &r);
	put_fields(b, &r);
	put_original(b, &r);
}
