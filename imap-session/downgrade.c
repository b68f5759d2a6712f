#include "imap-session/downgrade.h"

#include <string.h>

#include "imap-session/put.h"
#include "message/word.h"

enum { TEXT_MAX = 16 << 20 };

/* Called for each message of a large mailbox. */
static bool
is_ascii(struct span s)
{
	uint64_t all = 0, eight;
	size_t i = 0;

	for (; i + sizeof(eight) <= s.len; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		all |= eight;
	}
	for (; i < s.len; i++)
		all |= (unsigned char)s.p[i];
	return (all & 0x8080808080808080) == 0;
}

static void
put_words(struct buf *out, struct span text)
{
	struct buf read, coded;

	buf_init(&read, TEXT_MAX);
	buf_init(&coded, TEXT_MAX);
	word_decode(&read, text);
	word_encode(&coded, buf_all(&read), 0);
	buf_reset(&read);
	for (size_t i = 0; i < coded.len; i++)
		if (coded.p[i] != '\n') /* a blank follows */
			buf_char(&read, coded.p[i]);
	put_string(out, buf_all(&read), false);
	buf_free(&read);
	buf_free(&coded);
}

/* Behind the quote at its beginning, where it ends. */
static size_t
quoted(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != '"')
		n += s.p[n] == '\\' && n + 1 < s.len ? 2 : 1;
	return n < s.len ? n + 1 : n;
}

/* "{5}" CRLF and 5 octets: how many in all, and those; 0: it is none. */
static size_t
literal(struct span s, struct span *text)
{
	size_t at = span_find(s, '}');
	uint64_t n;

	if (at + 3 > s.len ||
	    span_number(span_n(s.p + 1, at - 1), s.len - at - 3, &n) == -1)
		return 0;
	*text = span_n(s.p + at + 3, (size_t)n);
	return at + 3 + (size_t)n;
}

static void
put_all(struct buf *out, struct span s)
{
	struct span text = { NULL, 0 };
	size_t n;

	for (; s.len > 0; s = span_from(s, n)) {
		n = s.p[0] == '"' ? 1 + quoted(span_from(s, 1)) :
		    s.p[0] == '{' ? literal(s, &text) :
				    1;
		if (s.p[0] == '{' && n > 0 && !is_ascii(text))
			put_words(out, text);
		else {
			n = n > 0 ? n : s.len;
			buf_span(out, span_n(s.p, n));
		}
	}
}

void
downgrade(struct buf *b, size_t from)
{
	struct span made = span_n(b->p + from, b->len - from);
	struct buf other;

	if (is_ascii(made))
		return;
	buf_init(&other, TEXT_MAX);
	put_all(&other, made);
	buf_cut(b, from);
	buf_span(b, buf_all(&other));
	b->over |= other.over;
	buf_free(&other);
}
