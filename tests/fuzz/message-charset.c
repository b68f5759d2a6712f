#include "message/charset.h"

#include "message/utf8.h"
#include "tests/fuzz/fuzz.h"

/* The input is a name, LF, and text.  Always UTF-8 comes out, the same however
 * the text is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span rest = { exact(data, len), len }, all = rest, name;
	struct buf whole, pieces;
	struct charset c;
	size_t n;

	name = span_cut(&rest, '\n');
	buf_init(&whole, 8 * len + 100);
	buf_init(&pieces, 8 * len + 100);
	(void)charset_text(&whole, name, rest);
	PROMISE(!whole.over && utf8_ok(buf_all(&whole)));
	(void)charset_begin(&c, name);
	for (; rest.len > 0; rest = span_from(rest, n)) {
		n = rest.len < 3 ? rest.len : 3;
		charset_put(&c, &pieces, span_n(rest.p, n));
	}
	charset_end(&c, &pieces);
	if (c.table != NULL || span_same(name, span("utf-8")))
		PROMISE(span_eq(buf_all(&whole), buf_all(&pieces)));
	PROMISE(!pieces.over && utf8_ok(buf_all(&pieces)));
	buf_free(&whole);
	buf_free(&pieces);
	free((void *)(uintptr_t)all.p);
	return 0;
}
