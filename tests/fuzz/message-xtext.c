#include "message/addr.h"
#include "tests/fuzz/fuzz.h"

/* Anything encodes to xtext that decodes to the same; what is well-formed
 * decodes, what is not does not. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	struct buf b, d;

	buf_init(&b, 3 * len);
	buf_init(&d, len);
	xtext_put(&b, all);
	PROMISE(!b.over && xtext_ok(buf_all(&b)));
	PROMISE(xtext_decode(&d, buf_all(&b)) == 0);
	PROMISE(span_eq(buf_all(&d), all));
	buf_reset(&d);
	PROMISE(xtext_ok(all) == (xtext_decode(&d, all) == 0));
	PROMISE(!d.over);
	buf_free(&b);
	buf_free(&d);
	free((void *)(uintptr_t)all.p);
	return 0;
}
