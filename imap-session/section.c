#include "imap-session/section.h"

#include <string.h>

#include "imap-session/put.h"
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

static int
read_partial(struct parse *p, struct section *s)
{
	if (!parse_try(p, '<'))
		return 0;
	s->partial = true;
	if (parse_uint32(p, &s->first) == -1 || !parse_try(p, '.') ||
	    parse_nz(p, &s->count) == -1 || !parse_try(p, '>'))
		return parse_fail(p, "Invalid partial");
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
	return parse_char(p, ']') == -1 ? -1 : read_partial(p, s);
}

int
section_read_binary(struct parse *p, struct section *s, bool partial)
{
	*s = (struct section){ 0 };
	if (parse_char(p, '[') == -1)
		return -1;
	if (!parse_next(p, ']') && read_numbers(p, s) != 0)
		return parse_fail(p, "Invalid section");
	if (parse_char(p, ']') == -1)
		return -1;
	return partial ? read_partial(p, s) : 0;
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

bool
section_of_fields(const struct section *s, bool (*known)(struct span name))
{
	for (size_t i = 0; i < s->fields; i++)
		if (!known(s->field[i]))
			return false;
	return s->numbers == 0 && s->kind == SECTION_FIELDS;
}

static bool
listed(const struct section *s, struct span name)
{
	for (size_t i = 0; i < s->fields; i++)
		if (span_same(s->field[i], name))
			return true;
	return false;
}

void
section_choose(const struct section *s, struct span header, struct buf *b)
{
	size_t from = b->len;
	struct field f;

	while (header_next(&header, &f) == 1)
		if (listed(s, f.name) == (s->kind == SECTION_FIELDS))
			buf_span(b, f.whole);
	if (b->len > from && b->p[b->len - 1] != '\n')
		buf_str(b, "\r\n");
	buf_str(b, "\r\n");
}

static enum section_is
extent(uint64_t at, uint64_t end, uint64_t *from, uint64_t *to)
{
	*from = at;
	*to = end;
	return SECTION_OCTETS;
}

/* Of a message, which may be one within another. */
static enum section_is
of_message(const struct section *s, uint64_t begin, uint64_t body, uint64_t end,
    uint64_t *from, uint64_t *to)
{
	if (s->kind == SECTION_TEXT)
		return extent(body, end, from, to);
	(void)extent(begin, body, from, to);
	return s->kind == SECTION_HEADER ? SECTION_OCTETS : SECTION_CHOSEN;
}

enum section_is
section_find(const struct section *s, const struct mime *m, uint64_t header,
    uint64_t size, uint64_t *from, uint64_t *to)
{
	const struct mime_part *part, *in;

	if (s->numbers == 0)
		return s->kind == SECTION_ALL ?
		    extent(0, size, from, to) :
		    of_message(s, 0, header, size, from, to);
	part = mime_section(m, s->number, s->numbers);
	if (part == NULL)
		return SECTION_NONE;
	if (s->kind == SECTION_ALL)
		return extent(part->body.octet, part->end.octet, from, to);
	if (s->kind == SECTION_MIME)
		return extent(part->header.octet, part->body.octet, from, to);
	if (part->kind != MIME_MESSAGE)
		return SECTION_NONE;
	in = &m->part[part->child];
	return of_message(s, in->header.octet, in->body.octet, in->end.octet,
	    from, to);
}

void
section_partial(const struct section *s, uint64_t size, uint64_t *skip,
    uint64_t *count)
{
	*skip = 0;
	*count = size;
	if (!s->partial)
		return;
	*skip = s->first < size ? s->first : size;
	*count = size - *skip < s->count ? size - *skip : s->count;
}
