#include "message/list.h"

#include "tests/fuzz/fuzz.h"

static void
within(const struct buf *b, struct span s)
{
	PROMISE(s.len == 0 || (s.p >= b->p && s.p + s.len <= b->p + b->len));
	PROMISE(span_find(s, '\n') == s.len && span_find(s, '\r') == s.len);
}

/* It ends, groups are paired, and all lies within the scratch. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	enum list_kind kind;
	bool in_group = false;
	struct buf scratch;
	struct mailbox m;
	struct list l;
	size_t n = 0;

	buf_init(&scratch, 4 * len + 1);
	list_begin(&l, all);
	while ((kind = list_next(&l, &scratch, &m)) != LIST_END) {
		PROMISE(n++ <= LIST_MANY + 1 && l.rest.len <= all.len);
		if (kind == LIST_GROUP || kind == LIST_GROUP_END) {
			PROMISE(in_group == (kind == LIST_GROUP_END));
			in_group = !in_group;
			continue;
		}
		within(&scratch, m.name);
		within(&scratch, m.route);
		within(&scratch, m.local);
		within(&scratch, m.domain);
	}
	PROMISE(!in_group && !scratch.over);
	buf_free(&scratch);
	free((void *)(uintptr_t)all.p);
	return 0;
}
