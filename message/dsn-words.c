/* What a notification says to a person, and text of somebody else in it. */
#include "message/dsn-parts.h"

#include "message/date.h"
#include "message/header.h"
#include "message/utf8.h"
#include "message/word.h"

enum { COLUMNS = 76 };

bool
dsn_ascii(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return true;
}

void
dsn_plain(struct buf *b, struct span s, bool utf8)
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

void
dsn_lines(struct buf *b, const char *first, const char *indent, struct span s,
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
			dsn_plain(b, span_n(line.p, n), utf8);
			buf_char(b, '\n');
			line = span_trim(span_from(line, n));
		}
	}
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
	dsn_plain(b, rcpt->final, utf8);
	buf_str(b, ">\n");
	if (why != NULL && rcpt->action <= DSN_DELAYED)
		buf_printf(b, "    %s\n", why);
	if (rcpt->diagnostic.len > 0 && rcpt->remote.len > 0) {
		buf_str(b, "    The host ");
		dsn_plain(b, rcpt->remote, false);
		buf_str(b, " answered:\n");
	} else if (rcpt->diagnostic.len > 0)
		buf_str(b, "    The last error was:\n");
	dsn_lines(b, "      ", "      ", rcpt->diagnostic, false);
	if (rcpt->dialogue.len > 0)
		buf_str(b, "    The dialogue was:\n");
	dsn_lines(b, "      ", "      ", rcpt->dialogue, false);
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
	dsn_lines(b, "    ", "    ", buf_all(&text), true);
	buf_free(&text);
}

void
dsn_words(struct buf *b, const struct dsn_report *r)
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
	dsn_plain(b, r->dsn->reporting_mta, false);
	buf_printf(b, ".\n\n%s", news[r->dsn->rcpt[0].action]);
	put_subject(b, r->header);
	for (i = 0; i < r->dsn->rcpts; i++)
		put_rcpt_words(b, &r->dsn->rcpt[i], r->utf8);
}
