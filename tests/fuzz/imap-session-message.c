#include "imap-session/envelope.h"
#include "imap-session/section.h"
#include "imap-session/structure.h"
#include "tests/fuzz/fuzz.h"

static int
get(void *ctx, uint64_t from, uint64_t to, struct buf *b)
{
	const struct span *all = ctx;

	PROMISE(from <= to && to <= all->len);
	buf_add(b, all->p + from, (size_t)(to - from));
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	const struct source source = { .get = get, .ctx = &all };
	uint32_t number[] = { len > 0 ? data[0] % 4 + 1u : 1,
		len > 1 ? data[1] % 4 + 1u : 1 };
	struct section s = { .number = number };
	uint64_t from = 0, to = 0;
	struct buf b;
	struct mime m;

	buf_init(&b, 16 << 20);
	envelope_put(&b, all);
	if (mime_begin(&m) == -1)
		abort();
	mime_put(&m, all);
	if (mime_end(&m) == -1)
		abort();
	PROMISE(structure_put(&b, &m, &source, true) == 0);
	PROMISE(b.over || b.p[b.len - 1] == ')');
	for (s.numbers = 0; s.numbers <= 2; s.numbers++)
		for (int kind = SECTION_ALL; kind <= SECTION_MIME; kind++) {
			s.kind = (enum section_kind)kind;
			if (kind == SECTION_MIME && s.numbers == 0)
				continue;
			buf_reset(&b);
			if (section_find(&s, &m, m.part[0].body.octet, len,
				&from, &to) == SECTION_NONE)
				continue;
			PROMISE(from <= to && to <= len);
			section_choose(&s,
			    span_n(all.p + from, (size_t)(to - from)), &b);
		}
	mime_free(&m);
	buf_free(&b);
	free((void *)(uintptr_t)all.p);
	return 0;
}
