/* Texts: folding what is folded changes nothing, a needle from the text is
 * found. */
#include "message/haystack.h"

#include "message/fold.h"
#include "message/subject.h"
#include "tests/fuzz/fuzz.h"

static void
fold_twice(struct span s)
{
	struct buf once, twice;

	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	fold_text(&once, s);
	fold_text(&twice, buf_all(&once));
	PROMISE(once.len <= 8 * s.len);
	buf_reset(&twice);
	(void)subject_base(&twice, buf_all(&once));
	PROMISE(twice.len <= once.len);
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = exact(data, len);
	struct span all = span_n(copy, len);
	struct haystack h;

	haystack_init(&h);
	fold_twice(all);
	if (haystack_fill(&h, all) == 0) {
		struct span needle = buf_all(&h.text);

		PROMISE(h.body <= h.text.len);
		needle = span_from(needle, needle.len / 3);
		needle.len = needle.len < 7 ? needle.len : 7;
		PROMISE(haystack_has(&h, needle, false));
	}
	haystack_free(&h);
	free(copy);
	return 0;
}
