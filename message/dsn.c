/* Three parts: words for a person, fields for a program, the original.
 *
 * All that comes from elsewhere is hostile.  Fields of one line pass through
 * dsn_plain, replies through dsn_lines, which indents every line, so nothing
 * can start a field or a part; the original is copied as it is, and the
 * boundary is chosen so that it does not occur in it. */
#include "message/dsn.h"

#include <stdio.h>

#include "message/addr.h"
#include "message/codec.h"
#include "message/date.h"
#include "message/dsn-parts.h"
#include "message/header.h"
#include "message/utf8.h"

enum { MESSAGE_ID_MAX = 900 };

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
put_header(struct buf *b, const struct dsn_report *r)
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
	dsn_plain(b, r->dsn->reporting_mta, false);
	buf_str(b, ">\nTo: <");
	dsn_plain(b, r->dsn->to, true);
	buf_printf(b, ">\nSubject: %s\n", subjects[r->dsn->rcpt[0].action]);
	put_date(b, "Date", r->dsn->now);
	buf_str(b, "Message-ID: <");
	dsn_plain(b, r->dsn->id, false);
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
put_part(struct buf *b, const struct dsn_report *r, const char *type,
    bool eight)
{
	buf_printf(b, "\n--%s\nContent-Type: %s\n%s\n", r->boundary, type,
	    eight ? "Content-Transfer-Encoding: 8bit\n" : "");
}

/* The part for a person: quoted-printable when it is not ASCII, so that the
 * words come through whatever the way of the report can carry. */
static void
put_text(struct buf *b, const struct dsn_report *r)
{
	struct codec c;
	struct buf text;

	buf_init(&text, b->cap);
	dsn_words(&text, r);
	if (dsn_ascii(buf_all(&text))) {
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
	dsn_plain(b, s, false);
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
	dsn_plain(b, type, false);
	buf_char(b, ';');
	if (span_same(type, span("utf-8")))
		dsn_plain(b, address, utf8);
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
	    dsn_ascii(rcpt->final) ? "rfc822" : "utf-8");
	dsn_plain(b, rcpt->final, utf8);
	buf_printf(b, "\nAction: %s\nStatus: ", actions[rcpt->action].word);
	if (rcpt->status.len > 0)
		dsn_plain(b, rcpt->status, false);
	else
		buf_str(b, actions[rcpt->action].status);
	buf_char(b, '\n');
	if (rcpt->remote.len > 0) {
		buf_str(b, "Remote-MTA: dns;");
		dsn_plain(b, rcpt->remote, false);
		buf_char(b, '\n');
	}
	if (span_trim(rcpt->diagnostic).len > 0) {
		buf_printf(b, "Diagnostic-Code: %s;",
		    rcpt->remote.len > 0 ? "smtp" : "X-Mailroom");
		dsn_lines(b, " ", "\t", rcpt->diagnostic, false);
	}
	put_date(b, "Last-Attempt-Date", rcpt->last_attempt);
	if (rcpt->action == DSN_DELAYED)
		put_date(b, "Will-Retry-Until", rcpt->retry_until);
}

static void
put_fields(struct buf *b, const struct dsn_report *r)
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
	dsn_plain(b, r->dsn->reporting_mta, false);
	buf_char(b, '\n');
	put_date(b, "Arrival-Date", r->dsn->arrival);
	for (i = 0; i < r->dsn->rcpts; i++)
		put_rcpt_fields(b, &r->dsn->rcpt[i], r->utf8);
}

static void
put_original(struct buf *b, const struct dsn_report *r)
{
	bool eight = !dsn_ascii(r->header);
	bool global = eight && utf8_ok(r->header);

	if (r->full) {
		put_part(b, r, global ? "message/global" : "message/rfc822",
		    eight || !dsn_ascii(r->dsn->body));
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
choose_boundary(struct dsn_report *r)
{
	struct span id = r->dsn->id;
	char word[DSN_BOUNDARY_MAX - 16];
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
	struct dsn_report r = { .dsn = d, .utf8 = !dsn_ascii(d->to) };
	size_t i;

	for (i = 0; i < d->rcpts; i++)
		r.utf8 |= !dsn_ascii(d->rcpt[i].final) ||
		    span_starts(d->rcpt[i].orcpt, "utf-8;");
	r.header = returned(d->header);
	r.full = d->full && d->header.len <= DSN_ORIGINAL_MAX &&
	    d->body.len <= DSN_ORIGINAL_MAX - d->header.len;
	r.eight =
	    r.utf8 || !dsn_ascii(r.header) || (r.full && !dsn_ascii(d->body));
	choose_boundary(&r);
	put_header(b, &r);
	put_text(b, &r);
	put_fields(b, &r);
	put_original(b, &r);
}
