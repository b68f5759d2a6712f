#include "message/html.h"

#include "tests/fuzz/fuzz.h"

/* However deep it is, the text is not much more than the page: each of its
 * lines holds some of it, or stands for a tag. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	size_t width = 1 + len % 100;
	struct buf out;

	for (int page = 0; page < 2; page++) {
		buf_init(&out, 1 << 24);
		(page ? html_page : html_text)(&out, all, width);
		PROMISE(!out.over && out.len <= (len + 1) * (width + 100));
		buf_free(&out);
	}
	free((void *)(uintptr_t)all.p);
	return 0;
}
