/* maildir search: messages for which an expression is true.
 *
 *	expression	term ... | term or term | not term | ( expression )
 *	term		from:x to:x subject:x body:x list:x since:date
 *			before:date size:>n size:<n flag:x kw:x is:x
 *			has:attachment, or x
 *
 * "and" may stand between terms and binds more than "or".  It becomes the tree
 * of keys that IMAP SEARCH uses, so both find the same. */
#include "maildir/search.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/buf.h"
#include "message/fail.h"
#include "message/fold.h"

enum { NODES = 500, DEPTH = 32 };

struct reader {
	struct cmd *c;
	char **word;
	int words, at;
	unsigned depth;
	struct search_key key[NODES];
	unsigned keys;
	struct buf text; /* of all keys; has room, so that it never moves */
	struct brief brief;
	const char *guess; /* a text that looks like a term; NULL */
};

static struct search_key *read_or(struct reader *);

/* ---- reading */

static struct search_key *
key(struct reader *r, enum search_kind kind)
{
	struct search_key *k = &r->key[r->keys];

	if (r->keys++ == NODES)
		errx(EX_USAGE, "too many terms");
	*k = (struct search_key){ .kind = kind };
	return k;
}

/* With the folded text of a word, that stands in that field. */
static struct search_key *
text_key(struct reader *r, enum search_kind kind, const char *field,
    const char *text)
{
	struct search_key *k = key(r, kind);
	size_t from = r->text.len;

	fold_text(&r->text, span(text));
	if (r->text.over)
		errx(EX_USAGE, "too much text");
	k->text = span_n(r->text.p + from, r->text.len - from);
	k->field = span(field);
	return k;
}

/* 2026-11-21, or 3d, 2w, 6m, 1y ago. */
static int64_t
date(const char *text)
{
	struct tm tm = { .tm_isdst = -1 };
	time_t now = time(NULL);
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	long n;
	char *unit;

	if (end != NULL && *end == '\0')
		return mktime(&tm);
	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
		(void)localtime_r(&now, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_mday -= text[0] == 'y';
		tm.tm_isdst = -1;
		return mktime(&tm);
	}
	n = strtol(text, &unit, 10);
	(void)localtime_r(&now, &tm);
	tm.tm_isdst = -1;
	if (unit == text || n < 0 || n > 10000 || unit[0] == '\0' ||
	    unit[1] != '\0' || strchr("dwmy", unit[0]) == NULL)
		errx(EX_USAGE, "%s: no date", term_text(text));
	if (unit[0] == 'd' || unit[0] == 'w')
		tm.tm_mday -= (int)n * (unit[0] == 'w' ? 7 : 1);
	else if (unit[0] == 'm')
		tm.tm_mon -= (int)n;
	else
		tm.tm_year -= (int)n;
	return mktime(&tm);
}

/* ">10k", "<2M". */
static struct search_key *
size_key(struct reader *r, const char *text)
{
	struct search_key *k = key(r, SEARCH_SIZE);
	bool less = text[0] == '<';
	int64_t n;
	char *unit;

	if (text[0] == '<' || text[0] == '>')
		text++;
	n = strtoll(text, &unit, 10);
	if (unit == text || (*unit != '\0' && unit[1] != '\0') || n < 0 ||
	    n > INT64_MAX / 1000000)
		errx(EX_USAGE, "size:%s: no size", term_text(text));
	if (*unit == 'k' || *unit == 'K')
		n *= 1000;
	else if (*unit == 'M')
		n *= 1000000;
	k->low = less ? 0 : n + 1;
	k->high = less ? n : INT64_MAX;
	return k;
}

static struct search_key *
flag_key(struct reader *r, const char *text)
{
	struct search_key *k;
	bool none = strncasecmp(text, "un", 2) == 0;
	const char *name = none ? text + 2 : text;
	uint32_t flag =
	    strcasecmp(name, "new") == 0 ? FLAG_NEW : cmd_flag(name);

	if (flag == 0)
		errx(EX_USAGE, "is:%s: no flag", term_text(text));
	k = key(r, none ? SEARCH_NO_FLAGS : SEARCH_FLAGS);
	k->flags = flag;
	return k;
}

/* A keyword that no message can have makes none match. */
static struct search_key *
keyword_key(struct reader *r, const char *text)
{
	int bit = folder_keyword(r->c->folder, text, false);
	struct search_key *k = key(r, SEARCH_FLAGS);

	if (bit >= 0)
		k->keywords = (uint64_t)1 << bit;
	else {
		k->kind = SEARCH_NOT;
		k->child = key(r, SEARCH_ALL);
	}
	return k;
}

static int
has_attachment(void *ctx, uint32_t number)
{
	struct reader *r = ctx;

	return brief_get(&r->brief, r->c->folder, number) == 0 &&
	    !span_eq(r->brief.field[BRIEF_ATTACHMENTS], span("0"));
}

static struct search_key *
date_key(struct reader *r, const char *text, bool since)
{
	struct search_key *k = key(r, SEARCH_DATE);
	int64_t when = date(text);

	k->low = since ? when : INT64_MIN;
	k->high = since ? INT64_MAX : when;
	return k;
}

/* In a text that a reader of the message sees. */
static struct search_key *
any_key(struct reader *r, const char *word)
{
	struct search_key *k = key(r, SEARCH_OR);

	k->child = text_key(r, SEARCH_HEADER, "Subject", word);
	k->child->next = text_key(r, SEARCH_HEADER, "From", word);
	k->child->next->next = text_key(r, SEARCH_PEOPLE, "", word);
	k->child->next->next->next = text_key(r, SEARCH_BODY, "", word);
	return k;
}

static const struct {
	const char *name;
	enum search_kind kind;
	const char *field;
} texts[] = {
	{ "from:", SEARCH_HEADER, "From" },
	{ "to:", SEARCH_PEOPLE, "" },
	{ "subject:", SEARCH_HEADER, "Subject" },
	{ "list:", SEARCH_HEADER, "List-Id" },
	{ "body:", SEARCH_BODY, "" },
};

static struct search_key *
term(struct reader *r, const char *word)
{
	struct search_key *k;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t len = strlen(texts[i].name);

		if (strncasecmp(word, texts[i].name, len) == 0)
			return text_key(r, texts[i].kind, texts[i].field,
			    word + len);
	}
	if (strncasecmp(word, "since:", 6) == 0)
		return date_key(r, word + 6, true);
	if (strncasecmp(word, "before:", 7) == 0)
		return date_key(r, word + 7, false);
	if (strncasecmp(word, "size:", 5) == 0)
		return size_key(r, word + 5);
	if (strncasecmp(word, "is:", 3) == 0)
		return flag_key(r, word + 3);
	if (strncasecmp(word, "flag:", 5) == 0)
		return flag_key(r, word + 5);
	if (strncasecmp(word, "kw:", 3) == 0)
		return keyword_key(r, word + 3);
	if (strcasecmp(word, "has:attachment") != 0) {
		size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz");

		if (n > 0 && word[n] == ':' && word[n + 1] != '/')
			r->guess = word;
		return any_key(r, word);
	}
	k = key(r, SEARCH_OTHER);
	k->other = has_attachment;
	k->ctx = r;
	return k;
}

static bool
next_is(struct reader *r, const char *word)
{
	if (r->at == r->words || strcasecmp(r->word[r->at], word) != 0)
		return false;
	r->at++;
	return true;
}

static struct search_key *
read_not(struct reader *r)
{
	struct search_key *k;

	if (++r->depth > DEPTH)
		errx(EX_USAGE, "too deep");
	if (next_is(r, "not")) {
		k = key(r, SEARCH_NOT);
		k->child = read_not(r);
	} else if (next_is(r, "(")) {
		k = read_or(r);
		if (!next_is(r, ")"))
			errx(EX_USAGE, ") is missing");
	} else if (r->at == r->words || strcmp(r->word[r->at], ")") == 0)
		errx(EX_USAGE, "a term is missing");
	else
		k = term(r, r->word[r->at++]);
	r->depth--;
	return k;
}

static struct search_key *
pair(struct reader *r, enum search_kind kind, struct search_key *a,
    struct search_key *b)
{
	struct search_key *k = key(r, kind);

	k->child = a;
	a->next = b;
	return k;
}

static struct search_key *
read_and(struct reader *r)
{
	struct search_key *k = read_not(r);

	while (r->at < r->words && strcasecmp(r->word[r->at], "or") != 0 &&
	    strcmp(r->word[r->at], ")") != 0) {
		(void)next_is(r, "and");
		k = pair(r, SEARCH_AND, k, read_not(r));
	}
	return k;
}

static struct search_key *
read_or(struct reader *r)
{
	struct search_key *k = read_and(r);

	while (next_is(r, "or"))
		k = pair(r, SEARCH_OR, k, read_and(r));
	return k;
}

/* ---- the verb */

static void
look(void *ctx, uint32_t done, uint32_t all)
{
	(void)ctx;
	progress("searching", done, all);
}

static void
run(struct cmd *c, struct search_key *k)
{
	const struct search_watcher watcher = { .look = look };
	uint32_t count = folder_count(c->folder);
	uint32_t *number = calloc((size_t)count + 1, sizeof(*number));
	struct search *s = search_new(c->folder, k);
	ptrdiff_t n = -1;

	if (number != NULL && s != NULL)
		n = search_run(s, &watcher, number);
	progress("searching", count, count > 0 ? count : 1);
	if (n == -1)
		errx(EX_TEMPFAIL, "%s", fail_text());
	search_free(s);
	free(c->number);
	c->number = number;
	c->n = (size_t)n;
}

void
cmd_search(struct cmd *c)
{
	static struct reader r;
	struct search_key *tree;
	size_t room = 16;

	if (c->argc == 0)
		errx(EX_USAGE, "for what? see maildir help search");
	r = (struct reader){ .c = c, .word = c->argv, .words = c->argc };
	for (int i = 0; i < c->argc; i++)
		room += strlen(c->argv[i]) * 64 + 64;
	buf_init(&r.text, room);
	buf_reserve(&r.text, room);
	brief_init(&r.brief);
	cmd_open(c, false);
	tree = read_or(&r);
	if (r.at < r.words)
		errx(EX_USAGE, "%s is too much", term_text(r.word[r.at]));
	run(c, tree);
	brief_free(&r.brief);
	buf_free(&r.text);
	if (c->threads)
		cmd_thread_picked(c);
	cmd_list_picked(c);
	if (c->n == 0 && r.guess != NULL)
		warnx("search: %s was looked for as a text; it is no term",
		    term_text(r.guess));
	c->status = c->n > 0 ? c->status : 1;
}
