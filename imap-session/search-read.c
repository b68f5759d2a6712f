/* SEARCH keys off the command, as a tree. */
#include <string.h>
#include <time.h>

#include "imap-session/capability.h"
#include "imap-session/objectid.h"
#include "imap-session/search.h"
#include "imap-session/selected.h"
#include "imap-session/set.h"
#include "message/charset.h"
#include "message/fold.h"

enum { DEPTH = 32, KEYS = 500, DAY = 86400 };

struct reader {
	struct imap *im;
	struct parse *p;
	struct span charset;
	unsigned depth, keys;
	bool modseq;
};

enum argument {
	NOTHING,
	FLAG, /* flags of the row */
	KEYWORD,
	NO_KEYWORD,
	BEFORE, /* a day: the time of its beginning is the limit */
	ON,
	SINCE,
	LARGER, /* a number */
	SMALLER,
	MODSEQ, /* perhaps of one flag, which we do not count apart */
	OLDER, /* seconds */
	YOUNGER,
	FIELD, /* text in the field of that name */
	NAMED_FIELD,
	TEXT,
	SET,
	EMAIL, /* an id of RFC 8474 */
	THREAD,
	ONE, /* a key */
	TWO,
};

/* clang-format off */
static const struct row {
	const char *word;
	enum capability needs; /* CAP_REV1: always there */
	enum search_kind kind;
	enum argument argument;
	uint32_t flags;
} words[] = {
	{ "ALL",	CAP_REV1, SEARCH_ALL, NOTHING, 0 },
	{ "ANSWERED",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_ANSWERED },
	{ "DELETED",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_DELETED },
	{ "DRAFT",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_DRAFT },
	{ "FLAGGED",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_FLAGGED },
	{ "SEEN",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_SEEN },
	{ "RECENT",	CAP_REV1, SEARCH_FLAGS, FLAG, FLAG_RECENT },
	{ "UNANSWERED",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_ANSWERED },
	{ "UNDELETED",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_DELETED },
	{ "UNDRAFT",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_DRAFT },
	{ "UNFLAGGED",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_FLAGGED },
	{ "UNSEEN",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_SEEN },
	{ "OLD",	CAP_REV1, SEARCH_NO_FLAGS, FLAG, FLAG_RECENT },
	{ "KEYWORD",	CAP_REV1, SEARCH_FLAGS, KEYWORD, 0 },
	{ "UNKEYWORD",	CAP_REV1, SEARCH_NO_FLAGS, NO_KEYWORD, 0 },
	{ "BEFORE",	CAP_REV1, SEARCH_DATE, BEFORE, 0 },
	{ "ON",		CAP_REV1, SEARCH_DATE, ON, 0 },
	{ "SINCE",	CAP_REV1, SEARCH_DATE, SINCE, 0 },
	{ "SENTBEFORE",	CAP_REV1, SEARCH_SENT, BEFORE, 0 },
	{ "SENTON",	CAP_REV1, SEARCH_SENT, ON, 0 },
	{ "SENTSINCE",	CAP_REV1, SEARCH_SENT, SINCE, 0 },
	{ "SAVEDBEFORE", CAP_SAVEDATE, SEARCH_SAVED, BEFORE, 0 },
	{ "SAVEDON",	CAP_SAVEDATE, SEARCH_SAVED, ON, 0 },
	{ "SAVEDSINCE",	CAP_SAVEDATE, SEARCH_SAVED, SINCE, 0 },
	{ "SAVEDATESUPPORTED", CAP_SAVEDATE, SEARCH_ALL, NOTHING, 0 },
	{ "LARGER",	CAP_REV1, SEARCH_SIZE, LARGER, 0 },
	{ "SMALLER",	CAP_REV1, SEARCH_SIZE, SMALLER, 0 },
	{ "MODSEQ",	CAP_CONDSTORE, SEARCH_MODSEQ, MODSEQ, 0 },
	{ "OLDER",	CAP_WITHIN, SEARCH_DATE, OLDER, 0 },
	{ "YOUNGER",	CAP_WITHIN, SEARCH_DATE, YOUNGER, 0 },
	{ "BCC",	CAP_REV1, SEARCH_HEADER, FIELD, 0 },
	{ "CC",		CAP_REV1, SEARCH_HEADER, FIELD, 0 },
	{ "FROM",	CAP_REV1, SEARCH_HEADER, FIELD, 0 },
	{ "SUBJECT",	CAP_REV1, SEARCH_HEADER, FIELD, 0 },
	{ "TO",		CAP_REV1, SEARCH_HEADER, FIELD, 0 },
	{ "HEADER",	CAP_REV1, SEARCH_HEADER, NAMED_FIELD, 0 },
	{ "BODY",	CAP_REV1, SEARCH_BODY, TEXT, 0 },
	{ "TEXT",	CAP_REV1, SEARCH_TEXT, TEXT, 0 },
	{ "UID",	CAP_REV1, SEARCH_UIDS, SET, 0 },
	{ "EMAILID",	CAP_OBJECTID, SEARCH_OTHER, EMAIL, 0 },
	{ "THREADID",	CAP_OBJECTID, SEARCH_OTHER, THREAD, 0 },
	{ "NOT",	CAP_REV1, SEARCH_NOT, ONE, 0 },
	{ "OR",		CAP_REV1, SEARCH_OR, TWO, 0 },
};
/* clang-format on */

static struct search_key *read_key(struct reader *);

static struct search_key *
new_key(struct reader *r, enum search_kind kind)
{
	struct search_key *k = NULL;

	if (++r->keys <= KEYS)
		k = arena_take(&r->im->arena, sizeof(*k));
	if (k == NULL)
		(void)parse_fail(r->p, "Too many search keys");
	else
		*k = (struct search_key){ .kind = kind, .high = INT64_MAX };
	return k;
}

/* A string to look for, as UTF-8, folded. */
static int
read_text(struct reader *r, struct span *out)
{
	struct buf utf8, folded;
	struct span s;
	char *copy;

	if (parse_space(r->p) == -1 || parse_astring(r->p, &s) == -1)
		return -1;
	buf_init(&utf8, 16 * s.len + 16);
	buf_init(&folded, 64 * s.len + 64);
	(void)charset_text(&utf8, r->charset, s);
	fold_text(&folded, buf_all(&utf8));
	copy = arena_take(&r->im->arena, folded.len + 1);
	if (copy != NULL)
		memcpy(copy, folded.p, folded.len);
	*out = span_n(copy, folded.len);
	buf_free(&utf8);
	buf_free(&folded);
	return copy != NULL ? 0 : parse_fail(r->p, "Command is too large");
}

static int
read_keyword(struct reader *r, struct search_key *k, bool without)
{
	struct span word;

	if (parse_space(r->p) == -1 || parse_flag(r->p, &word) == -1)
		return -1;
	if (selected_flag(r->im, word, false, &k->flags, &k->keywords) == -1)
		return parse_fail(r->p, "No such keyword");
	if (k->flags != 0 || k->keywords != 0)
		return 0;
	/* No message has it. */
	k->kind = without ? SEARCH_ALL : SEARCH_NOT;
	k->child = without ? NULL : new_key(r, SEARCH_ALL);
	return without || k->child != NULL ? 0 : -1;
}

/* The beginning of a day here. */
static int64_t
midnight(int64_t day)
{
	time_t t = (time_t)(day * DAY);
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	tm.tm_isdst = -1;
	return mktime(&tm);
}

/* Days of Date fields are compared as days, others as times. */
static int
read_day(struct reader *r, struct search_key *k, enum argument a)
{
	bool sent = k->kind == SEARCH_SENT;
	int64_t day;

	if (parse_space(r->p) == -1 || parse_date(r->p, &day) == -1)
		return -1;
	k->low = INT64_MIN;
	if (a != BEFORE)
		k->low = sent ? day : midnight(day);
	if (a == BEFORE)
		k->high = sent ? day : midnight(day);
	else if (a == ON)
		k->high = sent ? day + 1 : midnight(day + 1);
	return 0;
}

/* " "/flags/\\Seen" all " before the number (RFC 7162 s. 3.1.5). */
static int
read_entry(struct reader *r)
{
	struct span name;

	if (!parse_next(r->p, '"'))
		return 0;
	if (parse_string(r->p, &name, NULL) == -1 || parse_space(r->p) == -1 ||
	    parse_atom(r->p, &name) == -1)
		return -1;
	return parse_space(r->p);
}

static int
read_number(struct reader *r, struct search_key *k, enum argument a)
{
	int64_t now = time(NULL);
	uint64_t n;

	if (parse_space(r->p) == -1 || (a == MODSEQ && read_entry(r) == -1) ||
	    parse_number(r->p,
		a == OLDER || a == YOUNGER ? UINT32_MAX : INT64_MAX - 1,
		&n) == -1)
		return -1;
	if (a == LARGER)
		k->low = (int64_t)n + 1;
	else if (a == SMALLER)
		k->high = (int64_t)n;
	else if (a == MODSEQ)
		k->low = (int64_t)n;
	else if (a == YOUNGER)
		k->low = now - (int64_t)n;
	else {
		k->low = INT64_MIN;
		k->high = now - (int64_t)n + 1;
	}
	return 0;
}

/* "$" as a set of UIDs. */
static int
saved_set(struct reader *r, struct search_key *k)
{
	size_t n = r->im->saves;
	uint32_t *range = arena_take(&r->im->arena, 2 * n * sizeof(*range) + 1);

	if (range == NULL)
		return parse_fail(r->p, "Command is too large");
	for (size_t i = 0; i < n; i++)
		range[2 * i] = range[2 * i + 1] = r->im->saved[i];
	k->kind = SEARCH_UIDS;
	k->range = range;
	k->ranges = n;
	return 0;
}

static int
read_set(struct reader *r, struct search_key *k)
{
	struct message m = { 0 };
	uint32_t count = folder_count(r->im->folder), star = count;
	uint32_t *range;
	struct set set;

	if (parse_set(r->p, &set) == -1)
		return -1;
	if (set.saved)
		return saved_set(r, k);
	if (k->kind == SEARCH_UIDS && count > 0 &&
	    folder_glance(r->im->folder, count, &m) == 0)
		star = m.uid;
	set_resolve(&set, star);
	range = arena_take(&r->im->arena, 2 * set.ranges * sizeof(*range) + 1);
	if (range == NULL)
		return parse_fail(r->p, "Command is too large");
	for (size_t i = 0; i < set.ranges; i++) {
		range[2 * i] = set.range[i].low;
		range[2 * i + 1] = set.range[i].high;
	}
	k->range = range;
	k->ranges = set.ranges;
	return 0;
}

static int
read_id(struct reader *r, struct search_key *k, bool thread)
{
	struct objectid_key *id = arena_take(&r->im->arena, sizeof(*id));

	if (id == NULL)
		return parse_fail(r->p, "Command is too large");
	*id =
	    (struct objectid_key){ .folder = r->im->folder, .thread = thread };
	k->other = objectid_match;
	k->ctx = id;
	return parse_space(r->p) == -1 ? -1 : parse_atom(r->p, &id->id);
}

static int
read_children(struct reader *r, struct search_key *k, size_t n)
{
	struct search_key **end = &k->child;

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
read_argument(struct reader *r, struct search_key *k, const struct row *row)
{
	switch (row->argument) {
	case NOTHING:
		return 0;
	case FLAG:
		k->flags = row->flags;
		return 0;
	case KEYWORD:
		return read_keyword(r, k, false);
	case NO_KEYWORD:
		return read_keyword(r, k, true);
	case BEFORE:
	case ON:
	case SINCE:
		return read_day(r, k, row->argument);
	case LARGER:
	case SMALLER:
	case MODSEQ:
	case OLDER:
	case YOUNGER:
		return read_number(r, k, row->argument);
	case FIELD:
		k->field = span(row->word);
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
	case EMAIL:
	case THREAD:
		return read_id(r, k, row->argument == THREAD);
	case ONE:
		return read_children(r, k, 1);
	case TWO:
		return read_children(r, k, 2);
	}
	return -1;
}

static struct search_key *
read_list(struct reader *r)
{
	struct search_key *k = new_key(r, SEARCH_AND), **end;

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

/* "NEW": RECENT UNSEEN. */
static struct search_key *
new_ones(struct reader *r)
{
	struct search_key *k = new_key(r, SEARCH_AND);

	if (k == NULL || (k->child = new_key(r, SEARCH_FLAGS)) == NULL ||
	    (k->child->next = new_key(r, SEARCH_NO_FLAGS)) == NULL)
		return NULL;
	k->child->flags = FLAG_RECENT;
	k->child->next->flags = FLAG_SEEN;
	return k;
}

static struct search_key *
read_word(struct reader *r)
{
	struct search_key *k;
	struct span word;

	if (parse_atom(r->p, &word) == -1)
		return NULL;
	if (span_same(word, span("NEW")))
		return new_ones(r);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!span_same(word, span(words[i].word)) ||
		    !capability_on(words[i].needs))
			continue;
		k = new_key(r, words[i].kind);
		r->modseq |= words[i].kind == SEARCH_MODSEQ;
		if (k == NULL || read_argument(r, k, &words[i]) == -1)
			return NULL;
		return k;
	}
	(void)parse_fail(r->p, "Unknown search key");
	return NULL;
}

static struct search_key *
read_key(struct reader *r)
{
	struct search_key *k = NULL;
	char c = r->p->rest.len > 0 ? r->p->rest.p[0] : '\0';

	if (++r->depth > DEPTH)
		(void)parse_fail(r->p, "Search keys are nested too deeply");
	else if (parse_try(r->p, '(')) {
		k = read_list(r);
		if (k != NULL && parse_char(r->p, ')') == -1)
			k = NULL;
	} else if ((c >= '0' && c <= '9') || c == '*' || c == '$') {
		k = new_key(r, SEARCH_NUMBERS);
		if (k != NULL && read_set(r, k) == -1)
			k = NULL;
	} else
		k = read_word(r);
	r->depth--;
	return k;
}

const struct reply *
search_read(struct imap *im, struct parse *p, struct span charset,
    struct search_key **out, bool *modseq)
{
	struct reader r = { .im = im, .p = p, .charset = charset };

	*out = read_list(&r);
	if (*out == NULL || parse_end(p) == -1)
		return &imap_bad;
	*modseq = r.modseq;
	return NULL;
}
