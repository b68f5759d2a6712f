/* maildir search: messages for which an expression is true.
 *
 *	expression	term ... | term or term | not term | ( expression )
 *	term		from:x to:x subject:x body:x since:date before:date
 *			size:>n size:<n flag:x kw:x is:x has:attachment, or x
 *
 * "and" may stand between terms and binds more than "or".  Cheap terms are
 * asked first within an "and"; a message is read only for body: and text that
 * nothing else decides. */
#include <bsd/stdlib.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>
#include <wctype.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/html.h"
#include "message/utf8.h"

enum { NODES = 500, DEPTH = 32, TEXT_MAX = 64 << 20 };

enum kind {
	K_AND,
	K_OR,
	K_NOT, /* of children */
	K_FROM,
	K_TO,
	K_SUBJECT,
	K_ANY,
	K_BODY, /* texts */
	K_SINCE,
	K_BEFORE,
	K_LARGER,
	K_SMALLER, /* numbers */
	K_FLAG,
	K_NO_FLAG,
	K_KEYWORD,
	K_ATTACHMENT,
	K_NEW,
};

struct node {
	enum kind kind;
	struct node *left, *right; /* right: NULL for K_NOT */
	struct buf text; /* folded */
	int64_t number;
	uint64_t bits;
};

struct search {
	struct cmd *c;
	char **word;
	int words, at;
	unsigned nodes, depth;
	struct message m;
	uint32_t number;
	struct brief brief;
	bool have_brief;
	struct buf body; /* folded */
	bool have_body;
};

static struct node *read_or(struct search *);

/* ---- reading */

static void
fold(struct buf *out, struct span s)
{
	size_t n;
	uint32_t code;

	for (; s.len > 0; s = span_from(s, n)) {
		n = utf8_get(s, &code);
		if (n == 0) {
			n = 1;
			code = 0xfffd;
		}
		if (code < 0x80)
			buf_char(out, (char)tolower((int)code));
		else
			utf8_put(out, (uint32_t)towlower((wint_t)code));
	}
}

static struct node *
node(struct search *s, enum kind kind)
{
	struct node *n = calloc(1, sizeof(*n));

	if (n == NULL || ++s->nodes > NODES)
		errx(EX_USAGE, "too many terms");
	n->kind = kind;
	buf_init(&n->text, 1 << 20);
	return n;
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
		errx(EX_USAGE, "%s: no date", text);
	if (unit[0] == 'd' || unit[0] == 'w')
		tm.tm_mday -= (int)n * (unit[0] == 'w' ? 7 : 1);
	else if (unit[0] == 'm')
		tm.tm_mon -= (int)n;
	else
		tm.tm_year -= (int)n;
	return mktime(&tm);
}

/* ">10k", "<2M". */
static struct node *
size(struct search *s, const char *text)
{
	struct node *n = node(s, text[0] == '<' ? K_SMALLER : K_LARGER);
	char *unit;

	if (text[0] == '<' || text[0] == '>')
		text++;
	n->number = strtoll(text, &unit, 10);
	if (*unit == 'k' || *unit == 'K')
		n->number *= 1000;
	else if (*unit == 'M')
		n->number *= 1000000;
	if (unit == text || (*unit != '\0' && unit[1] != '\0') || n->number < 0)
		errx(EX_USAGE, "size:%s: no size", text);
	return n;
}

static struct node *
flag(struct search *s, const char *text, bool strict)
{
	struct node *n;

	if (strcasecmp(text, "unread") == 0 ||
	    strcasecmp(text, "unseen") == 0) {
		n = node(s, K_NO_FLAG);
		n->bits = FLAG_SEEN;
	} else if (strcasecmp(text, "new") == 0) {
		n = node(s, K_NEW);
	} else {
		n = node(s, K_FLAG);
		n->bits = cmd_flag(text);
		if (n->bits == 0 && strict)
			errx(EX_USAGE, "is:%s: no flag", text);
	}
	return n;
}

static struct node *
keyword(struct search *s, const char *text)
{
	struct node *n = node(s, K_KEYWORD);
	int bit = folder_keyword(s->c->folder, text, false);

	n->bits = bit >= 0 ? (uint64_t)1 << bit : 0;
	return n;
}

static const struct {
	const char *name;
	enum kind kind;
} texts[] = { { "from:", K_FROM }, { "to:", K_TO }, { "subject:", K_SUBJECT },
	{ "body:", K_BODY }, { "since:", K_SINCE }, { "before:", K_BEFORE } };

static struct node *
term(struct search *s, const char *word)
{
	struct node *n;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t len = strlen(texts[i].name);

		if (strncasecmp(word, texts[i].name, len) != 0)
			continue;
		n = node(s, texts[i].kind);
		if (texts[i].kind == K_SINCE || texts[i].kind == K_BEFORE)
			n->number = date(word + len);
		else
			fold(&n->text, span(word + len));
		return n;
	}
	if (strncasecmp(word, "size:", 5) == 0)
		return size(s, word + 5);
	if (strncasecmp(word, "is:", 3) == 0)
		return flag(s, word + 3, true);
	if (strncasecmp(word, "flag:", 5) == 0)
		return flag(s, word + 5, true);
	if (strncasecmp(word, "kw:", 3) == 0)
		return keyword(s, word + 3);
	if (strcasecmp(word, "has:attachment") == 0)
		return node(s, K_ATTACHMENT);
	n = node(s, K_ANY);
	fold(&n->text, span(word));
	return n;
}

static bool
next_is(struct search *s, const char *word)
{
	if (s->at == s->words || strcasecmp(s->word[s->at], word) != 0)
		return false;
	s->at++;
	return true;
}

static struct node *
read_not(struct search *s)
{
	struct node *n;

	if (++s->depth > DEPTH)
		errx(EX_USAGE, "too deep");
	if (next_is(s, "not")) {
		n = node(s, K_NOT);
		n->left = read_not(s);
	} else if (next_is(s, "(")) {
		n = read_or(s);
		if (!next_is(s, ")"))
			errx(EX_USAGE, ") is missing");
	} else if (s->at == s->words || strcmp(s->word[s->at], ")") == 0)
		errx(EX_USAGE, "a term is missing");
	else
		n = term(s, s->word[s->at++]);
	s->depth--;
	return n;
}

static struct node *
pair(struct search *s, enum kind kind, struct node *a, struct node *b)
{
	struct node *n = node(s, kind);
	/* Bodies and free texts, which may need the file, come last. */
	bool later = a->kind == K_BODY || a->kind == K_ANY;

	n->left = later ? b : a;
	n->right = later ? a : b;
	return n;
}

static struct node *
read_and(struct search *s)
{
	struct node *n = read_not(s);

	while (s->at < s->words && strcasecmp(s->word[s->at], "or") != 0 &&
	    strcmp(s->word[s->at], ")") != 0) {
		(void)next_is(s, "and");
		n = pair(s, K_AND, n, read_not(s));
	}
	return n;
}

static struct node *
read_or(struct search *s)
{
	struct node *n = read_and(s);

	while (next_is(s, "or"))
		n = pair(s, K_OR, n, read_and(s));
	return n;
}

/* ---- matching */

static bool
holds(struct span text, const struct buf *wanted)
{
	struct buf folded;
	bool r;

	buf_init(&folded, text.len * 4 + 16);
	fold(&folded, text);
	r = memmem(folded.p, folded.len, wanted->p, wanted->len) != NULL;
	buf_free(&folded);
	return r;
}

/* The texts of the message, decoded and folded, once. */
static void
load_body(struct search *s)
{
	struct buf text, page;
	struct letter l;

	s->have_body = true;
	buf_reset(&s->body);
	if (letter_load(&l, s->c->folder, s->number) == -1) {
		letter_free(&l);
		return;
	}
	buf_init(&text, TEXT_MAX);
	buf_init(&page, TEXT_MAX);
	for (size_t i = 0; i < l.n; i++) {
		const struct piece *p = &l.piece[i];

		if (p->kind != PIECE_TEXT && p->kind != PIECE_HTML)
			continue;
		buf_reset(&text);
		buf_reset(&page);
		piece_put(&text, p, true);
		if (p->kind == PIECE_HTML)
			html_text(&page, buf_all(&text), SIZE_MAX / 2);
		fold(&s->body, buf_all(p->kind == PIECE_HTML ? &page : &text));
		buf_char(&s->body, '\n');
	}
	buf_free(&text);
	buf_free(&page);
	letter_free(&l);
}

static bool
brief_holds(struct search *s, enum brief_field f, const struct node *n)
{
	if (!s->have_brief)
		s->have_brief =
		    brief_get(&s->brief, s->c->folder, s->number) == 0;
	return s->have_brief && holds(s->brief.field[f], &n->text);
}

static bool
attachment(struct search *s)
{
	if (!s->have_brief)
		s->have_brief =
		    brief_get(&s->brief, s->c->folder, s->number) == 0;
	return s->have_brief &&
	    !span_eq(s->brief.field[BRIEF_ATTACHMENTS], span("0"));
}

static bool
body_holds(struct search *s, const struct node *n)
{
	if (!s->have_body)
		load_body(s);
	return memmem(s->body.p, s->body.len, n->text.p, n->text.len) != NULL;
}

static bool
text_match(struct search *s, const struct node *n)
{
	switch (n->kind) {
	case K_FROM:
		return brief_holds(s, BRIEF_FROM, n) ||
		    brief_holds(s, BRIEF_ADDRESS, n);
	case K_TO:
		return brief_holds(s, BRIEF_TO, n);
	case K_SUBJECT:
		return brief_holds(s, BRIEF_SUBJECT, n);
	case K_BODY:
		return body_holds(s, n);
	default:
		return brief_holds(s, BRIEF_FROM, n) ||
		    brief_holds(s, BRIEF_ADDRESS, n) ||
		    brief_holds(s, BRIEF_TO, n) ||
		    brief_holds(s, BRIEF_SUBJECT, n) || body_holds(s, n);
	}
}

/* Recursion is bounded by NODES. */
static bool
match(struct search *s, const struct node *n)
{
	switch (n->kind) {
	case K_AND:
		return match(s, n->left) && match(s, n->right);
	case K_OR:
		return match(s, n->left) || match(s, n->right);
	case K_NOT:
		return !match(s, n->left);
	case K_SINCE:
		return s->m.date >= n->number;
	case K_BEFORE:
		return s->m.date < n->number;
	case K_LARGER:
		return (int64_t)s->m.size > n->number;
	case K_SMALLER:
		return (int64_t)s->m.size < n->number;
	case K_FLAG:
		return (s->m.flags & n->bits) == n->bits;
	case K_NO_FLAG:
		return (s->m.flags & n->bits) == 0;
	case K_NEW:
		return (s->m.flags & FLAG_NEW) != 0;
	case K_KEYWORD:
		return n->bits != 0 && (s->m.keywords & n->bits) != 0;
	case K_ATTACHMENT:
		return attachment(s);
	default:
		return text_match(s, n);
	}
}

static void
free_tree(struct node *n)
{
	if (n == NULL)
		return;
	free_tree(n->left);
	free_tree(n->right);
	buf_free(&n->text);
	free(n);
}

void
cmd_search(struct cmd *c)
{
	struct search s = { .c = c, .word = c->argv, .words = c->argc };
	struct node *tree;

	if (c->argc == 0)
		errx(EX_USAGE, "for what? see maildir help search");
	cmd_open(c, false);
	tree = read_or(&s);
	if (s.at < s.words)
		errx(EX_USAGE, "%s is too much", s.word[s.at]);
	brief_init(&s.brief);
	buf_init(&s.body, TEXT_MAX);
	for (uint32_t i = 1; i <= folder_count(c->folder); i++) {
		s.number = i;
		s.have_brief = s.have_body = false;
		if (folder_get(c->folder, i, &s.m) == 0 && match(&s, tree))
			cmd_add(c, i);
	}
	brief_free(&s.brief);
	buf_free(&s.body);
	free_tree(tree);
	cmd_list_picked(c);
	c->status = c->n > 0 ? c->status : 1;
}
