#include "message/param.h"

#include "message/utf8.h"
#include "message/word.h"
#include "tests/fuzz/fuzz.h"

/* What a value holds lies within its text; its text is one line; and a
 * parameter that is put is read again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	const struct param *p;
	struct buf text, field, again;
	struct content c;
	size_t i;

	buf_init(&text, 16 * len + 100);
	buf_init(&field, 32 * len + 1000);
	buf_init(&again, 32 * len + 1000);
	(void)content_read(&c, all);
	PROMISE(!c.text.over && c.params <= PARAM_MANY);
	for (i = 0; i < c.params; i++) {
		buf_reset(&text);
		param_text(&text, &c.param[i]);
		PROMISE(!text.over && utf8_ok(buf_all(&text)));
	}
	content_free(&c);
	if (len <= 2000 && utf8_ok(all)) {
		buf_str(&field, "a/b");
		param_put(&field, "x", all);
		PROMISE(!field.over && content_read(&c, buf_all(&field)) == 0);
		p = content_param(&c, "X");
		PROMISE(p != NULL);
		buf_reset(&text);
		param_text(&text, p);
		if (p->extended) {
			word_line(&again, all);
			PROMISE(span_eq(buf_all(&text), buf_all(&again)));
		}
		content_free(&c);
	}
	buf_free(&text);
	buf_free(&field);
	buf_free(&again);
	free((void *)(uintptr_t)all.p);
	return 0;
}
