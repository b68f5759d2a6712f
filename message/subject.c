#include "message/subject.h"

static bool
begins(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && memcmp(s.p, word, n) == 0;
}

static bool
ends(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && memcmp(s.p + s.len - n, word, n) == 0;
}

/* Octets of "[...] " at the front (subj-blob); 0: none. */
static size_t
blob(struct span s)
{
	size_t n = 1;

	if (s.len == 0 || s.p[0] != '[')
		return 0;
	while (n < s.len && s.p[n] != '[' && s.p[n] != ']')
		n++;
	if (n == s.len || s.p[n] != ']')
		return 0;
	for (n++; n < s.len && s.p[n] == ' ';)
		n++;
	return n;
}

/* Octets of "re:", "fwd [x]:" (subj-refwd); 0: none. */
static size_t
refwd(struct span s)
{
	size_t n = begins(s, "re") || begins(s, "fw") ? 2 : 0;

	if (n == 0)
		return 0;
	n += s.p[0] == 'f' && n < s.len && s.p[n] == 'd';
	while (n < s.len && s.p[n] == ' ')
		n++;
	n += blob(span_from(s, n));
	return n < s.len && s.p[n] == ':' ? n + 1 : 0;
}

/* Octets of blobs and one "re:" behind them (subj-leader); 0: none. */
static size_t
leader(struct span s)
{
	size_t n = 0, more;

	while ((more = blob(span_from(s, n))) > 0)
		n += more;
	more = refwd(span_from(s, n));
	return more > 0 ? n + more : 0;
}

/* Steps 3 to 5. */
static struct span
without_leaders(struct span s, bool *reply)
{
	size_t n;

	for (;;) {
		while (s.len > 0 && s.p[0] == ' ')
			s = span_from(s, 1);
		n = leader(s);
		if (n > 0)
			*reply = true;
		else {
			n = blob(s);
			if (n == s.len)
				return s;
		}
		if (n == 0)
			return s;
		s = span_from(s, n);
	}
}

/* Step 2. */
static struct span
without_trailers(struct span s, bool *reply)
{
	for (;;)
		if (ends(s, " "))
			s.len--;
		else if (ends(s, "(fwd)")) {
			s.len -= strlen("(fwd)");
			*reply = true;
		} else
			return s;
}

/* Step 1: one blank between words. */
static void
put_collapsed(struct buf *b, struct span s)
{
	struct span word;
	size_t from = b->len;

	while ((word = span_word(&s)).len > 0) {
		if (b->len > from)
			buf_char(b, ' ');
		buf_span(b, word);
	}
}

bool
subject_base(struct buf *b, struct span folded)
{
	size_t from = b->len;
	bool reply = false;
	struct span s;

	put_collapsed(b, folded);
	s = span_n(b->p + from, b->len - from);
	for (;;) {
		s = without_leaders(without_trailers(s, &reply), &reply);
		if (!begins(s, "[fwd:") || !ends(s, "]"))
			break;
		s = span_from(s, strlen("[fwd:"));
		s.len--;
		reply = true;
	}
	if (s.len > 0)
		memmove(b->p + from, s.p, s.len);
	buf_cut(b, from + s.len);
	return reply;
}
