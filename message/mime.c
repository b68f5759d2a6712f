/* The parser sees lines.  "level" is the stack of parts that are open, from
 * the message down to the part that the line belongs to; a boundary line of
 * any of them ends all above it, so that a part whose own end is missing ends
 * with the one around it (RFC 2046 s. 5.1.2).
 *
 * Only two kinds of lines are looked at: those of a header, and those that
 * begin with "--".  All others are counted and forgotten. */
#include "message/mime.h"

#include <stdlib.h>

struct mime_level {
	uint32_t part;
	uint32_t last; /* child */
	bool digest;
	bool closed; /* its last boundary came */
	unsigned boundary_len; /* 0: not a multipart */
	char boundary[MIME_BOUNDARY];
};

static struct mime_level *
top(struct mime *m)
{
	return &m->level[m->levels - 1];
}

/* A new part below the one on top, its header beginning at "at"; it is on
 * top then.  -1: no memory. */
static int
open_part(struct mime *m, struct mime_at at, enum mime_as as)
{
	uint32_t i = m->parts, room;
	struct mime_part *p;
	struct mime_level *up = m->levels > 0 ? top(m) : NULL;

	if (m->parts == m->room) {
		room = m->room == 0 ? 8 : m->room * 2;
		p = reallocarray(m->part, room, sizeof *p);
		if (p == NULL) {
			m->failed = true;
			return -1;
		}
		m->part = p;
		m->room = room;
	}
	m->parts++;
	m->part[i] = (struct mime_part){ .as = as,
		.header = at,
		.body = at,
		.end = at,
		.parent = up != NULL ? up->part : MIME_NONE,
		.child = MIME_NONE,
		.next = MIME_NONE,
		.fields = m->fields.len };
	if (up != NULL && up->last == MIME_NONE)
		m->part[up->part].child = i;
	else if (up != NULL)
		m->part[up->last].next = i;
	if (up != NULL)
		up->last = i;
	m->level[m->levels++] =
	    (struct mime_level){ .part = i, .last = MIME_NONE };
	m->in_header = true;
	m->in_field = m->keeping = false;
	return 0;
}

/* The boundary of a multipart, copied to *l; false: it has none of use. */
static bool
take_boundary(const struct content *c, struct mime_level *l)
{
	const struct param *p = content_param(c, "boundary");
	struct span b;

	if (p == NULL)
		return false;
	b = span_trim(p->value);
	if (b.len == 0 || b.len > MIME_BOUNDARY)
		return false;
	memcpy(l->boundary, b.p, b.len);
	l->boundary_len = (unsigned)b.len;
	return true;
}

/* What the part on top is, now that its header is known. */
static void
classify(struct mime *m, struct mime_part *p, struct mime_level *l)
{
	struct content c;
	bool multipart, message;
	struct field f;

	if (mime_field(m, p, "Content-Type", &f)) {
		if (content_read(&c, f.value) == 0 ||
		    span_same(c.type, span("text")))
			p->as = MIME_AS_SAID;
		content_free(&c);
	}
	m->failed |= mime_content(m, p, &c) == -1;
	multipart = span_same(c.type, span("multipart"));
	message = span_same(c.type, span("message")) &&
	    (span_same(c.subtype, span("rfc822")) ||
		span_same(c.subtype, span("global")));
	if ((multipart || message) &&
	    (m->levels >= MIME_DEPTH || m->parts >= MIME_PARTS)) {
		m->cut = true;
		p->as = MIME_AS_OCTETS;
	} else if (multipart) {
		l->digest = span_same(c.subtype, span("digest"));
		if (take_boundary(&c, l))
			p->kind = MIME_MULTIPART;
		else
			p->as = MIME_AS_TEXT;
	} else if (message)
		p->kind = MIME_MESSAGE;
	content_free(&c);
}

/* The header of the part on top ends, its body begins at "at". */
static void
end_header(struct mime *m, struct mime_at at)
{
	struct mime_part *p = &m->part[top(m)->part];

	m->in_header = false;
	p->body = at;
	p->fields_len = m->fields.len - p->fields;
	classify(m, p, top(m));
	if (p->kind == MIME_MESSAGE)
		(void)open_part(m, at, MIME_AS_TEXT);
}

/* The part on top ends before "at", or, if a boundary follows, before the
 * line end there.  A part never ends before its last child. */
static void
close_part(struct mime *m, struct mime_at at, bool boundary)
{
	struct mime_level *l = top(m);
	struct mime_part *p = &m->part[l->part];

	if (boundary && at.octet > p->body.octet) {
		at.octet -= m->eol;
		at.wire -= 2;
		at.line--;
	}
	p->end = at;
	if (l->last != MIME_NONE && m->part[l->last].end.octet > at.octet)
		p->end = m->part[l->last].end;
	if (p->kind == MIME_MULTIPART && l->last == MIME_NONE) {
		if (m->parts < MIME_PARTS &&
		    open_part(m, p->end, MIME_AS_TEXT) == 0)
			m->levels--;
		else {
			p->kind = MIME_LEAF;
			p->as = MIME_AS_TEXT;
		}
	}
	m->open |= l->boundary_len > 0 && !l->closed;
	m->in_header = false;
	m->levels--;
}

/* The same when the header has no end: that of a message within it has none
 * either. */
static void
end_headers(struct mime *m, struct mime_at at)
{
	while (m->in_header && !m->failed)
		end_header(m, at);
}

/* All above level "k" end before the boundary line at "at". */
static void
close_above(struct mime *m, unsigned k, struct mime_at at)
{
	end_headers(m, at);
	while (m->levels > k + 1)
		close_part(m, at, true);
}

/* Whether a line behind its "--" is the boundary of the level: 2 exactly, 1
 * when more follows, which is allowed (RFC 2046 s. 5.1.1); *last: "--" stands
 * behind it. */
static int
matches(const struct mime_level *l, struct span s, bool *last)
{
	struct span rest;

	if (l->boundary_len == 0 || s.len < l->boundary_len ||
	    memcmp(s.p, l->boundary, l->boundary_len) != 0)
		return 0;
	rest = span_from(s, l->boundary_len);
	*last = rest.len >= 2 && rest.p[0] == '-' && rest.p[1] == '-';
	return rest.len == 0 || (*last && rest.len == 2) ? 2 : 1;
}

/* The level whose boundary the line is: the innermost that is met exactly,
 * else the one with the longest boundary.  -1: none. */
static int
find_boundary(const struct mime *m, struct span line, bool *last)
{
	struct span s = span_from(line, 2);
	int found = -1, how;
	unsigned k;
	bool l;

	while (s.len > 0 &&
	    (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t' ||
		s.p[s.len - 1] == '\r' || s.p[s.len - 1] == '\n'))
		s.len--;
	for (k = m->levels; k-- > 0;) {
		how = matches(&m->level[k], s, &l);
		if (how == 0 ||
		    (how == 1 && found != -1 &&
			m->level[k].boundary_len <=
			    m->level[found].boundary_len))
			continue;
		found = (int)k;
		*last = l;
		if (how == 2)
			break;
	}
	return found;
}

/* True when the line was a boundary and is done with. */
static bool
boundary_line(struct mime *m, struct span line)
{
	struct mime_level *l;
	bool last = false;
	int k;

	if (line.len < 3 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	k = find_boundary(m, line, &last);
	if (k == -1 || m->level[k].closed)
		return false; /* or it is text behind the last part */
	if (!last && m->parts >= MIME_PARTS) {
		m->cut = true;
		return false;
	}
	close_above(m, (unsigned)k, m->start);
	l = &m->level[k];
	l->closed = last;
	if (!last)
		(void)open_part(m, m->now,
		    l->digest ? MIME_AS_MESSAGE : MIME_AS_TEXT);
	return true;
}

static void
keep(struct mime *m, struct span line)
{
	buf_span(&m->fields, line);
	/* A cut line needs its end all the same. */
	if (line.len == 0 || line.p[line.len - 1] != '\n')
		buf_char(&m->fields, '\n');
	m->cut |= m->fields.over;
}

static void
header_line(struct mime *m, struct span line)
{
	struct span rest = line;
	struct field f;

	if (m->in_field && (line.p[0] == ' ' || line.p[0] == '\t')) {
		if (m->keeping)
			keep(m, line);
		return;
	}
	if (header_next(&rest, &f) == 1) {
		m->in_field = true;
		m->keeping = span_starts(f.name, "content-");
		if (m->keeping)
			keep(m, line);
		return;
	}
	if (rest.p != line.p || rest.len != line.len) {
		end_header(m, m->now);
		return;
	}
	/* No field: the body began without an empty line. */
	end_headers(m, m->start);
}

/* A line, or what was kept of it, whose end is "now". */
static void
take_line(struct mime *m, struct span line)
{
	if (!m->failed && line.len > 0 && !boundary_line(m, line) &&
	    m->in_header)
		header_line(m, line);
	buf_reset(&m->line);
}

int
mime_begin(struct mime *m)
{
	memset(m, 0, sizeof *m);
	buf_init(&m->fields, MIME_FIELDS);
	buf_init(&m->line, MIME_LINE);
	m->level = calloc(MIME_DEPTH + 2, sizeof *m->level);
	if (m->level == NULL) {
		m->failed = true;
		return -1;
	}
	return open_part(m, m->now, MIME_AS_TEXT);
}

/* Keep a piece of a line, as far as it can matter. */
static void
keep_piece(struct mime *m, struct span s)
{
	size_t most = m->in_header ? MIME_LINE : MIME_BOUNDARY + 100;
	size_t room = most > m->line.len ? most - m->line.len : 0;

	buf_span(&m->line, span_n(s.p, s.len < room ? s.len : room));
	if (s.len > room && m->in_header)
		m->cut = true;
	m->failed |= m->line.over;
}

void
mime_put(struct mime *m, struct span in)
{
	struct span line;
	unsigned eol;
	bool whole;

	while (in.len > 0 && !m->failed) {
		line = span_n(in.p, span_find(in, '\n'));
		whole = line.len < in.len;
		line.len += whole;
		in = span_from(in, line.len);
		m->now.octet += line.len;
		m->now.wire += line.len;
		eol = 1 + (line.len > 1 ? line.p[line.len - 2] == '\r' : m->cr);
		if (whole) {
			m->now.wire += eol == 1;
			m->now.line++;
		}
		m->cr = line.p[line.len - 1] == '\r';
		if (m->line.len > 0 || !whole) {
			keep_piece(m, line);
			line = buf_all(&m->line);
		}
		if (whole) {
			take_line(m, line);
			m->start = m->now;
			m->eol = eol;
		}
	}
}

int
mime_end(struct mime *m)
{
	if (m->line.len > 0)
		take_line(m, buf_all(&m->line));
	end_headers(m, m->now);
	while (m->levels > 0 && !m->failed)
		close_part(m, m->now, false);
	return m->failed ? -1 : 0;
}

void
mime_free(struct mime *m)
{
	free(m->part);
	free(m->level);
	buf_free(&m->fields);
	buf_free(&m->line);
	memset(m, 0, sizeof *m);
}

bool
mime_field(const struct mime *m, const struct mime_part *p, const char *name,
    struct field *f)
{
	return header_find(span_n(m->fields.p + p->fields, p->fields_len), name,
	    f);
}

int
mime_content(const struct mime *m, const struct mime_part *p, struct content *c)
{
	static const char *const types[][2] = {
		[MIME_AS_SAID] = { "text", "plain" }, /* "text" alone */
		[MIME_AS_TEXT] = { "text", "plain" },
		[MIME_AS_MESSAGE] = { "message", "rfc822" },
		[MIME_AS_OCTETS] = { "application", "octet-stream" },
	};
	struct field f = { .value = { "", 0 } };

	if (p->as == MIME_AS_SAID)
		(void)mime_field(m, p, "Content-Type", &f);
	(void)content_read(c, f.value);
	if (c->subtype.len == 0) {
		c->type = span(types[p->as][0]);
		c->subtype = span(types[p->as][1]);
	}
	return c->text.over ? -1 : 0;
}

/* The part number "n" of "p" if that is a message, else NULL. */
static const struct mime_part *
of_message(const struct mime *m, const struct mime_part *p, uint32_t n)
{
	uint32_t i;

	if (p->kind != MIME_MULTIPART)
		return n == 1 ? p : NULL;
	for (i = p->child; i != MIME_NONE && n > 1; n--)
		i = m->part[i].next;
	return i != MIME_NONE && n == 1 ? &m->part[i] : NULL;
}

const struct mime_part *
mime_section(const struct mime *m, const uint32_t *number, size_t count)
{
	const struct mime_part *p = m->part;
	size_t i;

	for (i = 0; i < count && p != NULL; i++) {
		if (i > 0 && p->kind == MIME_LEAF)
			return NULL;
		if (i > 0 && p->kind == MIME_MESSAGE)
			p = &m->part[p->child];
		p = of_message(m, p, number[i]);
	}
	return p;
}
