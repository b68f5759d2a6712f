#include "session/base64.h"

#include "tests/fuzz/fuzz.h"

/* Anything can be written and is read again; what is read was written so. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	char *out = exact(data, len);
	struct buf text;
	int n;

	buf_init(&text, 2 * len + 4);
	base64_put(&text, all);
	PROMISE(!text.over);
	PROMISE(base64_get(out, len, buf_all(&text)) == (int)len);
	PROMISE(len == 0 || memcmp(out, all.p, len) == 0);
	n = base64_get(out, len, all);
	if (n >= 0) {
		PROMISE((size_t)n <= len);
		buf_reset(&text);
		base64_put(&text, span_n(out, (size_t)n));
		PROMISE(span_eq(buf_all(&text), all));
	}
	buf_free(&text);
	free(out);
	free((void *)(uintptr_t)all.p);
	return 0;
}
