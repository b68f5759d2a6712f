#include "maildir/answer.h"

#include <stdlib.h>
#include <string.h>

#include "message/fold.h"

enum {
	HEAD,
	BODY,
	TABLES,
	/* A longer word is kept in pieces, each of which overlaps the next by
	 * half: what is not longer than that half is in one of them. */
	LONGEST = 64,
	HALF = LONGEST / 2,
	MOST = 65536, /* words of one message */
	ROUNDS = 100, /* words of a needle that are looked at */
	FIELD_NAME = 1000, /* octets of a name that is looked for */
};

const struct terms_kind answer_words = { "mailroom-index.words",
	"mailroom-index.words.new", TABLES, MOST };
const struct terms_kind answer_fields = { "mailroom-index.fields",
	"mailroom-index.fields.new", SUMMARY_FIELDS, 0 };

/* Where words end must be a matter of two octets and nothing else, so that the
 * words of a needle are those of the text around it. */
static bool
is_word(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c >= 'A' && c <= 'Z');
}

static bool
begins(unsigned char c)
{
	return c >= 0xe0;
}

static bool
next_word(struct span *s, struct span *word)
{
	const unsigned char *p = (const void *)s->p;
	size_t from = 0, n;

	while (from < s->len && !is_word(p[from]))
		from++;
	if (from == s->len)
		return false;
	for (n = from + 1; n < s->len && is_word(p[n]) && !begins(p[n]);)
		n++;
	*word = span_n(s->p + from, n - from);
	*s = span_from(*s, n);
	return true;
}

static void
put_words(struct terms *t, unsigned table, struct span text)
{
	struct span word;

	while (next_word(&text, &word)) {
		for (; word.len > LONGEST; word = span_from(word, HALF))
			terms_add(t, table, span_n(word.p, LONGEST));
		terms_add(t, table, word);
	}
}

void
answer_put_text(struct terms *t, uint32_t number, struct span text, size_t body)
{
	if (!terms_wants(t, number))
		return;
	terms_begin(t, number);
	put_words(t, HEAD, span_n(text.p, body));
	put_words(t, BODY, span_from(text, body));
	terms_end(t);
}

void
answer_put_fields(struct terms *t, uint32_t number,
    const struct summary_entry *e)
{
	if (!terms_wants(t, number) || (e->flags & SUMMARY_CUT) != 0)
		return;
	terms_begin(t, number);
	for (unsigned i = 0; i < SUMMARY_FIELDS; i++)
		if (e->text[i].at != 0)
			terms_add(t, i, summary_text(e, (enum summary_text)i));
	terms_end(t);
}

/* A round for each word of the needle: where it stands in the tables
 * first-last.  The last of them, as it was looked for. */
static struct span
find_words(struct terms *t, unsigned first, unsigned last, struct span needle,
    uint8_t *mark, uint8_t *round)
{
	struct span word = { NULL, 0 };

	while (*round < ROUNDS && next_word(&needle, &word)) {
		if (word.len > HALF)
			word.len = HALF;
		for (unsigned i = first; i <= last; i++)
			terms_find(t, i, word, mark, *round);
		++*round;
	}
	return word;
}

/* Where all of the words are, the string may be. */
static void
judge_words(struct terms *t, uint32_t count, uint8_t *mark, uint8_t rounds,
    bool whole)
{
	if (rounds > 0) /* else all are unknown */
		terms_judge(t, mark, rounds);
	for (uint32_t i = 0; i < count && !whole; i++)
		if (mark[i] == TERMS_YES)
			mark[i] = TERMS_UNKNOWN;
}

uint8_t *
answer_text(struct terms *t, uint32_t count, struct span needle, bool body)
{
	uint8_t *mark = calloc((size_t)count + 1, 1), round = 0;
	struct span word;

	if (mark == NULL)
		return NULL;
	word = find_words(t, body ? BODY : HEAD, BODY, needle, mark, &round);
	judge_words(t, count, mark, round, word.len == needle.len);
	return mark;
}

uint8_t *
answer_header(struct terms *t, uint32_t count, struct span name,
    struct span needle)
{
	uint8_t *mark = calloc((size_t)count + 1, 1), round = 0;
	struct buf folded;

	if (mark == NULL)
		return NULL;
	buf_init(&folded, FIELD_NAME);
	fold_text(&folded, name);
	if (!folded.over)
		(void)find_words(t, HEAD, HEAD, buf_all(&folded), mark, &round);
	(void)find_words(t, HEAD, HEAD, needle, mark, &round);
	judge_words(t, count, mark, round, false);
	buf_free(&folded);
	return mark;
}

uint8_t *
answer_field(struct terms *t, uint32_t count, enum summary_text first,
    enum summary_text last, struct span needle)
{
	uint8_t *mark = calloc((size_t)count + 1, 1);

	for (unsigned i = first; i <= last && mark != NULL; i++)
		terms_find(t, i, needle, mark, 0);
	if (mark != NULL)
		terms_judge(t, mark, 1);
	return mark;
}
