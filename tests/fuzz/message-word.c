#include "message/word.h"

#include "message/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
one_line(const struct buf *b)
{
	size_t i;

	PROMISE(!b->over && utf8_ok(buf_all(b)));
	for (i = 0; i < b->len; i++)
		PROMISE((unsigned char)b->p[i] >= ' ' && b->p[i] != 0x7f);
}

/* Runs of blanks count as one: a fold may add to a long one. */
static bool
same_words(struct span a, struct span b)
{
	struct span one;

	do {
		one = span_word(&a);
		if (!span_eq(one, span_word(&b)))
			return false;
	} while (one.len > 0);
	return true;
}

/* Decoding gives one line of UTF-8 without controls; encoding gives printable
 * ASCII in lines, whose folds are folds, and decodes to the same text. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	struct buf text, field, again;
	size_t i;

	buf_init(&text, 8 * len + 100);
	buf_init(&field, 100 * len + 1000);
	buf_init(&again, 100 * len + 1000);
	word_decode(&text, all);
	one_line(&text);
	word_encode(&field, buf_all(&text), 9);
	for (i = 0; i < field.len; i++)
		PROMISE((field.p[i] >= ' ' && field.p[i] < 0x7f) ||
		    (field.p[i] == '\n' && field.p[i + 1] == ' '));
	word_decode(&again, buf_all(&field));
	one_line(&again);
	PROMISE(same_words(buf_all(&again), buf_all(&text)));
	buf_reset(&field);
	word_encode_name(&field, all, 6);
	for (i = 0; i < field.len; i++)
		PROMISE((field.p[i] >= ' ' && field.p[i] < 0x7f) ||
		    (field.p[i] == '\n' && field.p[i + 1] == ' '));
	PROMISE(!field.over);
	buf_free(&text);
	buf_free(&field);
	buf_free(&again);
	free((void *)(uintptr_t)all.p);
	return 0;
}
