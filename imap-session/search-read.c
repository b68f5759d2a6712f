/* SEARCH keys off the command, as a tree. */
#include <string.h>
#include <time.h>

#include "imap-session/match.h"
#include "imap-session/search.h"
#include "imap-session/selected.h"

enum { DEPTH = 32, KEYS = 500 };

struct reader {
	struct imap *im;
	struct parse *p;
	unsigned depth, keys;
	bool modseq;
};

enum argument {
	NOTHING,
	FLAG, /* flags of the row */
	NO_FLAG,
	KEYWORD,
	NO_KEYWORD,
	DAY,
	NUMBER,
	MODSEQ, /* perhaps of one flag, which we do not count apart */
	SECONDS,
	FIELD, /* the field of the row, and text */
	NAMED_FIELD,
	TEXT,
	SET,
	ONE, /* a key */
	TWO,
};

static const struct {
	const char *word;
	enum key_kind kind;
	enum argument argument;
	uint32_t flags;
} words[] = {
	{ "ALL", KEY_ALL, NOTHING, 0 },
	{ "ANSWERED", KEY_FLAGS, FLAG, FLAG_ANSWERED },
	{ "DELETED", KEY_FLAGS, FLAG, FLAG_DELETED },
	{ "DRAFT", KEY_FLAGS, FLAG, FLAG_DRAFT },
	{ "FLAGGED", KEY_FLAGS, FLAG, FLAG_FLAGGED },
	{ "SEEN", KEY_FLAGS, FLAG, FLAG_SEEN },
	{ "RECENT", KEY_FLAGS, FLAG, FLAG_RECENT },
	{ "UNANSWERED", KEY_NO_FLAGS, NO_FLAG, FLAG_ANSWERED },
	{ "UNDELETED", KEY_NO_FLAGS, NO_FLAG, FLAG_DELETED },
	{ "UNDRAFT", KEY_NO_FLAGS, NO_FLAG, FLAG_DRAFT },
	{ "UNFLAGGED", KEY_NO_FLAGS, NO_FLAG, FLAG_FLAGGED },
	{ "UNSEEN", KEY_NO_FLAGS, NO_FLAG, FLAG_SEEN },
	{ "OLD", KEY_NO_FLAGS, NO_FLAG, FLAG_RECENT },
	{ "KEYWORD", KEY_FLAGS, KEYWORD, 0 },
	{ "UNKEYWORD", KEY_NO_FLAGS, NO_KEYWORD, 0 },
	{ "BEFORE", KEY_BEFORE, DAY, 0 },
	{ "ON", KEY_ON, DAY, 0 },
	{ "SINCE", KEY_SINCE, DAY, 0 },
	{ "SENTBEFORE", KEY_SENT_BEFORE, DAY, 0 },
	{ "SENTON", KEY_SENT_ON, DAY, 0 },
	{ "SENTSINCE", KEY_SENT_SINCE, DAY, 0 },
	{ "LARGER", KEY_LARGER, NUMBER, 0 },
	{ "SMALLER", KEY_SMALLER, NUMBER, 0 },
	{ "MODSEQ", KEY_MODSEQ, MODSEQ, 0 },
	{ "OLDER", KEY_OLDER, SECONDS, 0 },
	{ "YOUNGER", KEY_YOUNGER, SECONDS, 0 },
	{ "BCC", KEY_HEADER, FIELD, 0 },
	{ "CC", KEY_HEADER, FIELD, 0 },
	{ "FROM", KEY_HEADER, FIELD, 0 },
	{ "SUBJECT", KEY_HEADER, FIELD, 0 },
	{ "TO", KEY_HEADER, FIELD, 0 },
	{ "HEADER", KEY_HEADER, NAMED_FIELD, 0 },
	{ "BODY", KEY_BODY, TEXT, 0 },
	{ "TEXT", KEY_TEXT, TEXT, 0 },
	{ "UID", KEY_UIDS, SET, 0 },
	{ "NOT", KEY_NOT, ONE, 0 },
	{ "OR", KEY_OR, TWO, 0 },
};

static struct key *read_key(struct reader *);

static struct key *
new_key(struct reader *r, enum key_kind kind)
{
	struct key *k = NULL;

	if (++r->keys <= KEYS)
		k = arena_take(&r->im->arena, sizeof(*k));
	if (k == NULL)
		(void)parse_fail(r->p, "Too many search keys");
	else
		k->kind = kind;
	return k;
}

/* A string to look for. */
static int
read_text(struct reader *r, struct span *out)
{
	struct span s;
	struct buf b;
	char *copy;

	if (parse_space(r->p) == -1 || parse_astring(r->p, &s) == -1)
		return -1;
	buf_init(&b, 4 * s.len + 16);
	match_fold(&b, s);
	copy = arena_take(&r->im->arena, b.len + 1);
	if (copy != NULL)
		memcpy(copy, b.p, b.len);
	*out = span_n(copy, b.len);
	buf_free(&b);
	return copy != NULL ? 0 : parse_fail(r->p, "Command is too large");
}

static int
read_keyword(struct reader *r, struct key *k, bool without)
{
	struct span word;

	if (parse_space(r->p) == -1 || parse_flag(r->p, &word) == -1)
		return -1;
	if (selected_flag(r->im, word, false, &k->flags, &k->keywords) == -1)
		return parse_fail(r->p, "No such keyword");
	if (k->flags != 0 || k->keywords != 0)
		return 0;
	/* No message has it. */
	k->kind = without ? KEY_ALL : KEY_NOT;
	k->child = without ? NULL : new_key(r, KEY_ALL);
	return without || k->child != NULL ? 0 : -1;
}

static int
read_seconds(struct reader *r, struct key *k)
{
	uint64_t n, now = (uint64_t)time(NULL);

	if (parse_space(r->p) == -1 || parse_number(r->p, UINT32_MAX, &n) == -1)
		return -1;
	k->number = n > now ? 0 : now - n;
	return 0;
}

/* "$" as a set of UIDs. */
static int
saved_set(struct reader *r, struct key *k)
{
	size_t n = r->im->saves;

	k->kind = KEY_UIDS;
	k->set.ranges = n;
	k->set.range = arena_take(&r->im->arena, n * sizeof(struct range) + 1);
	if (k->set.range == NULL)
		return parse_fail(r->p, "Command is too large");
	for (size_t i = 0; i < n; i++)
		k->set.range[i] =
		    (struct range){ r->im->saved[i], r->im->saved[i] };
	return 0;
}

static int
read_set(struct reader *r, struct key *k)
{
	struct message m = { 0 };
	uint32_t count = folder_count(r->im->folder), star = count;

	if (parse_set(r->p, &k->set) == -1)
		return -1;
	if (k->set.saved)
		return saved_set(r, k);
	if (k->kind == KEY_UIDS && count > 0 &&
	    folder_get(r->im->folder, count, &m) == 0)
		star = m.uid;
	set_resolve(&k->set, star);
	return 0;
}

/* " "/flags/\\Seen" all " before the number (RFC 7162 s. 3.1.5). */
static int
read_entry(struct reader *r)
{
	struct span name;

	if (parse_space(r->p) == -1)
		return -1;
	if (!parse_next(r->p, '"'))
		return 0;
	if (parse_string(r->p, &name, NULL) == -1 || parse_space(r->p) == -1 ||
	    parse_atom(r->p, &name) == -1)
		return -1;
	return parse_space(r->p);
}

static int
read_children(struct reader *r, struct key *k, size_t n)
{
	struct key **end = &k->child;

	while (n-- > 0) {
		if (parse_space(r->p) == -1)
			return -1;
		*end = read_key(r);
		if (*end == NULL)
			return -1;
		end = &(*end)->next;
	}
	return 0;
}

static int
read_argument(struct reader *r, struct key *k, size_t row)
{
	int64_t day;

	switch (words[row].argument) {
	case NOTHING:
		return 0;
	case FLAG:
	case NO_FLAG:
		k->flags = words[row].flags;
		return 0;
	case KEYWORD:
		return read_keyword(r, k, false);
	case NO_KEYWORD:
		return read_keyword(r, k, true);
	case DAY:
		if (parse_space(r->p) == -1 || parse_date(r->p, &day) == -1)
			return -1;
		k->number = (uint64_t)day;
		return 0;
	case MODSEQ:
		if (read_entry(r) == -1)
			return -1;
		return parse_number(r->p, INT64_MAX, &k->number);
	case NUMBER:
		if (parse_space(r->p) == -1)
			return -1;
		return parse_number(r->p, INT64_MAX, &k->number);
	case SECONDS:
		return read_seconds(r, k);
	case FIELD:
		k->field = span(words[row].word);
		return read_text(r, &k->text);
	case NAMED_FIELD:
		if (parse_space(r->p) == -1 ||
		    parse_astring(r->p, &k->field) == -1)
			return -1;
		return read_text(r, &k->text);
	case TEXT:
		return read_text(r, &k->text);
	case SET:
		return parse_space(r->p) == -1 ? -1 : read_set(r, k);
	case ONE:
		return read_children(r, k, 1);
	case TWO:
		return read_children(r, k, 2);
	}
	return -1;
}

static struct key *
read_list(struct reader *r)
{
	struct key *k = new_key(r, KEY_AND), **end;

	if (k == NULL)
		return NULL;
	end = &k->child;
	do {
		*end = read_key(r);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	} while (parse_try(r->p, ' '));
	return k;
}

static struct key *
read_word(struct reader *r)
{
	struct span word;
	struct key *k;

	if (parse_atom(r->p, &word) == -1)
		return NULL;
	if (span_same(word, span("NEW"))) { /* RECENT UNSEEN */
		k = new_key(r, KEY_AND);
		if (k == NULL || (k->child = new_key(r, KEY_FLAGS)) == NULL ||
		    (k->child->next = new_key(r, KEY_NO_FLAGS)) == NULL)
			return NULL;
		k->child->flags = FLAG_RECENT;
		k->child->next->flags = FLAG_SEEN;
		return k;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!span_same(word, span(words[i].word)))
			continue;
		k = new_key(r, words[i].kind);
		r->modseq |= words[i].kind == KEY_MODSEQ;
		if (k == NULL || read_argument(r, k, i) == -1)
			return NULL;
		return k;
	}
	(void)parse_fail(r->p, "Unknown search key");
	return NULL;
}

static struct key *
read_key(struct reader *r)
{
	struct key *k = NULL;
	char c = r->p->rest.len > 0 ? r->p->rest.p[0] : '\0';

	if (++r->depth > DEPTH)
		(void)parse_fail(r->p, "Search keys are nested too deeply");
	else if (parse_try(r->p, '(')) {
		k = read_list(r);
		if (k != NULL && parse_char(r->p, ')') == -1)
			k = NULL;
	} else if ((c >= '0' && c <= '9') || c == '*' || c == '$') {
		k = new_key(r, KEY_NUMBERS);
		if (k != NULL && read_set(r, k) == -1)
			k = NULL;
	} else
		k = read_word(r);
	r->depth--;
	return k;
}

const struct reply *
search_read(struct imap *im, struct parse *p, struct key **out, bool *modseq)
{
	struct reader r = { .im = im, .p = p };

	*out = read_list(&r);
	if (*out == NULL || parse_end(p) == -1)
		return &imap_bad;
	*modseq = r.modseq;
	return NULL;
}
