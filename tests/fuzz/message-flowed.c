#include "message/flowed.h"

#include "tests/fuzz/fuzz.h"

static bool
moves(char c)
{
	return c == ' ' || c == '>' || c == '\r' || c == '\n';
}

/* Blanks, quotes and line ends are put anew, all else stays in its order, and
 * what comes is not much more than there was. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	size_t width = 1 + len % 100, k = 0;
	struct buf out;

	buf_init(&out, 1 << 24);
	flowed_text(&out, all, len % 2 == 1, width);
	PROMISE(!out.over && out.len <= (len + 1) * (width + 4));
	for (size_t i = 0; i < len; i++) {
		if (moves(all.p[i]))
			continue;
		while (k < out.len && moves(out.p[k]))
			k++;
		PROMISE(k < out.len && out.p[k] == all.p[i]);
		k++;
	}
	for (; k < out.len; k++)
		PROMISE(moves(out.p[k]));
	buf_free(&out);
	free((void *)(uintptr_t)all.p);
	return 0;
}
