#include "message/mime.h"

#include "tests/fuzz/fuzz.h"

static void
parse(struct mime *m, struct span s, size_t step)
{
	size_t n;

	PROMISE(mime_begin(m) == 0);
	for (; s.len > 0; s = span_from(s, n)) {
		n = s.len < step ? s.len : step;
		mime_put(m, span_n(s.p, n));
	}
	PROMISE(mime_end(m) == 0);
}

static void
count(struct span body, const struct mime_part *p)
{
	uint64_t lines = 0, wire = body.len;
	size_t i;

	for (i = 0; i < body.len; i++)
		if (body.p[i] == '\n') {
			lines++;
			wire += i == 0 || body.p[i - 1] != '\r';
		}
	PROMISE(p->end.line - p->body.line == lines);
	PROMISE(p->end.wire - p->body.wire == wire);
}

static void
same(const struct mime_part *a, const struct mime_part *b)
{
	PROMISE(a->kind == b->kind && a->as == b->as);
	PROMISE(a->parent == b->parent && a->child == b->child);
	PROMISE(a->next == b->next && a->fields_len == b->fields_len);
	PROMISE(memcmp(&a->header, &b->header, sizeof a->header) == 0);
	PROMISE(memcmp(&a->body, &b->body, sizeof a->body) == 0);
	PROMISE(memcmp(&a->end, &b->end, sizeof a->end) == 0);
}

/* Parts lie in each other and behind each other, their sizes are right, and
 * the pieces do not matter. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	const struct mime_part *p, *up;
	struct mime m, again;
	struct content c;
	uint32_t i;

	parse(&m, all, len + 1);
	parse(&again, all, 1 + len % 7);
	PROMISE(m.parts == again.parts && m.parts <= MIME_PARTS);
	PROMISE(m.part[0].end.octet == len && m.part[0].header.octet == 0);
	for (i = 0; i < m.parts; i++) {
		p = &m.part[i];
		same(p, &again.part[i]);
		PROMISE(p->header.octet <= p->body.octet);
		PROMISE(p->body.octet <= p->end.octet && p->end.octet <= len);
		count(span_n(all.p + p->body.octet,
			  (size_t)(p->end.octet - p->body.octet)),
		    p);
		PROMISE((p->kind == MIME_LEAF) == (p->child == MIME_NONE));
		PROMISE(mime_content(&m, p, &c) == 0);
		PROMISE(c.type.len > 0 && c.subtype.len > 0);
		content_free(&c);
		if (i == 0)
			continue;
		up = &m.part[p->parent];
		PROMISE(p->parent < i && up->kind != MIME_LEAF);
		PROMISE(p->header.octet >= up->body.octet);
		PROMISE(p->end.octet <= up->end.octet);
		if (p->next != MIME_NONE)
			PROMISE(m.part[p->next].header.octet >= p->end.octet);
	}
	mime_free(&m);
	mime_free(&again);
	free((void *)(uintptr_t)all.p);
	return 0;
}
