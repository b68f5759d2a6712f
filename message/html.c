/* One pass over the text, a tag or an entity at a time; whatever is not
 * understood is left out (tags) or stays (entities). */
#include "message/html.h"

#include <stdbool.h>

#include "message/utf8.h"

enum { HREF_MAX = 2048, WORD_LONGEST = 4096 };

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
};

static void
end_line(struct page *p, unsigned feeds)
{
	for (; p->any && p->feeds < feeds; p->feeds++)
		buf_char(p->out, '\n');
	p->column = 0;
	p->blank = false;
}

static void
end_word(struct page *p)
{
	if (p->word.len == 0)
		return;
	if (p->column > 0 && p->blank) {
		if (p->column + 1 + p->wide > p->width) {
			buf_char(p->out, '\n');
			p->column = 0;
		} else {
			buf_char(p->out, ' ');
			p->column++;
		}
	}
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

/* ---- entities */

static const struct {
	const char *name;
	uint32_t code;
} entities[] = {
	// clang-format off
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
	{ "apos", '\'' }, { "nbsp", ' ' }, { "auml", 0xe4 }, { "ouml", 0xf6 },
	{ "uuml", 0xfc }, { "Auml", 0xc4 }, { "Ouml", 0xd6 }, { "Uuml", 0xdc },
	{ "szlig", 0xdf }, { "eacute", 0xe9 }, { "egrave", 0xe8 },
	{ "agrave", 0xe0 }, { "ccedil", 0xe7 }, { "ntilde", 0xf1 },
	{ "copy", 0xa9 }, { "reg", 0xae }, { "euro", 0x20ac },
	{ "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },
	{ "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
	{ "bull", 0x2022 }, { "hellip", 0x2026 }, { "middot", 0xb7 },
	{ "laquo", 0xab }, { "raquo", 0xbb }, { "times", 0xd7 },
	{ "pound", 0xa3 }, { "sect", 0xa7 }, { "deg", 0xb0 },
	{ "zwnj", 0x200c }, { "zwj", 0x200d }, { "shy", 0xad },
	// clang-format on
};

static uint32_t
entity_number(struct span s)
{
	uint32_t code = 0;
	bool hex = s.len > 0 && (s.p[0] == 'x' || s.p[0] == 'X');

	for (size_t i = hex; i < s.len; i++) {
		int d = span_hex(s.p[i]);

		if (d == -1 || (!hex && d > 9) || code > 0x10ffff)
			return 0;
		code = code * (hex ? 16 : 10) + (uint32_t)d;
	}
	return code;
}

/* The character that "&...;" at the front of s stands for, and its length; 0:
 * it is none. */
static size_t
entity(struct span s, uint32_t *code)
{
	size_t n = span_find(span_n(s.p, s.len < 12 ? s.len : 12), ';');
	struct span name;

	if (n == s.len || n == 12 || n < 3)
		return 0;
	name = span_n(s.p + 1, n - 1);
	*code = 0;
	if (name.p[0] == '#')
		*code = entity_number(span_from(name, 1));
	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (span_eq(name, span(entities[i].name)))
			*code = entities[i].code;
	return *code == 0 ? 0 : n + 1;
}

/* ---- tags */

enum what { NOTHING, LINE, PARAGRAPH, ITEM, CELL, SKIP, PRE, LINK };

static const struct {
	const char *name;
	enum what what;
} tags[] = {
	// clang-format off
	{ "br", LINE }, { "div", LINE }, { "tr", LINE }, { "dt", LINE },
	{ "dd", LINE }, { "hr", LINE }, { "section", LINE },
	{ "p", PARAGRAPH }, { "h1", PARAGRAPH }, { "h2", PARAGRAPH },
	{ "h3", PARAGRAPH }, { "h4", PARAGRAPH }, { "h5", PARAGRAPH },
	{ "h6", PARAGRAPH }, { "ul", PARAGRAPH }, { "ol", PARAGRAPH },
	{ "table", PARAGRAPH }, { "blockquote", PARAGRAPH },
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

static void
link_begin(struct page *p, struct span tag)
{
	size_t i = 2, end;
	char quote;

	buf_reset(&p->href);
	p->href_from = p->out->len;
	for (; i + 5 < tag.len; i++)
		if (blank(tag.p[i - 1]) &&
		    span_starts(span_from(tag, i), "href="))
			break;
	if (i + 5 >= tag.len)
		return;
	tag = span_from(tag, i + 5);
	quote = tag.p[0];
	if (quote == '"' || quote == '\'') {
		tag = span_from(tag, 1);
		end = span_find(tag, quote);
	} else
		for (end = 0;
		     end < tag.len && !blank(tag.p[end]) && tag.p[end] != '>';
		     end++)
			;
	tag.len = end;
	if (end < HREF_MAX &&
	    (span_starts(tag, "http:") || span_starts(tag, "https:") ||
		span_starts(tag, "mailto:")))
		for (i = 0; i < end; i++)
			if ((unsigned char)tag.p[i] > 0x20)
				buf_char(&p->href, tag.p[i]);
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
	end_word(p);
	if (what == CELL) {
		p->blank = true;
		return;
	}
	end_line(p, what == PARAGRAPH || what == PRE ? 2 : 1);
	if (what == PRE)
		p->pre = !end;
	if (what == ITEM && !end) {
		buf_str(&p->word, "*");
		p->wide = 1;
		end_word(p);
		p->blank = true;
	}
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
	size_t n = s.p[0] == '&' ? entity(s, &code) : 0;

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

void
html_text(struct buf *out, struct span s, size_t width)
{
	struct page p = { .out = out, .width = width };
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
				buf_char(out, '\n');
				p.column = 0;
			} else if (p.pre && s.p[0] != '\r')
				buf_char(out, s.p[0]);
			else
				p.blank = true;
		} else
			n = character(&p, s);
	}
	end_word(&p);
	end_line(&p, 1);
	if (p.feeds == 2)
		buf_cut(out, out->len - 1);
	buf_free(&p.word);
	buf_free(&p.href);
}
