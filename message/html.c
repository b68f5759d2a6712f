/* One pass over the text, a tag or an entity at a time; whatever is not
 * understood is left out (tags) or stays (entities). */
#include "message/html.h"

#include <stdbool.h>
#include <stdio.h>

#include "message/entity.h"
#include "message/utf8.h"

enum { HREF_MAX = 2048, WORD_LONGEST = 4096, DEEPEST = 8, RULE = 30 };

struct page {
	struct buf *out;
	struct buf word; /* not yet written */
	size_t wide; /* columns of word, roughly: characters */
	size_t column, width;
	unsigned feeds; /* line ends at the end of out, at most 2 */
	bool blank; /* is due before the next word */
	bool any; /* something was written */
	bool pre;
	struct buf href;
	size_t href_from; /* length of out where the link began */
	/* of html_page alone: */
	bool page;
	bool begun; /* the line has what stands before its text */
	bool marked; /* and nothing but the mark of an item */
	unsigned quotes, lists; /* how deep; at most DEEPEST are shown */
	unsigned number[DEEPEST + 1]; /* of the next item; 0: they have none */
};

static unsigned
shown(unsigned depth)
{
	return depth < DEEPEST ? depth : DEEPEST;
}

/* The columns before the text of each line. */
static size_t
indent(const struct page *p)
{
	unsigned quotes = shown(p->quotes);

	return (quotes > 0 ? quotes + 1 : 0) + (size_t)2 * shown(p->lists);
}

/* "hang" of these columns are for the mark of an item. */
static void
begin_line(struct page *p, size_t hang)
{
	if (p->begun)
		return;
	p->begun = true;
	for (unsigned i = 0; i < shown(p->quotes); i++)
		buf_char(p->out, '>');
	if (p->quotes > 0)
		buf_char(p->out, ' ');
	for (size_t i = hang; i < (size_t)2 * shown(p->lists); i++)
		buf_char(p->out, ' ');
}

static void
end_line(struct page *p, unsigned feeds)
{
	if (p->marked) /* its text has not begun */
		return;
	for (; p->any && p->feeds < feeds; p->feeds++)
		buf_char(p->out, '\n');
	p->column = 0;
	p->blank = p->begun = false;
}

static void
end_word(struct page *p)
{
	if (p->word.len == 0)
		return;
	if (p->column > 0 && p->blank) {
		if (p->column + indent(p) + 1 + p->wide > p->width) {
			buf_char(p->out, '\n');
			p->column = 0;
			p->begun = false;
		} else {
			buf_char(p->out, ' ');
			p->column++;
		}
	}
	begin_line(p, 0);
	p->marked = false;
	buf_span(p->out, buf_all(&p->word));
	p->column += p->wide;
	p->any = true;
	p->feeds = 0;
	p->blank = false;
	buf_reset(&p->word);
	p->wide = 0;
}

static void
put(struct page *p, struct span s)
{
	if (p->word.len + s.len > WORD_LONGEST)
		end_word(p);
	buf_span(&p->word, s);
	p->wide++;
}

/* ---- tags */

enum what {
	NOTHING,
	LINE,
	PARAGRAPH,
	ITEM,
	CELL,
	SKIP,
	PRE,
	LINK,
	LIST,
	NUMBERED,
	QUOTE,
	HORIZONTAL,
	PICTURE
};

static const struct {
	const char *name;
	enum what what;
} tags[] = {
	// clang-format off
	{ "br", LINE }, { "div", LINE }, { "tr", LINE }, { "dt", LINE },
	{ "dd", LINE }, { "hr", HORIZONTAL }, { "section", LINE },
	{ "p", PARAGRAPH }, { "h1", PARAGRAPH }, { "h2", PARAGRAPH },
	{ "h3", PARAGRAPH }, { "h4", PARAGRAPH }, { "h5", PARAGRAPH },
	{ "h6", PARAGRAPH }, { "ul", LIST }, { "ol", NUMBERED },
	{ "table", PARAGRAPH }, { "blockquote", QUOTE },
	{ "img", PICTURE },
	{ "li", ITEM }, { "td", CELL }, { "th", CELL }, { "pre", PRE },
	{ "script", SKIP }, { "style", SKIP }, { "title", SKIP }, { "a", LINK },
	// clang-format on
};

/* Behind the ">" that ends the tag at the front of s; quotes are minded. */
static size_t
tag_length(struct span s)
{
	char quote = '\0';

	if (s.len >= 4 && memcmp(s.p, "<!--", 4) == 0) {
		const char *end = memmem(s.p + 4, s.len - 4, "-->", 3);

		return end == NULL ? s.len : (size_t)(end + 3 - s.p);
	}
	for (size_t i = 1; i < s.len; i++) {
		if (quote != '\0')
			quote = s.p[i] == quote ? '\0' : quote;
		else if (s.p[i] == '>')
			return i + 1;
		else if ((s.p[i] == '"' || s.p[i] == '\'') && s.p[i - 1] == '=')
			quote = s.p[i];
	}
	return s.len;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The value of that attribute ("href="); empty: it has none. */
static struct span
attribute(struct span tag, const char *name)
{
	size_t n = strlen(name), i = 2;
	char quote;

	for (; i + n < tag.len; i++)
		if (blank(tag.p[i - 1]) && span_starts(span_from(tag, i), name))
			break;
	if (i + n >= tag.len)
		return span("");
	tag = span_from(tag, i + n);
	quote = tag.p[0];
	if (quote == '"' || quote == '\'') {
		tag = span_from(tag, 1);
		tag.len = span_find(tag, quote);
		return tag;
	}
	for (i = 0; i < tag.len && !blank(tag.p[i]) && tag.p[i] != '>'; i++)
		;
	tag.len = i;
	return tag;
}

static void
link_begin(struct page *p, struct span tag)
{
	struct span url = attribute(tag, "href=");

	buf_reset(&p->href);
	p->href_from = p->out->len;
	if (url.len < HREF_MAX &&
	    (span_starts(url, "http:") || span_starts(url, "https:") ||
		span_starts(url, "mailto:")))
		for (size_t i = 0; i < url.len; i++)
			if ((unsigned char)url.p[i] > 0x20)
				buf_char(&p->href, url.p[i]);
}

/* The address behind its text, unless the text says the same. */
static void
link_end(struct page *p)
{
	struct span url = buf_all(&p->href);

	end_word(p);
	if (url.len == 0)
		return;
	if (p->href_from <= p->out->len) {
		struct span said =
		    span_trim(span_from(buf_all(p->out), p->href_from));

		/* the mark of a quoted line is none of it */
		while (said.len > 0 && (said.p[0] == '>' || said.p[0] == ' '))
			said = span_from(said, 1);
		if (said.len > 0 && memmem(url.p, url.len, said.p, said.len))
			url.len = 0;
	}
	if (url.len > 0) {
		p->blank = true;
		buf_char(&p->word, '<');
		buf_span(&p->word, url);
		buf_char(&p->word, '>');
		p->wide = p->word.len;
		end_word(p);
	}
	buf_reset(&p->href);
}

/* Behind "</name" of a script or the like that begins at s. */
static size_t
skip_to(struct span s, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n + 2 <= s.len; i++) {
		const char *lt = memchr(s.p + i, '<', s.len - i);

		if (lt == NULL)
			break;
		i = (size_t)(lt - s.p);
		if (i + n + 2 <= s.len && s.p[i + 1] == '/' &&
		    span_starts(span_from(s, i + 2), name))
			return i;
	}
	return s.len;
}

/* ---- what only a page has */

static void
list(struct page *p, bool numbered, bool end)
{
	/* A list within a list needs no empty line. */
	end_line(p, p->lists > (end ? 1 : 0) ? 1 : 2);
	if (end && p->lists > 0)
		p->lists--;
	else if (!end && ++p->lists <= DEEPEST)
		p->number[p->lists] = numbered;
}

static void
item(struct page *p)
{
	unsigned depth = shown(p->lists);
	char mark[16] = "* ";

	end_line(p, 1);
	if (!p->page) {
		put(p, span("*"));
		end_word(p);
		p->blank = true;
		return;
	}
	if (depth > 0 && p->number[depth] > 0)
		(void)snprintf(mark, sizeof(mark), "%u. ", p->number[depth]++);
	begin_line(p, 2);
	buf_str(p->out, mark);
	p->any = p->marked = true;
	p->feeds = 0;
}

static void
quote(struct page *p, bool end)
{
	end_line(p, 2);
	if (!end)
		p->quotes++;
	else if (p->quotes > 0)
		p->quotes--;
}

static void
rule(struct page *p)
{
	end_line(p, 1);
	for (size_t i = 0; i < RULE && i + indent(p) < p->width; i++)
		put(p, span("-"));
	end_word(p);
	end_line(p, 1);
}

static size_t character(struct page *, struct span);

static void
picture(struct page *p, struct span tag)
{
	struct span text = attribute(tag, "alt=");

	for (size_t n; text.len > 0; text = span_from(text, n)) {
		n = 1;
		if (blank(text.p[0])) {
			end_word(p);
			p->blank = true;
		} else
			n = character(p, text);
	}
}

/* true: that was all. */
static bool
obey_page(struct page *p, enum what what, bool end, struct span tag)
{
	if (!p->page)
		return false;
	if (what == LIST || what == NUMBERED)
		list(p, what == NUMBERED, end);
	else if (what == QUOTE)
		quote(p, end);
	else if (what == HORIZONTAL)
		rule(p);
	else if (what == PICTURE)
		picture(p, tag);
	else
		return false;
	return true;
}

static void
obey(struct page *p, enum what what, bool end, struct span tag)
{
	if (what == NOTHING)
		return;
	if (what == LINK) {
		if (end) {
			link_end(p);
			return;
		}
		end_word(p);
		link_begin(p, tag);
		return;
	}
	if (what == PICTURE && !p->page)
		return;
	end_word(p);
	if (obey_page(p, what, end, tag))
		return;
	if (what == CELL) {
		p->blank = true;
		return;
	}
	if (what == ITEM && !end) {
		item(p);
		return;
	}
	end_line(p,
	    what == PARAGRAPH || what == PRE || what == LIST ||
		    what == NUMBERED || what == QUOTE ?
		2 :
		1);
	if (what == PRE)
		p->pre = !end;
}

/* A tag at the front of s: its length, with what it hides. */
static size_t
tag(struct page *p, struct span s)
{
	size_t n = tag_length(s), from = 1, len = 0;
	bool end = s.len > 1 && s.p[1] == '/';
	struct span name;

	from += end;
	while (from + len < n && !blank(s.p[from + len]) &&
	    s.p[from + len] != '>' && s.p[from + len] != '/')
		len++;
	name = span_n(s.p + from, len);
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		if (!span_same(name, span(tags[i].name)))
			continue;
		if (tags[i].what == SKIP)
			return end ? n :
				     n + skip_to(span_from(s, n), tags[i].name);
		obey(p, tags[i].what, end, span_n(s.p, n));
		break;
	}
	return n;
}

static size_t
character(struct page *p, struct span s)
{
	struct buf one;
	uint32_t code;
	size_t n = s.p[0] == '&' ? entity_get(s, &code) : 0;

	if (n > 0) {
		buf_init(&one, 8);
		if (code == ' ' || code == 0xa0) {
			end_word(p);
			p->blank = true;
		} else if (code != 0xad) {
			utf8_put(&one, code);
			put(p, buf_all(&one));
		}
		buf_free(&one);
		return n;
	}
	n = utf8_get(s, &code);
	n = n == 0 ? 1 : n;
	put(p, span_n(s.p, n));
	return n;
}

static void
read_all(struct buf *out, struct span s, size_t width, bool page)
{
	struct page p = { .out = out, .width = width, .page = page };
	size_t n;

	buf_init(&p.word, WORD_LONGEST + HREF_MAX + 16);
	buf_init(&p.href, HREF_MAX);
	for (; s.len > 0; s = span_from(s, n)) {
		n = 1;
		if (s.p[0] == '<' && s.len > 1 &&
		    (s.p[1] == '/' || s.p[1] == '!' || s.p[1] == '?' ||
			(s.p[1] | 0x20) >= 'a')) {
			n = tag(&p, s);
		} else if (blank(s.p[0])) {
			end_word(&p);
			if (p.pre && s.p[0] == '\n') {
				begin_line(&p, 0);
				buf_char(out, '\n');
				p.column = 0;
				p.begun = false;
			} else if (p.pre && s.p[0] != '\r') {
				begin_line(&p, 0);
				buf_char(out, s.p[0]);
			} else
				p.blank = true;
		} else
			n = character(&p, s);
	}
	end_word(&p);
	p.marked = false;
	end_line(&p, 1);
	if (p.feeds == 2)
		buf_cut(out, out->len - 1);
	buf_free(&p.word);
	buf_free(&p.href);
}

void
html_text(struct buf *out, struct span s, size_t width)
{
	read_all(out, s, width, false);
}

void
html_page(struct buf *out, struct span s, size_t width)
{
	read_all(out, s, width, true);
}
