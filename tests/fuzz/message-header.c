#include "message/header.h"

#include "tests/fuzz/fuzz.h"

/* Fields follow each other without a gap and lie within the block. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span rest, before, all = { exact(data, len), len };
	struct field f;

	rest = before = all;
	while (header_next(&rest, &f) == 1) {
		PROMISE(f.whole.p == before.p && f.whole.len > 0);
		PROMISE(f.name.p == f.whole.p && f.name.len > 0);
		PROMISE(f.value.p > f.name.p + f.name.len);
		PROMISE(f.value.p + f.value.len <= f.whole.p + f.whole.len);
		PROMISE(rest.p == f.whole.p + f.whole.len);
		PROMISE(rest.len + f.whole.len == before.len);
		before = rest;
	}
	PROMISE(before.len - rest.len <= 2);
	(void)header_find(all, "x", &f);
	free((void *)(uintptr_t)all.p);
	return 0;
}
