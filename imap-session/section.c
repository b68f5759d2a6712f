#include "imap-session/section.h"

#include <string.h>

#include "imap-session/put.h"
#include "imap-session/text.h"
#include "message/header.h"

enum { NUMBERS_MAX = 100, FIELDS_MAX = 1000 };

static const struct {
	const char *word;
	enum section_kind kind;
} kinds[] = {
	{ "HEADER", SECTION_HEADER },
	{ "HEADER.FIELDS", SECTION_FIELDS },
	{ "HEADER.FIELDS.NOT", SECTION_NOT_FIELDS },
	{ "TEXT", SECTION_TEXT },
	{ "MIME", SECTION_MIME },
};

/* "1.2.3", and the dot before what follows. */
static int
read_numbers(struct parse *p, struct section *s)
{
	s->number = arena_take(p->arena, NUMBERS_MAX * sizeof(uint32_t));
	if (s->number == NULL)
		return parse_fail(p, "Command is too large");
	do {
		if (s->numbers == NUMBERS_MAX)
			return parse_fail(p, "Too many part numbers");
		if (parse_nz(p, &s->number[s->numbers++]) == -1)
			return -1;
		if (!parse_try(p, '.'))
			return parse_next(p, ']') ?
			    0 :
			    parse_fail(p, "Invalid section");
	} while (p->rest.len > 0 && p->rest.p[0] >= '0' && p->rest.p[0] <= '9');
	return parse_next(p, ']') ? parse_fail(p, "Invalid section") : 1;
}

static int
read_fields(struct parse *p, struct section *s)
{
	if (parse_space(p) == -1 || parse_char(p, '(') == -1)
		return -1;
	s->field = arena_take(p->arena, FIELDS_MAX * sizeof(*s->field));
	if (s->field == NULL)
		return parse_fail(p, "Command is too large");
	do {
		if (s->fields == FIELDS_MAX)
			return parse_fail(p, "Too many header fields");
		if (parse_astring(p, &s->field[s->fields++]) == -1)
			return -1;
	} while (parse_try(p, ' '));
	return parse_char(p, ')');
}

static int
read_word(struct parse *p, struct section *s)
{
	struct span word;

	if (parse_atom(p, &word) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_same(word, span(kinds[i].word)))
			s->kind = kinds[i].kind;
	if (s->kind == SECTION_ALL ||
	    (s->kind == SECTION_MIME && s->numbers == 0))
		return parse_fail(p, "Invalid section");
	if (s->kind == SECTION_FIELDS || s->kind == SECTION_NOT_FIELDS)
		return read_fields(p, s);
	return 0;
}

int
section_read(struct parse *p, struct section *s)
{
	int more = 1;

	*s = (struct section){ 0 };
	if (parse_char(p, '[') == -1)
		return -1;
	if (p->rest.len > 0 && p->rest.p[0] >= '0' && p->rest.p[0] <= '9')
		more = read_numbers(p, s);
	if (more == -1 ||
	    (more == 1 && !parse_next(p, ']') && read_word(p, s) == -1))
		return -1;
	if (parse_char(p, ']') == -1)
		return -1;
	if (!parse_try(p, '<'))
		return 0;
	s->partial = true;
	if (parse_uint32(p, &s->first) == -1 || !parse_try(p, '.') ||
	    parse_nz(p, &s->count) == -1 || !parse_try(p, '>'))
		return parse_fail(p, "Invalid partial");
	return 0;
}

void
section_put(struct buf *b, const struct section *s)
{
	buf_char(b, '[');
	for (size_t i = 0; i < s->numbers; i++)
		buf_printf(b, "%s%u", i > 0 ? "." : "", s->number[i]);
	if (s->kind != SECTION_ALL && s->numbers > 0)
		buf_char(b, '.');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].kind == s->kind)
			buf_str(b, kinds[i].word);
	for (size_t i = 0; i < s->fields; i++) {
		buf_str(b, i > 0 ? " " : " (");
		put_astring(b, s->field[i], false);
	}
	buf_str(b, s->fields > 0 ? ")]" : "]");
	if (s->partial)
		buf_printf(b, "<%u>", s->first);
}

bool
section_in_header(const struct section *s)
{
	return s->numbers == 0 &&
	    (s->kind == SECTION_HEADER || s->kind == SECTION_FIELDS ||
		s->kind == SECTION_NOT_FIELDS);
}

static bool
listed(const struct section *s, struct span name)
{
	for (size_t i = 0; i < s->fields; i++)
		if (span_same(s->field[i], name))
			return true;
	return false;
}

/* Those fields of a header that are asked for, and an empty line. */
static struct span
some_fields(const struct section *s, struct span header, struct buf *scratch)
{
	struct field f;

	buf_reset(scratch);
	while (header_next(&header, &f) == 1)
		if (listed(s, f.name) == (s->kind == SECTION_FIELDS))
			buf_span(scratch, f.whole);
	if (scratch->len > 0 && scratch->p[scratch->len - 1] != '\n')
		buf_str(scratch, "\r\n");
	buf_str(scratch, "\r\n");
	return buf_all(scratch);
}

static struct span
between(struct span message, const struct mime_at *from,
    const struct mime_at *to)
{
	return span_n(message.p + from->octet,
	    (size_t)(to->octet - from->octet));
}

/* The header and the text of a message, which may be one within another. */
static struct span
of_message(const struct section *s, struct span header, struct span body,
    struct buf *scratch)
{
	switch (s->kind) {
	case SECTION_HEADER:
		return header;
	case SECTION_TEXT:
		return body;
	default:
		return some_fields(s, header, scratch);
	}
}

static bool
find(const struct section *s, struct span message, const struct mime *m,
    struct buf *scratch, struct span *piece)
{
	const struct mime_part *part, *in;
	size_t n;

	if (s->numbers == 0) {
		*piece = message;
		if (s->kind == SECTION_ALL)
			return true;
		n = text_header(message);
		*piece = of_message(s, span_n(message.p, n),
		    span_from(message, n), scratch);
		return true;
	}
	part = mime_section(m, s->number, s->numbers);
	if (part == NULL)
		return false;
	if (s->kind == SECTION_ALL)
		*piece = between(message, &part->body, &part->end);
	else if (s->kind == SECTION_MIME)
		*piece = between(message, &part->header, &part->body);
	else if (part->kind != MIME_MESSAGE)
		return false;
	else {
		in = &m->part[part->child];
		*piece = of_message(s, between(message, &in->header, &in->body),
		    between(message, &in->body, &in->end), scratch);
	}
	return true;
}

bool
section_find(const struct section *s, struct span message, const struct mime *m,
    struct buf *scratch, struct span *piece)
{
	if (!find(s, message, m, scratch, piece))
		return false;
	if (!s->partial)
		return true;
	if (s->first >= piece->len)
		*piece = span_n(piece->p, 0);
	else
		*piece = span_from(*piece, s->first);
	if (piece->len > s->count)
		piece->len = s->count;
	return true;
}
