#include "maildir/search.h"

#include <errno.h>
#include <stdlib.h>

#include "maildir/answer.h"
#include "maildir/load.h"
#include "maildir/maildir.h"
#include "maildir/ranges.h"
#include "maildir/summary.h"
#include "maildir/texts.h"
#include "message/fail.h"
#include "message/fold.h"
#include "message/haystack.h"
#include "message/header.h"
#include "message/word.h"

enum {
	LOOK = 1024, /* messages between two looks */
	LARGE = 32 << 20, /* octets of a message that may be too much for memory
			   * at any time */
};

struct search {
	struct folder *folder;
	struct search_key *key;
	bool asks; /* some key asks the index */
	struct message m;
	uint32_t number; /* whose m is, if "asks"; 0: none */
	struct summary *summary; /* NULL: not yet */
	struct load load;
	struct texts *texts;
	struct terms *words, *fields; /* NULL: not yet */
	struct haystack hay;
	uint32_t hay_number; /* whose hay is; 0: none */
	struct buf line, folded;
	unsigned read; /* messages of which the text was looked at */
};

/* ---- the plan */

static unsigned
cost(const struct search_key *k)
{
	unsigned most = 0;

	switch (k->kind) {
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
		for (const struct search_key *c = k->child; c != NULL;
		     c = c->next)
			most += cost(c);
		return most;
	case SEARCH_ALL:
	case SEARCH_NUMBERS:
		return 0;
	case SEARCH_HEADER:
		return 100;
	case SEARCH_PEOPLE:
	case SEARCH_SENT:
		return 90;
	case SEARCH_OTHER:
	case SEARCH_ATTACHMENT:
		return 1000;
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return 100000;
	default:
		return 1;
	}
}

/* By cost, else as they were written: an insertion sort, since lists are
 * short. */
static void
plan(struct search_key *k)
{
	struct search_key *list = NULL, *next;

	for (struct search_key *c = k->child; c != NULL; c = next) {
		struct search_key **at = &list;
		unsigned price;

		next = c->next;
		plan(c);
		price = cost(c);
		while (*at != NULL && cost(*at) <= price)
			at = &(*at)->next;
		c->next = *at;
		*at = c;
	}
	k->child = list;
}

/* Does it need the record of a message? */
static bool
asks_index(const struct search_key *k)
{
	switch (k->kind) {
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
		for (const struct search_key *c = k->child; c != NULL;
		     c = c->next)
			if (asks_index(c))
				return true;
		return false;
	case SEARCH_ALL:
	case SEARCH_NUMBERS:
	case SEARCH_SENT:
	case SEARCH_HEADER:
	case SEARCH_PEOPLE:
	case SEARCH_BODY:
	case SEARCH_TEXT:
	case SEARCH_OTHER:
		return false;
	default:
		return true;
	}
}

static void
forget(struct search_key *k)
{
	k->said = NULL;
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		forget(c);
}

static void
free_answers(struct search_key *k)
{
	free(k->said);
	k->said = NULL;
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		free_answers(c);
}

struct search *
search_new(struct folder *f, struct search_key *key)
{
	struct search *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail("search");
		return NULL;
	}
	s->texts = texts_new(f);
	if (s->texts == NULL) {
		free(s);
		return NULL;
	}
	s->folder = f;
	s->key = key;
	plan(key);
	forget(key);
	s->asks = asks_index(key);
	haystack_init(&s->hay);
	buf_init(&s->line, 8 << 20);
	buf_init(&s->folded, 32 << 20);
	return s;
}

void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	free_answers(s->key);
	terms_close(s->fields);
	terms_close(s->words);
	summary_close(s->summary);
	texts_free(s->texts);
	load_free(&s->load);
	haystack_free(&s->hay);
	buf_free(&s->line);
	buf_free(&s->folded);
	free(s);
}

/* ---- header fields */

static bool
in_text(struct span hay, struct span needle)
{
	return needle.len <= hay.len &&
	    (needle.len == 0 ||
		memmem(hay.p, hay.len, needle.p, needle.len) != NULL);
}

/* No memory for that message. */
static int
too_much(const struct search *s)
{
	return fail_as(s->load.len > LARGE ? EFBIG : ENOMEM,
	    "text of message %u", s->number);
}

/* Read the header for it: one of that name holds it. */
static int
in_header(struct search *s, struct span name, struct span needle)
{
	struct span header;
	struct field f;

	if (load_message(&s->load, s->folder, s->number, false) == -1)
		return -1;
	header = load_header(&s->load);
	while (header_next(&header, &f) == 1) {
		if (!span_same(f.name, name))
			continue;
		buf_reset(&s->line);
		buf_reset(&s->folded);
		word_decode(&s->line, span_trim(f.value));
		fold_text(&s->folded, buf_all(&s->line));
		if (s->line.over || s->folded.over)
			return too_much(s);
		if (in_text(buf_all(&s->folded), needle))
			return 1;
	}
	return 0;
}

static const struct summary_entry *
entry_of(struct search *s)
{
	if (s->summary == NULL)
		s->summary = summary_open(s->folder);
	return s->summary == NULL ? NULL : summary_get(s->summary, s->number);
}

/* What the terms say, of fields first-last or else of words: TERMS_*; -1. */
static int
ask(struct search *s, struct search_key *k, enum summary_text first,
    enum summary_text last)
{
	bool fields = first < SUMMARY_FIELDS;
	struct terms **t = fields ? &s->fields : &s->words;
	uint32_t count = folder_count(s->folder);

	if (k->said == NULL && *t == NULL)
		*t = terms_open(s->folder,
		    fields ? &answer_fields : &answer_words);
	if (k->said == NULL && *t != NULL)
		k->said = fields ?
		    answer_field(*t, count, first, last, k->text) :
		    k->kind == SEARCH_HEADER ?
		    answer_header(*t, count, k->field, k->text) :
		    answer_text(*t, count, k->text, k->kind == SEARCH_BODY);
	return k->said == NULL ? fail_as(ENOMEM, "what messages hold") :
				 k->said[s->number - 1];
}

static int
in_summary(struct search *s, struct search_key *k, enum summary_text first,
    enum summary_text last)
{
	static const char *const names[SUMMARY_FIELDS] = { "From", "To", "Cc",
		"Bcc", "Subject" };
	const struct summary_entry *e;
	int r = ask(s, k, first, last);

	if (r != TERMS_UNKNOWN)
		return r == -1 ? -1 : r == TERMS_YES;
	e = entry_of(s);
	if (e == NULL)
		return -1;
	answer_put_fields(s->fields, s->number, e);
	for (unsigned t = first; t <= last && r == 0; t++) {
		if ((e->flags & SUMMARY_CUT) != 0)
			r = in_header(s, span(names[t]), k->text);
		else
			r = e->text[t].at != 0 &&
			    in_text(summary_text(e, (enum summary_text)t),
				k->text);
	}
	return r;
}

static int
match_header(struct search *s, struct search_key *k)
{
	static const struct {
		const char *name;
		enum summary_text text;
	} known[] = {
		{ "From", SUMMARY_FROM },
		{ "To", SUMMARY_TO },
		{ "Cc", SUMMARY_CC },
		{ "Bcc", SUMMARY_BCC },
		{ "Subject", SUMMARY_SUBJECT },
	};
	int r;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_same(k->field, span(known[i].name)))
			return in_summary(s, k, known[i].text, known[i].text);
	r = ask(s, k, SUMMARY_FIELDS, SUMMARY_FIELDS);
	if (r != TERMS_UNKNOWN)
		return r == -1 ? -1 : r == TERMS_YES;
	return in_header(s, k->field, k->text);
}

static int
match_sent(struct search *s, const struct search_key *k)
{
	const struct summary_entry *e = entry_of(s);

	if (e == NULL)
		return -1;
	return (e->flags & SUMMARY_DATED) != 0 && e->day >= k->low &&
	    e->day < k->high;
}

/* ---- text */

/* Read the message for it, unless that was just done. */
static int
fill(struct search *s)
{
	if (s->hay_number == s->number)
		return 0;
	s->hay_number = 0;
	if (load_message(&s->load, s->folder, s->number, true) == -1)
		return -1;
	haystack_trim(&s->hay);
	if (haystack_fill(&s->hay, load_span(&s->load)) == -1)
		return too_much(s);
	s->hay_number = s->number;
	s->read++;
	texts_put(s->texts, s->number, &s->hay);
	answer_put_text(s->words, s->number, buf_all(&s->hay.text),
	    s->hay.body);
	return 0;
}

static int
match_text(struct search *s, struct search_key *k)
{
	bool body = k->kind == SEARCH_BODY;
	struct span text;
	size_t from;
	int r;

	if (k->text.len == 0)
		return 1;
	r = ask(s, k, SUMMARY_FIELDS, SUMMARY_FIELDS);
	if (r != TERMS_UNKNOWN)
		return r == -1 ? -1 : r == TERMS_YES;
	if (s->hay_number != s->number &&
	    texts_get(s->texts, s->number, &text, &from)) {
		answer_put_text(s->words, s->number, text, from);
		return in_text(body ? span_from(text, from) : text, k->text);
	}
	return fill(s) == -1 ? -1 : haystack_has(&s->hay, k->text, body);
}

/* ---- */

static bool
between(const struct search_key *k, int64_t x)
{
	return x >= k->low && x < k->high;
}

static int match(struct search *, struct search_key *);

/* The first child that is not "stop" decides. */
static int
match_children(struct search *s, struct search_key *k, int stop)
{
	for (struct search_key *c = k->child; c != NULL; c = c->next) {
		int r = match(s, c);

		if (r == -1 || r == stop)
			return r;
	}
	return !stop;
}

/* For size and date, which nobody may have asked for yet. */
static bool
dated(struct search *s)
{
	return s->m.date != 0 || folder_get(s->folder, s->number, &s->m) == 0;
}

/* What the index alone can answer. */
static bool
match_record(struct search *s, const struct search_key *k)
{
	struct message *m = &s->m;

	switch (k->kind) {
	case SEARCH_FLAGS:
		return (m->flags & k->flags) == k->flags &&
		    (m->keywords & k->keywords) == k->keywords;
	case SEARCH_NO_FLAGS:
		return (m->flags & k->flags) == 0 &&
		    (m->keywords & k->keywords) == 0;
	case SEARCH_UIDS:
		return ranges_have(k->range, k->ranges, m->uid);
	case SEARCH_SIZE:
		return dated(s) && folder_wire(s->folder, s->number, m) == 0 &&
		    between(k, (int64_t)m->wire);
	case SEARCH_DATE:
		return dated(s) && between(k, m->date);
	case SEARCH_SAVED:
		return between(k, m->saved);
	case SEARCH_MODSEQ:
		return between(k, (int64_t)m->modseq);
	case SEARCH_ATTACHMENT:
		return (m->flags & FLAG_ATTACHMENT) != 0;
	default:
		return true;
	}
}

/* The depth is that of the tree, which its maker bounds. */
static int
match(struct search *s, struct search_key *k)
{
	int r = k->said == NULL ? TERMS_UNKNOWN : k->said[s->number - 1];

	if (r != TERMS_UNKNOWN)
		return r == TERMS_YES;
	switch (k->kind) {
	case SEARCH_AND:
		return match_children(s, k, 0);
	case SEARCH_OR:
		return match_children(s, k, 1);
	case SEARCH_NOT:
		r = match(s, k->child);
		return r == -1 ? -1 : !r;
	case SEARCH_NUMBERS:
		return ranges_have(k->range, k->ranges, s->number);
	case SEARCH_SENT:
		return match_sent(s, k);
	case SEARCH_HEADER:
		return match_header(s, k);
	case SEARCH_PEOPLE:
		return in_summary(s, k, SUMMARY_TO, SUMMARY_BCC);
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return match_text(s, k);
	case SEARCH_OTHER:
		return k->other(k->ctx, s->number);
	default:
		return match_record(s, k);
	}
}

static int
search_match(struct search *s, uint32_t number)
{
	int r;

	if (s->number != number) {
		s->number = 0;
		if (s->asks && folder_glance(s->folder, number, &s->m) == -1)
			return errno == ENOENT ? 0 : -1;
		s->number = number;
	}
	r = match(s, s->key);
	return r == -1 && (errno == ENOENT || errno == EFBIG) ? 0 : r;
}

ptrdiff_t
search_run(struct search *s, const struct search_watcher *w, uint32_t *number)
{
	uint32_t count = folder_count(s->folder);
	unsigned read = s->read;
	ptrdiff_t hits = 0;

	for (uint32_t i = 1; i <= count; i++) {
		int r = search_match(s, i);

		if (r == -1)
			return -1;
		if (r == 1 && number != NULL)
			number[hits] = i;
		hits += r;
		if (w != NULL && (i % LOOK == 0 || s->read != read))
			w->look(w->ctx, i, count);
		read = s->read;
	}
	return hits;
}
