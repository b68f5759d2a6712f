#include "message/codec.h"

#include "tests/fuzz/fuzz.h"

static void
decode(struct buf *out, enum codec_kind kind, struct span s, size_t step)
{
	struct codec c;
	size_t n;

	buf_reset(out);
	codec_begin(&c, kind);
	for (; s.len > 0; s = span_from(s, n)) {
		n = s.len < step ? s.len : step;
		codec_decode(&c, out, span_n(s.p, n));
	}
	codec_decode_end(&c, out);
}

/* The first octet chooses codec and pieces.  However the input is cut, the
 * same comes out; and anything that is encoded is decoded again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len }, s;
	enum codec_kind kind;
	struct buf whole, pieces, text;
	struct codec c;

	buf_init(&whole, 64 * len);
	buf_init(&pieces, 64 * len + 1);
	buf_init(&text, 4 * len + 1000);
	if (len > 0) {
		s = span_from(all, 1);
		kind = (enum codec_kind)((unsigned char)all.p[0] % 4);
		decode(&whole, kind, s, len);
		decode(&pieces, kind, s, 1 + (unsigned char)all.p[0] / 4);
		PROMISE(!whole.over && (kind == CODEC_UU || whole.len <= len));
		PROMISE(span_eq(buf_all(&whole), buf_all(&pieces)));
		codec_begin_binary(&c, kind);
		if (kind == CODEC_UU)
			buf_str(&text, "begin 644 x\n");
		codec_encode(&c, &text, s);
		codec_encode_end(&c, &text);
		if (kind == CODEC_UU)
			buf_str(&text, "end\n");
		decode(&pieces, kind, buf_all(&text), 10000);
		PROMISE(!text.over && !pieces.over);
		PROMISE(span_eq(buf_all(&pieces), s));
	}
	buf_free(&whole);
	buf_free(&pieces);
	buf_free(&text);
	free((void *)(uintptr_t)all.p);
	return 0;
}
